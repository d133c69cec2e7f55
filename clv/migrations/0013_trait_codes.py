from django.db import migrations


class Migration(migrations.Migration):
    """What is known of an account before its first order is an input of its value."""

    dependencies = [("clv", "0012_summaries_again")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE clv_valuation ADD COLUMN trait_code bigint NOT NULL DEFAULT 0",
            "ALTER TABLE clv_valuation DROP COLUMN trait_code",
        ),
        # Prospects of one code are worth the same: pages walk from code to code.
        migrations.RunSQL(
            "CREATE INDEX valuation_prospects ON clv_valuation (trait_code, account_id)"
            " WHERE order_days = 0",
            "DROP INDEX valuation_prospects",
        ),
    ]
