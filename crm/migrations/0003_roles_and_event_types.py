from django.db import migrations

ROLES = ["rep", "manager", "marketer", "administrator"]
EVENT_TYPES = {
    "moved": "Moved or opened a site",
    "new_manager": "New manager",
    "expansion": "Grows or hires",
    "cutback": "Cuts back",
    "merger": "Merger or takeover",
    "competitor_offer": "Competitor made an offer",
    "complaint": "Complaint",
    "contract_ends": "Contract ends",
    "anniversary": "Anniversary",
    "birth": "Birth in the family",
}


def fill(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    group.objects.bulk_create([group(name=name) for name in ROLES])
    event_type = apps.get_model("crm", "EventType")
    event_type.objects.bulk_create(
        [event_type(key=key, name=name) for key, name in EVENT_TYPES.items()]
    )


def empty(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()
    apps.get_model("crm", "EventType").objects.filter(key__in=EVENT_TYPES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0002_lines_follow_their_order"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(fill, empty)]
