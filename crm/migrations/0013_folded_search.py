import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

from common.folding import folded_vector


class Migration(migrations.Migration):
    """A generated column cannot change its expression, so it is made anew."""

    dependencies = [("crm", "0012_timeline_indexes")]

    operations = [
        migrations.RemoveIndex("account", "account_search"),
        migrations.RemoveField("account", "search"),
        migrations.AddField(
            "account",
            "search",
            models.GeneratedField(
                db_persist=True,
                expression=folded_vector("name", "city", "external_id"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            "account",
            django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="account_search"
            ),
        ),
        migrations.AddField(
            "contact",
            "search",
            models.GeneratedField(
                db_persist=True,
                expression=folded_vector("name", "email"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            "contact",
            django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="contact_search"
            ),
        ),
    ]
