from django.db import migrations

HOURS = {
    # class: (first answer, resolution) for urgent, high, normal, low
    "current_key": ((1, 8), (2, 24), (4, 48), (8, 96)),
    "potential_key": ((2, 16), (4, 36), (8, 72), (24, 120)),
    "general": ((4, 24), (8, 72), (24, 120), (48, 240)),
    "never_profitable": ((8, 48), (24, 120), (48, 240), (96, 480)),
    "": ((4, 24), (8, 72), (24, 120), (48, 240)),
}
URGENCIES = ("urgent", "high", "normal", "low")


def fill(apps, schema_editor):
    version = apps.get_model("campaigns", "ServiceVersion").objects.create(
        reason="To begin with: the more a customer is worth, the sooner we answer."
    )
    level = apps.get_model("campaigns", "ServiceLevel")
    level.objects.bulk_create(
        level(
            version=version,
            worth_class=worth_class,
            urgency=urgency,
            answer_minutes=60 * answer,
            resolve_minutes=60 * resolve,
        )
        for worth_class, row in HOURS.items()
        for urgency, (answer, resolve) in zip(URGENCIES, row, strict=True)
    )


def empty(apps, schema_editor):
    apps.get_model("campaigns", "ServiceVersion").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_service_levels")]
    operations = [migrations.RunPython(fill, empty)]
