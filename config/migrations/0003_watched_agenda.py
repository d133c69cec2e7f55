"""Log changes of what puts items of Today off, too, see common/kept.py."""

from django.db import migrations

WATCHED = ("campaigns_delivery", "campaigns_settleditem", "campaigns_snooze")


class Migration(migrations.Migration):
    dependencies = [("config", "0002_watched_tables")]
    operations = [
        migrations.RunSQL(
            "\n".join(
                f"""CREATE TRIGGER note_change
                AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
                ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note_change();"""
                for table in WATCHED
            ),
            "\n".join(f"DROP TRIGGER note_change ON {table};" for table in WATCHED),
        )
    ]
