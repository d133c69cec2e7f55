from django.db import migrations


class Migration(migrations.Migration):
    """Lists sort by what is expected as fast as by CLV."""

    dependencies = [("clv", "0005_summary_state")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX valuation_by_future ON clv_valuation"
            " (future_value, account_id)",
            "DROP INDEX valuation_by_future",
        )
    ]
