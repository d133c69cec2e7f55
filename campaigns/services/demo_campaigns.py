"""Two campaigns of the demo firm: one that is over, and one that runs.

Drawn by the firm's seed, made as people make them, and dated within its months. Nothing
in its orders depends on them, so that their effect is what chance makes of it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns.choices import (
    BudgetHead,
    CampaignKind,
    CampaignStatus,
    OwnerRole,
    TouchStatus,
)
from campaigns.engine.cadence import CAMPAIGN
from campaigns.models import Campaign, TouchTemplate
from campaigns.queries.open_days import open_days
from campaigns.services import campaigns, enrolling, starting
from campaigns.services.drafts import TouchFields
from campaigns.services.touches import LEDGER_SOURCE
from clv.models import ValuationRun
from common.versions import save_changes
from crm.choices import (
    Care,
    Channel,
    Direction,
    Phase,
    Role,
    Stage,
    TouchpointSource,
)
from crm.models import User

MOST_IN_IT = 240
_LETTER: TouchFields = {
    "title": "Letter with the new range",
    "channel": Channel.POST,
    "unit_cost": Decimal("1.30"),
    "owner_role": OwnerRole.MARKETER,
    "head": BudgetHead.MARKETING,
    "subject": "What is new for {{ account }}",
    "content": (
        "Dear {{ contact }},\n\nour new range is here. You find what suits"
        " {{ account }} on the pages enclosed.\n\n{{ owner }}"
    ),
}
_MAIL: TouchFields = {
    "title": "Mail that asks back",
    "channel": Channel.EMAIL,
    "unit_cost": Decimal("0.05"),
    "owner_role": OwnerRole.MARKETER,
    "head": BudgetHead.MARKETING,
    "subject": "Did it reach you, {{ first_name }}?",
    "content": (
        "Dear {{ contact }},\n\nwe sent you our new range. What would you like to see"
        " first?\n\n{{ owner }}"
    ),
}
_INVITATION: TouchFields = _LETTER | {
    "title": "Invitation to the open day",
    "subject": "You are invited",
    "content": (
        "Dear {{ contact }},\n\ncome and see how we work: you are invited to our open"
        " day.\n\n{{ owner }}"
    ),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of one campaign; days are counted from the day of the firm."""

    name: str
    goal: str
    kind: CampaignKind
    care: Care
    starts: int
    ends: int
    budget: Decimal
    audience: str
    touches: Sequence[tuple[TouchFields, int]]


_TOLD = (
    _Told(
        name="Open day for prospects",
        goal="Win prospects who came to the fair.",
        kind=CampaignKind.WIN,
        care=Care.ACQUIRE,
        starts=-200,
        ends=-140,
        budget=Decimal(1_500),
        audience="""a.stage = 'prospect'
            OR (a.acquired_on > %(starts_on)s AND a.stage = 'customer')""",
        touches=[(_INVITATION, 0)],
    ),
    _Told(
        name="New range for customers",
        goal="A first order from the new range by half of them.",
        kind=CampaignKind.GROW,
        care=Care.EXPAND,
        starts=-21,
        ends=21,
        budget=Decimal(1_000),
        audience="a.stage = 'customer' AND a.acquired_on < %(starts_on)s - 90",
        touches=[(_LETTER, 0), (_MAIL, 23)],
    ),
)


def store_campaigns(seed: int, as_of: dt.date) -> None:
    """Store both, if there is somebody of marketing to run them."""
    marketer = User.objects.filter(groups__name=Role.MARKETER).order_by("pk").first()
    if marketer is None:
        return
    for told in _TOLD:
        _store(marketer, told, seed, as_of)


def tell_worth_at_start() -> None:
    """Note what each account was worth, and its class, when its campaign started.

    Call it once the firm's past is valued. Nothing is noted of a campaign that started
    before the first night.
    """
    for campaign in Campaign.objects.exclude(started_at=None):
        run = ValuationRun.objects.as_of(campaign.starts_on)
        if run is not None:
            with connection.cursor() as cursor:
                cursor.execute(
                    _WORTH, {"campaign": campaign.pk, "run": run.pk, "day": run.as_of}
                )


def _store(marketer: User, told: _Told, seed: int, as_of: dt.date) -> None:
    starts_on = as_of + dt.timedelta(days=told.starts)
    accounts = _audience(told, seed, starts_on)
    if not accounts:
        return
    campaign = campaigns.create_campaign(
        actor=marketer,
        name=told.name,
        goal=told.goal,
        kind=told.kind,
        care=told.care,
        starts_on=starts_on,
        ends_on=as_of + dt.timedelta(days=told.ends),
        budget=told.budget,
        holdout_percent=20,
    )
    touches = [_touch(marketer, campaign, told, *touch) for touch in told.touches]
    enrolling.enrol(actor=marketer, campaign=campaign, account_ids=accounts)
    campaign = _begin(campaign, seed, is_over=told.ends < 0)
    for touch in touches:
        _plan(marketer, campaign, touch, as_of)


def _touch(
    marketer: User, campaign: Campaign, told: _Told, fields: TouchFields, day: int
) -> TouchTemplate:
    terms: TouchFields = {**fields, "care": told.care, "offset_days": day}
    stored = Campaign.objects.get(pk=campaign.pk)
    return campaigns.save_touch(actor=marketer, campaign=stored, **terms)


