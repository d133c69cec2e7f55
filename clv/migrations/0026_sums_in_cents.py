"""Sums per account as whole cents, which are read and written far faster."""

from django.db import migrations

import clv.models.summaries

MONEY = (
    "revenue",
    "margin_known",
    "revenue_cost_unknown",
    "revenue_year",
    "margin_known_year",
    "revenue_cost_unknown_year",
    "cost_to_win",
    "cost_delivery",
    "cost_returns",
    "cost_credit",
    "cost_account_management",
    "cost_marketing",
    "cost_service",
    "cost_other",
    "cost_year",
)


def _altered(kind: str, factor: str) -> str:
    """Return SQL that rewrites the table once, for all columns."""
    changes = ", ".join(
        f"ALTER COLUMN {name} DROP DEFAULT,"
        f" ALTER COLUMN {name} TYPE {kind} USING {name} * {factor},"
        f" ALTER COLUMN {name} SET DEFAULT 0"
        for name in MONEY
    )
    return f"ALTER TABLE clv_accountsummary {changes}"


class Migration(migrations.Migration):
    dependencies = [("clv", "0025_response_scale")]

    operations = [
        migrations.RunSQL(
            sql=_altered("bigint", "100"),
            reverse_sql=_altered("numeric(14, 2)", "0.01"),
            state_operations=[
                migrations.AlterField(
                    model_name="accountsummary",
                    name=name,
                    field=clv.models.summaries.CentsField(
                        db_default=0, decimal_places=2, max_digits=14
                    ),
                )
                for name in MONEY
            ],
        ),
    ]
