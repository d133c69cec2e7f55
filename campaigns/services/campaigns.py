"""Campaigns: made, edited while they are drafts, cancelled, and ended."""

import datetime as dt
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from campaigns import policy
from campaigns.choices import Cadence, CampaignStatus, TouchStatus
from campaigns.errors import (
    CampaignStateError,
    CannotSaveCampaignError,
    CannotSaveTouchError,
)
from campaigns.models import Campaign, LibraryTouch, PlannedTouch, TouchTemplate
from campaigns.services import standings
from campaigns.services.drafts import TERMS, TouchFields, check_texts
from campaigns.services.unfollowed import unfollowed_version
from common.clock import business_today
from common.versions import save_changes
from crm.models import User
from crm.services import audit
from crm.services.bulk_steps import LONGEST_MS

HOME = "Campaigns"  # the plan that nobody follows, where their touches stand
ENDED = "Its campaign has ended."


class CampaignFields(TypedDict, total=False):
    """What can be said of a campaign while it is a draft."""

    name: str
    goal: str
    kind: str
    care: str
    owner: User
    starts_on: dt.date
    ends_on: dt.date
    budget: Decimal | None
    holdout_percent: int


@transaction.atomic
def create_campaign(*, actor: User, **fields: Unpack[CampaignFields]) -> Campaign:
    """Make a campaign; it touches nobody before it starts.

    Raises
    ------
    CannotSaveCampaignError
        If another one has the name, or its days or numbers are not possible.
    """
    campaign = Campaign(**({"owner": actor} | fields))
    _check(campaign)
    campaign.save(force_insert=True)
    audit.record(
        actor=actor, action="campaign.created", subject=campaign, name=campaign.name
    )
    return Campaign.objects.get(pk=campaign.pk)


@transaction.atomic
def change_campaign(
    *,
    actor: User,
    campaign: Campaign,
    expected_version: int | None = None,
    **fields: Unpack[CampaignFields],
) -> Campaign:
    """Change what a draft says.

    Raises
    ------
    CampaignStateError
        If it is no draft any more.
    CannotSaveCampaignError
        If another one has the name, or its days or numbers are not possible.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    campaign = lock_draft(campaign)
    for name, value in fields.items():
        setattr(campaign, name, value)
    _check(campaign)
    campaign = save_changes(campaign, expected_version=seen, **fields)
    audit.record(
        actor=actor,
        action="campaign.changed",
        subject=campaign,
        fields=sorted(fields),
    )
    return campaign


@transaction.atomic
def save_touch(
    *,
    actor: User,
    campaign: Campaign,
    touch: TouchTemplate | None = None,
    expected_version: int | None = None,
    **fields: Unpack[TouchFields],
) -> TouchTemplate:
    """Add a touch to a draft, or change one of it.

    Each comes once, `offset_days` after the start; what belongs to another cadence is
    left out.

    Raises
    ------
    CampaignStateError
        If the campaign is no draft any more, or the touch belongs to another.
    CannotSaveTouchError
        If its day lies after the campaign, it costs more than any account is worth, or
        its texts ask for something that nobody knows of customers.
    StaleRecordError
        If somebody edited the campaign since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    campaign = lock_draft(campaign)
    save_changes(campaign, expected_version=seen)
    if touch is None:
        touch = _new_touch(campaign)
    elif touch.campaign_id != campaign.pk:
        raise CampaignStateError("This touch belongs to another campaign.")
    for name, value in fields.items():
        setattr(touch, name, value)
    touch.cadence, touch.times, touch.every = Cadence.ONCE, 1, 1
    touch.event_type = None
    _check_touch(campaign, touch)
    touch.save()
    audit.record(
        actor=actor, action="campaign.touch_saved", subject=campaign, touch=touch.title
    )
    return touch


@transaction.atomic
def remove_touch(
    *,
    actor: User,
    campaign: Campaign,
    touch: TouchTemplate,
    expected_version: int | None = None,
) -> None:
    """Take a touch out of a draft.

    Raises
    ------
    CampaignStateError
        If the campaign is no draft any more, or the touch belongs to another.
    StaleRecordError
        If somebody edited the campaign since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    campaign = lock_draft(campaign)
    if touch.campaign_id != campaign.pk:
        raise CampaignStateError("This touch belongs to another campaign.")
    save_changes(campaign, expected_version=seen)
    audit.record(
        actor=actor,
        action="campaign.touch_removed",
        subject=campaign,
        touch=touch.title,
    )
    touch.delete()


def put_library_touch(
    *, actor: User, campaign: Campaign, kept: LibraryTouch, offset_days: int = 0
) -> TouchTemplate:
    """Put a touch of the library into a draft, on a day of the campaign.

    Raises
    ------
    CannotSaveTouchError
        If the touch is retired.
    CampaignStateError
        If the campaign is no draft any more.
    """
    if not kept.is_active:
        raise CannotSaveTouchError(
            f"“{kept.title}” is retired. Bring it back in the library first."
        )
    fields: TouchFields = {name: getattr(kept, name) for name in TERMS}  # type: ignore[assignment]
    fields["offset_days"] = offset_days
    return save_touch(actor=actor, campaign=campaign, **fields)


@transaction.atomic
def cancel_campaign(
    *, actor: User, campaign: Campaign, expected_version: int | None = None
) -> Campaign:
    """Give up a draft; its audience stays with it, and nobody was touched.

    Raises
    ------
    CampaignStateError
        If it is no draft any more.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    campaign = save_changes(
        lock_draft(campaign), expected_version=seen, status=CampaignStatus.CANCELLED
    )
    audit.record(actor=actor, action="campaign.cancelled", subject=campaign)
    return campaign


