"""The accounts behind the figures of campaigns."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.choices import TouchStatus, Unreached
from campaigns.models import Campaign, Enrolment, PlannedTouch
from campaigns.queries.out_of_reach import missed_ids
from common.among import Among
from common.lists.sets import AccountSet, Given, account_set_url
from crm.choices import Stage
from crm.models import Account

LARGEST_ID = 2**62
ALL, REACHED, CONTROL, LEFT_OUT = "all", "reached", "control", "left-out"
WON, WON_CONTROL = "won", "won-control"
PARTS: Mapping[str, str] = {
    ALL: "in the campaign",
    REACHED: "reached by",
    CONTROL: "in the control group of",
    LEFT_OUT: "left out of",
    WON: "that were prospects and became customers, reached by",
    WON_CONTROL: "that were prospects and became customers, spared by",
}


def part_of(campaign: Campaign, part: str) -> QuerySet[Enrolment]:
    """Return the enrolments behind one figure of a campaign."""
    rows = Enrolment.objects.filter(campaign=campaign).order_by()
    return {
        ALL: rows,
        REACHED: rows.treated(),
        CONTROL: rows.controls(),
        LEFT_OUT: rows.exclude(left_out=""),
        WON: _won(campaign, rows.treated()),
        WON_CONTROL: _won(campaign, rows.controls()),
    }[part]


def _won(campaign: Campaign, rows: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """Keep prospects that became customers by the day that results count to."""
    days = (campaign.starts_on, campaign.measured_until)
    return rows.filter(
        stage=Stage.PROSPECT,
        account__acquired_on__range=days,
        account__merged_into=None,
    )


def _found(user: Any, given: Given) -> Campaign | None:
    rows = Campaign.objects.visible_to(user)
    return rows.filter(pk=given["of_campaign"]).first()


def _members(user: Any, given: Given) -> QuerySet[Any]:
    campaign = _found(user, given)
    if campaign is None:
        return Enrolment.objects.none().values("account_id")
    return part_of(campaign, given["part"]).values("account_id")


def _name(given: Given) -> str:
    campaign = Campaign.objects.filter(pk=given["of_campaign"]).first()
    return f"“{campaign}”" if campaign else "a campaign that is gone"


def _number() -> forms.Field:
    return forms.IntegerField(min_value=1, max_value=LARGEST_ID)


IN_CAMPAIGN = AccountSet(
    title=lambda given: f"{PARTS[given['part']]} {_name(given)}",
    accounts=_members,
    parameters={
        "of_campaign": _number,
        "part": lambda: forms.ChoiceField(choices=list(PARTS.items())),
    },
)


def _touched(user: Any, given: Given) -> QuerySet[Any]:
    rows = PlannedTouch.objects.visible_to(user).order_by()
    rows = rows.filter(template__campaign=given["of_campaign"], status=given["touches"])
    if given["touch"]:
        rows = rows.filter(template=given["touch"])
    return rows.values("account_id")


CAMPAIGN_TOUCHES = AccountSet(
    title=lambda given: (
        f"with touches of {_name(given)}: {TouchStatus(given['touches']).label.lower()}"
    ),
    accounts=_touched,
    parameters={
        "of_campaign": _number,
        "touches": lambda: forms.ChoiceField(choices=TouchStatus.choices),
        "touch": lambda: forms.IntegerField(
            required=False, min_value=1, max_value=LARGEST_ID
        ),
    },
)


def _missed(user: Any, given: Given) -> QuerySet[Any]:
    campaign = _found(user, given)
    keys = missed_ids(campaign, Unreached(given["why"])) if campaign else []
    return Account.objects.filter(Among("pk", keys)).order_by().values("pk")


OUT_OF_REACH = AccountSet(
    title=lambda given: (
        f"that {_name(given)} would not reach: {Unreached(given['why']).label.lower()}"
    ),
    accounts=_missed,
    parameters={
        "of_campaign": _number,
        "why": lambda: forms.ChoiceField(choices=Unreached.choices),
    },
)


def part_url(campaign: Campaign, part: str) -> str:
    """Return the address of the list of names behind a figure."""
    return account_set_url("in-campaign", of_campaign=campaign.pk, part=part)


def is_in(campaign: Campaign) -> Exists:
    """Return what tells whether the account of the query around it is in it."""
    rows = Enrolment.objects.filter(campaign=campaign, account=OuterRef("pk"))
    return Exists(rows)
