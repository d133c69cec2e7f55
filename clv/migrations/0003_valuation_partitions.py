from django.db import migrations


class Migration(migrations.Migration):
    """The values, one partition per run; runs attach theirs when they publish."""

    dependencies = [("clv", "0002_initial")]
    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE clv_valuation (
                run_id bigint NOT NULL REFERENCES clv_valuationrun (id),
                account_id bigint NOT NULL,
                first_on date,
                last_on date,
                order_days integer NOT NULL,
                order_count integer NOT NULL,
                revenue numeric(14, 2) NOT NULL,
                revenue_cost_unknown numeric(14, 2) NOT NULL,
                margin numeric(14, 2) NOT NULL,
                revenue_year numeric(14, 2) NOT NULL,
                margin_year numeric(14, 2) NOT NULL,
                cost_to_win numeric(14, 2) NOT NULL,
                cost_per_order_kinds numeric(14, 2) NOT NULL,
                cost_over_time_kinds numeric(14, 2) NOT NULL,
                cost_year numeric(14, 2) NOT NULL,
                paid_back_on date,
                ladder_step varchar(10) NOT NULL,
                probability_alive double precision,
                expected_orders double precision NOT NULL,
                expected_orders_year double precision NOT NULL,
                expected_margin numeric(14, 2) NOT NULL,
                expected_margin_year numeric(14, 2) NOT NULL,
                expected_cost numeric(14, 2) NOT NULL,
                expected_cost_year numeric(14, 2) NOT NULL,
                future_value numeric(14, 2) NOT NULL,
                future_low numeric(14, 2) NOT NULL,
                future_high numeric(14, 2) NOT NULL,
                realised_profit numeric(14, 2) NOT NULL,
                clv numeric(14, 2) NOT NULL,
                break_even varchar(12) NOT NULL,
                break_even_on date,
                PRIMARY KEY (run_id, account_id),
                CONSTRAINT valuation_parts_sum CHECK (
                    future_value = expected_margin - expected_cost
                    AND clv = realised_profit + future_value
                    AND realised_profit = margin - cost_to_win
                        - cost_per_order_kinds - cost_over_time_kinds
                ),
                CONSTRAINT valuation_interval CHECK (
                    future_low <= future_high
                ),
                CONSTRAINT valuation_probability CHECK (
                    probability_alive BETWEEN 0 AND 1
                )
            ) PARTITION BY LIST (run_id);
            CREATE INDEX valuation_by_clv ON clv_valuation (clv, account_id);
            """,
            "DROP TABLE clv_valuation",
        )
    ]
