from django.db import migrations


class Migration(migrations.Migration):
    """How far each value may lie from what comes; earlier runs have not kept it."""

    dependencies = [("clv", "0016_contracts")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE clv_valuation ADD COLUMN future_spread double precision",
            "ALTER TABLE clv_valuation DROP COLUMN future_spread",
        )
    ]
