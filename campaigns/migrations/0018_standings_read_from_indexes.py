from django.db import migrations


class Migration(migrations.Migration):
    """Lists read standings from an index alone, those of one class as well."""

    dependencies = [
        ("campaigns", "0017_version_ends"),
        ("clv", "0027_payback_ranges_and_profiles"),
    ]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE campaigns_standing
                ADD COLUMN probability_alive double precision,
                ADD COLUMN paid_back_by date;
            DROP INDEX standing_by_class;
            DROP INDEX standing_by_trend;
            DROP INDEX standing_by_profit;
            DROP INDEX standing_by_revenue;
            DROP INDEX standing_by_margin;
            DROP INDEX standing_by_cost;
            DROP INDEX standing_by_orders;
            DROP INDEX standing_by_last_order;
            DROP INDEX standing_by_touch;
            DROP INDEX standing_by_care_left;
            UPDATE campaigns_standing s SET probability_alive = v.probability_alive,
                paid_back_by = coalesce(v.break_even_on, v.paid_back_on)
            FROM clv_valuation v
            WHERE v.run_id = s.run_id AND v.account_id = s.account_id;
            CREATE INDEX standing_by_class
                ON campaigns_standing (class_rank, clv, account_id) INCLUDE (run_id);
            CREATE INDEX standing_by_trend
                ON campaigns_standing (trend, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_profit
                ON campaigns_standing (realised_profit, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_revenue
                ON campaigns_standing (revenue_year, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_margin
                ON campaigns_standing (margin_year, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_cost
                ON campaigns_standing (cost_year, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_orders
                ON campaigns_standing (order_count, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_last_order
                ON campaigns_standing (last_order_on, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_touch
                ON campaigns_standing (next_touch_on, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_care_left
                ON campaigns_standing (care_left, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_alive
                ON campaigns_standing (probability_alive, account_id)
                INCLUDE (run_id, class_rank);
            CREATE INDEX standing_by_break_even
                ON campaigns_standing (paid_back_by, account_id)
                INCLUDE (run_id, class_rank);
            """,
            """
            ALTER TABLE campaigns_standing
                DROP COLUMN probability_alive, DROP COLUMN paid_back_by;
            DROP INDEX standing_by_class;
            DROP INDEX standing_by_trend;
            DROP INDEX standing_by_profit;
            DROP INDEX standing_by_revenue;
            DROP INDEX standing_by_margin;
            DROP INDEX standing_by_cost;
            DROP INDEX standing_by_orders;
            DROP INDEX standing_by_last_order;
            DROP INDEX standing_by_touch;
            DROP INDEX standing_by_care_left;
            CREATE INDEX standing_by_class
                ON campaigns_standing (class_rank, clv, account_id);
            CREATE INDEX standing_by_trend
                ON campaigns_standing (trend, account_id);
            CREATE INDEX standing_by_profit
                ON campaigns_standing (realised_profit, account_id);
            CREATE INDEX standing_by_revenue
                ON campaigns_standing (revenue_year, account_id);
            CREATE INDEX standing_by_margin
                ON campaigns_standing (margin_year, account_id);
            CREATE INDEX standing_by_cost
                ON campaigns_standing (cost_year, account_id);
            CREATE INDEX standing_by_orders
                ON campaigns_standing (order_count, account_id);
            CREATE INDEX standing_by_last_order
                ON campaigns_standing (last_order_on, account_id);
            CREATE INDEX standing_by_touch
                ON campaigns_standing (next_touch_on, account_id);
            CREATE INDEX standing_by_care_left
                ON campaigns_standing (care_left, account_id);
            """,
        ),
    ]