@transaction.atomic
def end_campaign(
    *,
    actor: User | None,
    campaign: Campaign,
    expected_version: int | None = None,
) -> Campaign:
    """End a running campaign today; its open touches are cancelled.

    Raises
    ------
    CampaignStateError
        If it is not running.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    take_time()
    campaign = lock(campaign)
    if not campaign.is_running:
        raise CampaignStateError("Only a campaign that is running can be ended.")
    last = max(min(campaign.ends_on, business_today()), campaign.starts_on)
    campaign = save_changes(
        campaign,
        expected_version=seen,
        status=CampaignStatus.ENDED,
        ended_at=timezone.now(),
        ends_on=last,
    )
    due = PlannedTouch.objects.due().filter(template__campaign=campaign)
    accounts = list(due.order_by().values_list("account_id", flat=True))
    closed = due.update(
        status=TouchStatus.CANCELLED, closed_at=timezone.now(), reason=ENDED
    )
    if accounts:
        standings.refresh_next_touches(accounts)
    audit.record(actor=actor, action="campaign.ended", subject=campaign, touches=closed)
    return campaign


def end_over(*, as_of: dt.date) -> int:
    """End the campaigns whose last day has passed; return how many."""
    over = Campaign.objects.running().filter(ends_on__lt=as_of).order_by("pk")
    for campaign in over:
        end_campaign(actor=None, campaign=campaign)
    return len(over)


def take_time() -> None:
    """Let this transaction write a large audience, beyond the limit of a page."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_MS}")


def lock(campaign: Campaign) -> Campaign:
    """Lock a campaign, so that its audience and state stay as they are."""
    return Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)


def lock_draft(campaign: Campaign) -> Campaign:
    """Lock a campaign that is a draft.

    Raises
    ------
    CampaignStateError
        If it is no draft any more.
    """
    campaign = lock(campaign)
    if not campaign.is_draft:
        said = campaign.get_status_display().lower()
        raise CampaignStateError(
            f"This campaign is {said}. Only a draft can be changed."
        )
    return campaign


def _check(campaign: Campaign) -> None:
    campaign.name = campaign.name.strip()
    if not campaign.name:
        raise CannotSaveCampaignError("Give it a name.", field="name")
    same = Campaign.objects.filter(name__iexact=campaign.name).exclude(pk=campaign.pk)
    if same.exists():
        raise CannotSaveCampaignError(
            "Another campaign has this name. Choose another one.", field="name"
        )
    if campaign.ends_on < campaign.starts_on:
        raise CannotSaveCampaignError(
            "It ends before it starts. Choose a later day.", field="ends_on"
        )
    days = (campaign.ends_on - campaign.starts_on).days
    if days >= policy.LONGEST_CAMPAIGN_DAYS:
        raise CannotSaveCampaignError(
            "It lasts longer than two years. What goes on for longer is a plan.",
            field="ends_on",
        )
    if not 0 <= campaign.holdout_percent <= policy.MOST_HOLDOUT_PERCENT:
        raise CannotSaveCampaignError(
            f"Spare between 0 and {policy.MOST_HOLDOUT_PERCENT} percent.",
            field="holdout_percent",
        )
    if campaign.budget is not None and campaign.budget < 0:
        raise CannotSaveCampaignError(
            "A budget is not below 0. Leave it empty if there is none.", field="budget"
        )


def _new_touch(campaign: Campaign) -> TouchTemplate:
    last = campaign.touches.aggregate(last=Max("position"))["last"]
    if campaign.touches.count() >= policy.MOST_CAMPAIGN_TOUCHES:
        raise CannotSaveTouchError(
            f"A campaign has at most {policy.MOST_CAMPAIGN_TOUCHES} touches."
        )
    return TouchTemplate(
        version=unfollowed_version(HOME, "Touches that campaigns ask for."),
        campaign=campaign,
        position=0 if last is None else last + 1,
    )


def _check_touch(campaign: Campaign, touch: TouchTemplate) -> None:
    last = (campaign.ends_on - campaign.starts_on).days
    if not 0 <= touch.offset_days <= last:
        raise CannotSaveTouchError(
            f"The day must lie within the campaign: between 0 and {last} days after "
            "its start.",
            field="offset_days",
        )
    cost = touch.unit_cost
    if cost is not None and not 0 <= cost <= policy.MOST_A_CAMPAIGN:
        raise CannotSaveTouchError(
            f"One touch cannot cost more than {policy.MOST_A_CAMPAIGN:,}, nor less "
            "than 0. Look at the unit cost again.",
            field="unit_cost",
        )
    check_texts(touch)
