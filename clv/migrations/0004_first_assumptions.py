from django.db import migrations


def fill(apps, schema_editor):
    apps.get_model("clv", "Assumptions").objects.create(reason="The defaults")


def empty(apps, schema_editor):
    apps.get_model("clv", "Assumptions").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("clv", "0003_valuation_partitions")]
    operations = [migrations.RunPython(fill, empty)]
