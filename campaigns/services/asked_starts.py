"""Starts of large audiences: asked for on a page, and done by a worker.

What was asked for stands with the campaign; messages only ring. A worker holds the row
of the campaign while it starts it, all in one transaction: two never start the same
one, and of a worker that dies nothing is left but what was asked for, which the next
one takes.
"""

import logging
from dataclasses import asdict

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns import policy
from campaigns.choices import CampaignStatus
from campaigns.errors import CampaignStateError
from campaigns.models import Campaign, Enrolment
from campaigns.queries.gate import Gate
from campaigns.services import campaigns, starting
from campaigns.services import gate as gates
from campaigns.services.gate import Decision
from common.errors import DomainError
from common.templatetags.display import counted
from common.versions import save_changes
from crm.choices import NotificationKind
from crm.models import User
from crm.services import audit, notifications

log = logging.getLogger(__name__)

FAILED = "Something went wrong while it was started. Start it again."
NO_WORKER = "No worker managed it within an hour. Start it again."
LONGEST_FAILURE = 300


def ask_start(
    *,
    actor: User,
    campaign: Campaign,
    decision: Decision | None = None,
    expected_version: int | None = None,
    gate: Gate | None = None,
) -> Campaign:
    """Start a draft: at once, or by a worker soon where its audience is large.

    `gate` is what was weighed already. Of a large audience the worker weighs again; if
    it refuses, the campaign is a draft again, and `start_failure` says why.

    Raises
    ------
    CampaignStateError, CannotStartError, GateUndecidedError, GateRefusedError
        As `starting.start_campaign`.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    if campaign.enrolments.count() <= policy.MOST_STARTED_AT_ONCE:
        return starting.start_campaign(
            actor=actor, campaign=campaign, decision=decision, expected_version=seen
        )
    return _ask(actor, campaign, decision, seen, gate)


@transaction.atomic
def _ask(
    actor: User,
    campaign: Campaign,
    decision: Decision | None,
    seen: int,
    gate: Gate | None,
) -> Campaign:
    campaign = campaigns.lock_draft(campaign)
    starting.check_ready(campaign, list(campaign.touches.all()))
    gate = gate or starting.gate_of(campaign)
    gates.check_said(gate=gate, decision=decision)
    campaign = save_changes(
        campaign,
        expected_version=seen,
        status=CampaignStatus.STARTING,
        start_asked_at=timezone.now(),
        start_asked_by=actor,
        start_decision=asdict(decision) if decision else {},
        start_failure="",
    )
    audit.record(actor=actor, action="campaign.start_asked", subject=campaign)
    return campaign


@transaction.atomic
def call_off_start(*, actor: User, campaign: Campaign) -> Campaign:
    """Let a campaign that no worker has taken yet be a draft again.

    Raises
    ------
    CampaignStateError
        If nobody asked for its start, or a worker is at it.
    """
    rows = Campaign.objects.starting().filter(pk=campaign.pk)
    found = rows.select_for_update(of=("self",), skip_locked=True).first()
    if found is None:
        raise CampaignStateError(_why_not_called_off(campaign))
    audit.record(actor=actor, action="campaign.start_called_off", subject=found)
    return save_changes(found, status=CampaignStatus.DRAFT)


def _why_not_called_off(campaign: Campaign) -> str:
    if Campaign.objects.starting().filter(pk=campaign.pk).exists():
        return "A worker is starting it. Look again in a moment."
    if Campaign.objects.drafts().filter(pk=campaign.pk).exists():
        return "Nobody has asked for its start."
    return "It has been started already."


def start_asked() -> int:
    """Start what was asked for, one after another; return how many were looked at."""
    looked_at: set[int] = set()
    while (key := _start_next(looked_at)) is not None:
        looked_at.add(key)
    return len(looked_at)


def _start_next(looked_at: set[int]) -> int | None:
    """Start the next campaign that no other worker has; a failure makes it a draft."""
    key = 0
    try:
        with transaction.atomic():
            rows = Campaign.objects.starting().exclude(pk__in=looked_at)
            some = rows.select_for_update(of=("self",), skip_locked=True)
            campaign = some.order_by("start_asked_at", "pk").first()
            if campaign is None:
                return None
            key = campaign.pk
            _start(campaign)
    except DomainError as error:
        _give_up(key, error.message)
    except Exception:
        log.exception("Campaign %s could not be started.", key)
        _give_up(key, FAILED)
    return key


def _start(campaign: Campaign) -> None:
    asked_by, asked_at = campaign.start_asked_by, campaign.start_asked_at
    if asked_by is None or asked_at is None:
        raise CampaignStateError(FAILED)
    if timezone.now() - asked_at > policy.LONGEST_START:
        raise CampaignStateError(NO_WORKER)
    said = campaign.start_decision
    campaigns.take_time()
    started = starting.start_locked(
        actor=asked_by,
        campaign=campaign,
        decision=Decision(**said) if said else None,
        expected_version=campaign.version,
    )
    reached = Enrolment.objects.treated().filter(campaign=started).count()
    _tell(started, f"“{started}” is running for {counted(reached, 'account')}.")


def _tell(campaign: Campaign, text: str) -> None:
    notifications.tell(
        user=campaign.start_asked_by,
        kind=NotificationKind.CAMPAIGN,
        text=text,
        url=reverse("campaigns:campaign_detail", args=[campaign.pk]),
    )


@transaction.atomic
def _give_up(key: int, because: str) -> None:
    """Make a draft of it again, and keep why."""
    rows = Campaign.objects.starting().filter(pk=key)
    campaign = rows.select_for_update(of=("self",)).first()
    if campaign is None:
        return
    campaign = save_changes(
        campaign,
        status=CampaignStatus.DRAFT,
        start_failure=because[:LONGEST_FAILURE],
    )
    _tell(campaign, f"“{campaign}” was not started. {because}")
    audit.record(
        actor=campaign.start_asked_by,
        action="campaign.start_failed",
        subject=campaign,
        because=because,
    )
