from django.db import migrations


class Migration(migrations.Migration):
    """The table behind the shared cache (sign-in throttles), see settings CACHES."""

    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE shared_cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX shared_cache_expires ON shared_cache (expires);
            """,
            "DROP TABLE shared_cache",
        )
    ]
