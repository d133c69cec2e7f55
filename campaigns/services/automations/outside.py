"""Touches that automations ask for: of the library, outside every plan.

They are touches like those of plans: they stand in Today, are done or skipped there,
and cost what the library says. Their templates belong to a plan that nobody follows.
"""

import datetime as dt
import uuid

from django.db import transaction

from campaigns.choices import DIRECT_CHANNELS
from campaigns.models import (
    LibraryTouch,
    PlannedTouch,
    PlanVersion,
    TouchTemplate,
)
from campaigns.models.plans import TouchTerms
from campaigns.queries.recipients import recipients
from campaigns.services import standings
from campaigns.services.unfollowed import unfollowed_version
from crm.choices import Channel, Stage
from crm.models import Account, Contact

NAME = "Outside plans"
# Tells their periods from those of plans, which planning may cancel.
MARK = "-AO/"
_LABELS = 100_000_000  # as many as fit into a period
_SATURDAY, _WEEK = 5, 7
_NAMESPACE = uuid.UUID("0b0c1f36-5d0e-4a53-9a3e-2f8f6c1f7f10")


def problem_with(account: Account, touch: LibraryTouch) -> str:
    """Say why nobody there may be approached like this, or nothing."""
    if account.stage == Stage.FORMER:
        return "Not a customer any more."
    if touch.channel not in DIRECT_CHANNELS:
        return ""
    if (
        touch.channel != Channel.EMAIL
        and not Contact.objects.filter(account=account).exists()
    ):
        return ""  # the firm's own telephone and letter box
    found = recipients([account], channel=touch.channel, topic=touch.topic)
    refusal = found[account.pk].refusal
    return refusal.message if refusal else ""


@transaction.atomic
def ask_for(
    *, account: Account, touch: LibraryTouch, due_on: dt.date, number: int
) -> PlannedTouch:
    """Put a touch of the library into Today; the same number again gives the first."""
    template = _template_of(touch)
    planned, _ = PlannedTouch.objects.get_or_create(
        account=account,
        lineage=template.lineage,
        period=f"{due_on.year}{MARK}{number % _LABELS}",
        defaults={
            "template": template,
            "due_on": _off_weekend(due_on),
            "owner_role": template.owner_role,
        },
    )
    standings.refresh_next_touches([account.pk])
    return planned


def _template_of(touch: LibraryTouch) -> TouchTemplate:
    """Return the touch as the library has it now; an earlier state stays as it was."""
    names = [field.name for field in TouchTerms._meta.fields]
    template, _ = TouchTemplate.objects.get_or_create(
        version=_version(),
        lineage=uuid.uuid5(_NAMESPACE, f"{touch.pk}-{touch.version}"),
        defaults={name: getattr(touch, name) for name in names},
    )
    return template


def _version() -> PlanVersion:
    """Return what these touches belong to: an archived version, in force nowhere."""
    return unfollowed_version(NAME, "Touches that automations ask for.")


def _off_weekend(day: dt.date) -> dt.date:
    """Return the Monday after a weekend, and any other day itself."""
    if day.weekday() < _SATURDAY:
        return day
    return day + dt.timedelta(days=_WEEK - day.weekday())