def _audience(told: _Told, seed: int, starts_on: dt.date) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _AUDIENCE.format(audience=told.audience),
            {"starts_on": starts_on, "seed": seed, "most": MOST_IN_IT},
        )
        return [key for (key,) in cursor.fetchall()]


def _begin(campaign: Campaign, seed: int, *, is_over: bool) -> Campaign:
    """Let it run since its first day, and draw who is spared."""
    stored = Campaign.objects.get(pk=campaign.pk)
    campaign = save_changes(
        stored,
        status=CampaignStatus.ENDED if is_over else CampaignStatus.RUNNING,
        seed=seed,
        started_at=_morning(stored.starts_on),
        ended_at=_morning(stored.ends_on) if is_over else None,
    )
    is_win = campaign.kind == CampaignKind.WIN
    campaign.enrolments.update(
        stage=Stage.PROSPECT if is_win else Stage.CUSTOMER,
        added_at=_morning(campaign.starts_on - dt.timedelta(days=1)),
    )
    starting.draw_controls(campaign)
    return campaign


def _plan(
    marketer: User, campaign: Campaign, touch: TouchTemplate, as_of: dt.date
) -> None:
    """Plan one touch for all who are not spared; what is past was done on its day."""
    day = campaign.starts_on + dt.timedelta(days=touch.offset_days)
    due_on = open_days(day, day).next_open(day)
    parameters: dict[str, Any] = {
        "campaign": campaign.pk,
        "template": touch.pk,
        "lineage": touch.lineage,
        "period": CAMPAIGN,
        "due_on": due_on,
        "role": touch.owner_role,
        "due": TouchStatus.DUE,
    }
    with connection.cursor() as cursor:
        if due_on >= as_of:
            cursor.execute(_DUE, parameters)
            return
        cursor.execute(
            _DONE,
            parameters
            | {
                "done": TouchStatus.DONE,
                "at": _morning(due_on),
                "actor": marketer.pk,
                "channel": touch.channel,
                "direction": Direction.OUT,
                "phase": Phase.AFTER,
                "care": touch.care,
                "source": TouchpointSource.PLAN,
                "ledger_source": LEDGER_SOURCE,
                "kind": BudgetHead(touch.head).cost_kind,
                "cost": touch.unit_cost,
                "said": touch.as_logged(touch.title)[:300],
            },
        )


def _morning(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(10)))


# Whoever refused anything is left alone, so that the touches are allowed.
_AUDIENCE = """
SELECT a.id FROM crm_account a
WHERE a.merged_into_id IS NULL AND ({audience})
    AND NOT EXISTS (
        SELECT FROM crm_contact p LEFT JOIN crm_consent w ON w.contact_id = p.id
        WHERE p.account_id = a.id AND (p.do_not_contact OR NOT w.is_granted))
ORDER BY hashint8extended(a.id, %(seed)s), a.id LIMIT %(most)s
"""
_WORTH = """
UPDATE campaigns_enrolment e
SET clv = v.clv, expected_margin = v.expected_margin,
    worth_class = coalesce(m.worth_class, '')
FROM clv_valuation v
LEFT JOIN segments_membership m ON m.account_id = v.account_id
    AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
WHERE e.campaign_id = %(campaign)s AND v.run_id = %(run)s
    AND v.account_id = e.account_id
"""
_TREATED = """
    SELECT e.account_id, md5('demo-campaign-' || e.account_id || '-' || %(template)s
        )::uuid AS token
    FROM campaigns_enrolment e
    WHERE e.campaign_id = %(campaign)s AND NOT e.is_control AND e.left_out = ''
    ORDER BY e.account_id
"""
_DUE = f"""
INSERT INTO campaigns_plannedtouch
    (account_id, template_id, lineage, period, due_on, owner_role, status, reason)
SELECT account_id, %(template)s, %(lineage)s, %(period)s, %(due_on)s, %(role)s,
    %(due)s, ''
FROM ({_TREATED}) treated
"""
_DONE = f"""
WITH treated AS ({_TREATED}), logged AS (
    INSERT INTO crm_touchpoint
        (account_id, contact_id, user_id, channel, direction, occurred_at, note,
         outcome, phase, care, source, form_token)
    SELECT account_id, (
            SELECT p.id FROM crm_contact p
            WHERE p.account_id = treated.account_id AND p.left_on IS NULL
            ORDER BY p.influence DESC NULLS LAST, p.id LIMIT 1),
        %(actor)s, %(channel)s, %(direction)s, %(at)s, %(said)s, '', %(phase)s,
        %(care)s, %(source)s, token
    FROM treated
    RETURNING id, account_id
), touched AS (
    INSERT INTO campaigns_plannedtouch
        (account_id, template_id, lineage, period, due_on, owner_role, status, reason,
         touchpoint_id, closed_at, closed_by_id)
    SELECT account_id, %(template)s, %(lineage)s, %(period)s, %(due_on)s, %(role)s,
        %(done)s, '', id, %(at)s, %(actor)s
    FROM logged
), contacted AS (
    UPDATE crm_account a SET last_contact_on = %(due_on)s
    FROM logged WHERE a.id = logged.account_id
        AND (a.last_contact_on IS NULL OR a.last_contact_on < %(due_on)s)
)
INSERT INTO crm_ledgerentry
    (account_id, kind, amount, incurred_on, document, note, source, external_id,
     touchpoint_id, created_by_id)
SELECT account_id, %(kind)s, %(cost)s, %(due_on)s, '', %(said)s, %(ledger_source)s,
    id::text, id, %(actor)s
FROM logged
"""
