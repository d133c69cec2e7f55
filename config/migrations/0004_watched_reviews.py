"""Log changes of meetings and of what is to be reviewed, too, see common/kept.py."""

from django.db import migrations

WATCHED = ("crm_clientgoal", "crm_hypothesis", "crm_meeting")


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0003_watched_agenda"),
        ("crm", "0039_mailboxes_and_meetings"),
    ]
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
