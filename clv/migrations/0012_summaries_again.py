from django.db import migrations


class Migration(migrations.Migration):
    """Summaries got columns: without a state the next night works all of them out."""

    dependencies = [("clv", "0011_cost_by_kind")]
    operations = [
        migrations.RunSQL("DELETE FROM clv_summarystate", migrations.RunSQL.noop)
    ]
