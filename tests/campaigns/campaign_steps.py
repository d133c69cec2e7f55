"""Steps that tests of campaign pages share: addresses, names, and a touch to plan."""

from decimal import Decimal

from django.urls import reverse

from campaigns.models import Campaign, Enrolment
from campaigns.services import campaigns
from tests import make

LETTER = {
    "title": "Letter of spring",
    "channel": "post",
    "unit_cost": Decimal("1.30"),
    "owner_role": "marketer",
    "head": "marketing",
}


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


def filled_with_letters(draft, marketer):
    """Give a draft a letter for ten accounts that it pays for."""
    run = make.run()
    for n in range(10):
        account = make.account(owner=make.user("rep"))
        make.valuation(run=run, account=account, expected_margin="9000.00")
        make.membership(account=account, worth_class=["general", "current_key"][n % 2])
        make.enrolment(campaign=draft, account=account)
    campaigns.save_touch(actor=marketer, campaign=draft, **LETTER)
    return Campaign.objects.get(pk=draft.pk)
