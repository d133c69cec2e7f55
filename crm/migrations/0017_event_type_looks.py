from django.db import migrations

LOOKS = {
    "moved": ("truck", 2, "neutral", False),
    "new_manager": ("user-round-plus", 3, "neutral", False),
    "expansion": ("trending-up", 2, "good", False),
    "cutback": ("trending-down", 2, "bad", False),
    "merger": ("git-merge", 3, "neutral", False),
    "competitor_offer": ("swords", 3, "bad", False),
    "complaint": ("message-square-warning", 2, "bad", False),
    "contract_ends": ("file-clock", 3, "neutral", False),
    "anniversary": ("cake", 1, "good", True),
    "birth": ("baby", 1, "good", True),
}


def fill(apps, schema_editor):
    event_type = apps.get_model("crm", "EventType")
    for key, (icon, importance, tone, recurs) in LOOKS.items():
        event_type.objects.filter(key=key).update(
            icon=icon, importance=importance, tone=tone, recurs_yearly=recurs
        )


class Migration(migrations.Migration):
    dependencies = [("crm", "0016_event_catalogue")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
