from django.db import migrations

STAGES = [
    # key, name, play, account stage, orders from, idle days from, customer days to
    ("lost", "Lost", "Ask why, and note the answer. Win back only who is worth it.", "former", None, None, None),
    ("prospect", "Prospect", "Find out who decides, what they want to reach, and when.", "prospect", None, None, None),
    ("slipping", "Slipping", "Call the buyer this week; ask what changed and what would help.", "customer", None, 180, None),
    ("new", "New", "Welcome, check the first delivery, meet the people who use it.", "customer", None, None, 90),
    ("growing", "Growing", "Offer what goes with what they have; agree on a goal for the year.", "customer", 3, None, 730),
    ("established", "Established", "Keep the promise: regular contact, review goals, ask for a referral.", "customer", 3, None, None),
    ("occasional", "Occasional", "Find the need behind the orders; make the next order easy.", "customer", None, None, None),
]
BENEFITS = {
    "transactional": ("Orders without obligations, list price.", "Little effort; often a first step."),
    "contract": ("Fixed prices, delivery first, one person to call.", "Foreseeable margin for the term."),
    "partner": ("Plans made together, new products first, a yearly review.", "Share of wallet, referrals, early knowledge of needs."),
    "reseller": ("Trade prices, material to sell with.", "Customers that we do not reach ourselves."),
}


def fill(apps, schema_editor):
    stage = apps.get_model("crm", "LifecycleStage")
    names = ("key", "name", "play", "account_stage", "orders_from", "idle_days_from", "customer_days_to")
    stage.objects.bulk_create(
        stage(position=10 * n, **dict(zip(names, row, strict=True)))
        for n, row in enumerate(STAGES, 1)
    )
    profile = apps.get_model("crm", "RelationshipProfile")
    profile.objects.bulk_create(
        profile(key=key, for_them=them, for_us=us)
        for key, (them, us) in BENEFITS.items()
    )


def empty(apps, schema_editor):
    apps.get_model("crm", "LifecycleStay").objects.all().delete()
    apps.get_model("crm", "LifecycleStage").objects.all().delete()
    apps.get_model("crm", "RelationshipProfile").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("crm", "0021_lifecycle")]
    operations = [migrations.RunPython(fill, empty)]
