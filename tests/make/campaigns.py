"""Makers of campaigns, their touches, and what was measured or looked for."""

import datetime as dt
import itertools
from decimal import Decimal

from django.utils import timezone

from campaigns.models import (
    Campaign,
    Enrolment,
    KeptSearch,
    LibraryTouch,
    MeasuredEffect,
    TouchTemplate,
)
from campaigns.services.unfollowed import unfollowed_version
from common.clock import business_today
from crm.choices import Role
from tests.make.crm import account, user

_number = itertools.count(1)


def kept_search(**fields):
    """One search for the best plans that found nothing to change."""
    found = {"status": "best", "lines": [], "steps": [], "unpriced": []}
    found |= {"cent_price": 0.0, "minute_price": 0.0, "bound": 0.0}
    found |= {"other_gain": None, "accounts": 0}
    return KeptSearch.objects.create(
        **{
            "name": "Next year",
            "money": Decimal("1000.00"),
            "hours": Decimal("40.0"),
            "as_of": dt.date(2026, 11, 20),
            "gain_today": Decimal(0),
            "gain": Decimal(0),
            "found": found,
        }
        | fields
    )


def effect(*, author=None, **fields):
    """An effect that was measured; of the class "general" unless named otherwise."""
    if not {"plan", "channel", "worth_class"} & set(fields):
        fields["worth_class"] = "general"
    known = {"effect": Decimal("0.2000"), "accounts": 240, "source": "hold-out"}
    known |= {"low": Decimal("0.1000"), "high": Decimal("0.3000")}
    known |= {"measured_from": dt.date(2025, 1, 1), "reason": "first measured"}
    known |= {"measured_until": dt.date(2025, 12, 31)}
    known |= {"author": author or user(Role.MARKETER)}
    return MeasuredEffect.objects.create(**known | fields)


def campaign(*, owner=None, **fields):
    """A draft from today on, for a month."""
    today = business_today()
    known = {
        "name": f"Campaign {next(_number)}",
        "kind": "keep",
        "owner": owner or user("marketer"),
        "starts_on": today,
        "ends_on": today + dt.timedelta(days=30),
    }
    made = Campaign.objects.create(**known | fields)
    made.refresh_from_db()
    return made


def begun(campaign, *, status="running", **fields):
    """Let a campaign run, without asking anything or planning a touch."""
    now = timezone.now()
    known = {"status": status, "started_at": now}
    known |= {"ended_at": now} if status == "ended" else {}
    Campaign.objects.filter(pk=campaign.pk).update(**known | fields)
    campaign.refresh_from_db()
    return campaign


def enrolment(*, campaign, **fields):
    if not {"account", "account_id"} & set(fields):
        fields["account"] = account()
    return Enrolment.objects.create(campaign=campaign, **fields)


def library_touch(**fields):
    known = {
        "title": f"Touch {next(_number)}",
        "channel": "post",
        "cadence": "year",
        "owner_role": "marketer",
        "head": "marketing",
        "unit_cost": Decimal("1.30"),
    }
    return LibraryTouch.objects.create(**known | fields)


def campaign_touch(*, campaign, **fields):
    known = {
        "title": f"Touch {next(_number)}",
        "channel": "post",
        "cadence": "once",
        "owner_role": "marketer",
        "head": "marketing",
        "unit_cost": Decimal("1.30"),
        "version": unfollowed_version("Campaigns", "Touches that campaigns ask for."),
    }
    return TouchTemplate.objects.create(campaign=campaign, **known | fields)
