from decimal import Decimal

from django.db import migrations

# Name, chance believed at first, days after which a deal is called stale.
STAGES = [
    ("Enquiry", "0.100", 14),
    ("Needs known", "0.250", 21),
    ("Offer made", "0.450", 21),
    ("Negotiation", "0.700", 14),
]
REASONS = [
    "Price",
    "Went to a competitor",
    "No budget",
    "No decision",
    "Does not fit the need",
    "Delivery time",
    "Other",
]


def fill(apps, schema_editor):
    stage = apps.get_model("crm", "DealStage")
    stage.objects.bulk_create(
        [
            stage(
                name=name,
                position=position,
                prior_chance=Decimal(chance),
                stale_after_days=days,
            )
            for position, (name, chance, days) in enumerate(STAGES, start=1)
        ]
    )
    reason = apps.get_model("crm", "DealLossReason")
    reason.objects.bulk_create([reason(name=name) for name in REASONS])


def empty(apps, schema_editor):
    apps.get_model("crm", "DealStage").objects.all().delete()
    apps.get_model("crm", "DealLossReason").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("crm", "0010_deals")]
    operations = [migrations.RunPython(fill, empty)]
