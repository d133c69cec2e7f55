"""Steps that tests of campaign pages share: addresses, names, and a touch to plan."""

from decimal import Decimal

from django.urls import reverse

from campaigns.models import Campaign, Enrolment
from campaigns.services import campaigns


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def names(campaign):
    rows = Enrolment.objects.filter(campaign=campaign).order_by("account__name")
    return list(rows.values_list("account__name", flat=True))


def touch(campaign, marketer, **fields):
    campaign.refresh_from_db()
    return campaigns.save_touch(
        actor=marketer,
        campaign=campaign,
        **{
            "title": "Letter",
            "channel": "post",
            "unit_cost": Decimal("4.80"),
            "owner_role": "marketer",
            "head": "marketing",
            **fields,
        },
    )


def fresh(campaign):
    return Campaign.objects.get(pk=campaign.pk)
