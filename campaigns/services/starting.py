"""A campaign starts: its audience is weighed and drawn, and its touches planned."""

import secrets
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.utils import timezone

from campaigns import policy
from campaigns.choices import (
    BudgetHead,
    Cadence,
    CampaignStatus,
    GateOccasion,
    LeftOut,
)
from campaigns.errors import CannotStartError
from campaigns.models import Campaign, Enrolment, PlanningRule, TouchTemplate
from campaigns.queries.campaigns import cost_each, gate_channel, included_ids
from campaigns.queries.gate import Cheaper, Gate
from campaigns.services import campaign_touches, campaigns, standings
from campaigns.services import gate as gates
from campaigns.services.enrolling import FORMER, MERGED
from campaigns.services.gate import Decision, Verdict
from campaigns.services.unfollowed import unfollowed_version
from clv.models import ValuationRun
from common.among import Among
from common.clock import business_today
from common.money import ZERO
from common.templatetags.display import cents
from common.versions import save_changes
from crm.choices import Stage
from crm.models import User
from crm.services import audit


def gate_of(campaign: Campaign) -> Gate:
    """Return what a draft's touches cost and gain with each account of its audience.

    Whoever was merged or left meanwhile is not weighed.
    """
    return gates.weigh(
        account_ids=included_ids(campaign),
        cost_each=cost_each(campaign.touches.all()),
        channel=gate_channel(campaign.touches.all()),
        actor=None,
    )


@transaction.atomic
def start_campaign(
    *,
    actor: User,
    campaign: Campaign,
    decision: Decision | None = None,
    expected_version: int | None = None,
) -> Campaign:
    """Start a draft: from now on its audience and its control group stay.

    Asked is first whether it pays: who is below the line is left out, reached more
    cheaply, or included all the same, as `decision` says. Whom nobody may reach is left
    out. Of the others `holdout_percent` are drawn, evenly over the classes, who get
    nothing. What is true of each account today is kept, and the touches are planned.

    Raises
    ------
    CampaignStateError
        If it is no draft any more.
    CannotStartError
        If it has no touch or audience, its first day is past, a unit cost is not known
        or beyond any account's worth, or it costs more than its budget.
    GateUndecidedError, GateRefusedError
        As `gate.decide`.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    seen = campaign.version if expected_version is None else expected_version
    campaigns.take_time()
    return start_locked(
        actor=actor,
        campaign=campaigns.lock_draft(campaign),
        decision=decision,
        expected_version=seen,
    )


def start_locked(
    *,
    actor: User,
    campaign: Campaign,
    decision: Decision | None,
    expected_version: int,
) -> Campaign:
    """Start a campaign that the transaction has locked, as `start_campaign` does."""
    touches = list(campaign.touches.all())
    check_ready(campaign, touches)
    campaign = save_changes(
        campaign,
        expected_version=expected_version,
        status=CampaignStatus.RUNNING,
        start_failure="",
        started_at=timezone.now(),
        seed=secrets.randbits(63),
    )
    _leave_out_gone(campaign)
    gate = gate_of(campaign)
    verdict = gates.decide(
        actor=actor,
        gate=gate,
        occasion=GateOccasion.CAMPAIGN,
        subject=campaign.name,
        decision=decision,
    )
    _leave_out(campaign, verdict.dropped, LeftOut.GATE, not_worth(gate))
    _plan(campaign, touches, verdict)
    _freeze(campaign)
    _check_budget(campaign, gate, verdict)
    if verdict.record is not None:
        Campaign.objects.filter(pk=campaign.pk).update(decision=verdict.record)
        campaign.refresh_from_db()
    treated = Enrolment.objects.treated().filter(campaign=campaign)
    standings.refresh_next_touches(treated.values_list("account_id", flat=True))
    audit.record(
        actor=actor,
        action="campaign.started",
        subject=campaign,
        treated=treated.count(),
        controls=Enrolment.objects.controls().filter(campaign=campaign).count(),
        left_out=campaign.enrolments.exclude(left_out="").count(),
    )
    return campaign


def check_ready(campaign: Campaign, touches: Sequence[TouchTemplate]) -> None:
    """Refuse to start what is not complete; says what is missing.

    Raises
    ------
    CannotStartError
        As `start_campaign`.
    """
    if not touches:
        raise CannotStartError("It has no touch yet. Say what the audience gets.")
    if not campaign.enrolments.exists():
        raise CannotStartError("It has no audience yet. Add accounts from any list.")
    if campaign.starts_on < business_today():
        raise CannotStartError(
            "Its first day is past. Choose today or a later day.", field="starts_on"
        )
    unknown = [touch.title for touch in touches if touch.unit_cost is None]
    if unknown:
        raise CannotStartError(
            f"What “{unknown[0]}” costs is not known. Enter its unit cost first."
        )
    latest = (campaign.ends_on - campaign.starts_on).days
    late = [touch.title for touch in touches if touch.offset_days > latest]
    if late:
        raise CannotStartError(
            f"“{late[0]}” comes after the last day. Let the campaign last longer, or "
            "let it come earlier."
        )
    each = cost_each(touches)
    if each > policy.MOST_A_CAMPAIGN:
        raise CannotStartError(
            f"It costs {cents(each)} for each account. Look at its unit costs again."
        )


def not_worth(gate: Gate) -> str:
    """Say why an account is left out."""
    return (
        f"Not worth {cents(gate.cost_each)} here: expected to secure less than it"
        " costs."
    )


def _check_budget(campaign: Campaign, gate: Gate, verdict: Verdict) -> None:
    if campaign.budget is None:
        return
    treated = Enrolment.objects.treated().filter(campaign=campaign)
    moved = treated.exclude(way="").count()
    cost = gate.cost_each * (treated.count() - moved)
    cost += verdict.way.cost_each * moved if verdict.way else ZERO
    if cost > campaign.budget:
        raise CannotStartError(
            f"It will cost about {cents(cost)}, and its budget is"
            f" {cents(campaign.budget)}. Raise the budget, or take accounts or touches"
            " out.",
            field="budget",
        )


# -- Who is in it ----------------------------------------------------------------------


def _leave_out_gone(campaign: Campaign) -> None:
    rows = campaign.enrolments.filter(left_out="")
    rows.filter(account__merged_into__isnull=False).update(
        left_out=LeftOut.MERGED, left_out_because=MERGED
    )
    if not campaign.takes_former:
        rows.filter(account__stage=Stage.FORMER).update(
            left_out=LeftOut.FORMER, left_out_because=FORMER
        )


def _leave_out(
    campaign: Campaign, accounts: Iterable[int], kind: LeftOut, because: str
) -> None:
    keys = list(accounts)
    if keys:
        campaign.enrolments.filter(Among("account_id", keys)).update(
            left_out=kind, left_out_because=because[:300]
        )


def _plan(
    campaign: Campaign, touches: Sequence[TouchTemplate], verdict: Verdict
) -> None:
    """Draw the control group, and plan the touches of everybody else."""
    asked = [(touch, verdict.included) for touch in touches]
    if verdict.moved and verdict.way:
        campaign.enrolments.filter(Among("account_id", verdict.moved)).update(
            way=verdict.way.channel
        )
        asked.append((_cheaper_touch(campaign, touches, verdict.way), verdict.moved))
    span = campaign_touches.span_of(campaign, touches)
    rule = PlanningRule.objects.current()
    campaign_touches.collect(campaign, asked, span, rule)
    _leave_out_of_reach(campaign)
    if not Enrolment.objects.included().filter(campaign=campaign).exists():
        raise CannotStartError(
            "Nobody of its audience is left: who it pays for may not be reached."
        )
    draw_controls(campaign)
    campaign_touches.plan(campaign, span, rule)


def _cheaper_touch(
    campaign: Campaign, touches: Sequence[TouchTemplate], way: Cheaper
) -> TouchTemplate:
    first = min(touches, key=lambda touch: touch.offset_days)
    return TouchTemplate.objects.create(
        version=unfollowed_version(campaigns.HOME, "Touches that campaigns ask for."),
        campaign=campaign,
        position=len(touches),
        title=way.title,
        channel=way.channel,
        cadence=Cadence.ONCE,
        offset_days=first.offset_days,
        unit_cost=way.unit_cost,
        minutes=way.minutes,
        owner_role=way.owner_role,
        head=BudgetHead.MARKETING,
        care=campaign.care,
        topic=first.topic,
    )


def _leave_out_of_reach(campaign: Campaign) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _OUT_OF_REACH, {"campaign": campaign.pk, "consent": LeftOut.CONSENT}
        )


def draw_controls(campaign: Campaign) -> None:
    """Draw who gets nothing: as many of each class as of the others, else by chance."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DRAW,
            {
                "campaign": campaign.pk,
                "seed": campaign.seed,
                "percent": campaign.holdout_percent,
            },
        )


def _freeze(campaign: Campaign) -> None:
    """Keep what is true of each account today."""
    run = ValuationRun.objects.current()
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE, {"campaign": campaign.pk, "run": run.pk if run else 0})


_OUT_OF_REACH = f"""
UPDATE campaigns_enrolment e
SET left_out = %(consent)s, left_out_because = left(silent.reason, 300)
FROM (
    SELECT account_id, min(reason) AS reason FROM {campaign_touches.TABLE}
    GROUP BY account_id HAVING bool_and(kind IS NOT NULL)
) silent
WHERE e.campaign_id = %(campaign)s AND e.account_id = silent.account_id
    AND e.left_out = ''
"""
# By class in the order of a hash: every 100/percent-th is spared, beginning anywhere.
_DRAW = """
UPDATE campaigns_enrolment e SET is_control = TRUE
FROM (
    SELECT e.id, row_number() OVER (
        ORDER BY coalesce(m.worth_class, ''),
            hashint8extended(e.account_id, %(seed)s), e.account_id) AS place
    FROM campaigns_enrolment e
    LEFT JOIN segments_membership m ON m.account_id = e.account_id AND m.until IS NULL
    WHERE e.campaign_id = %(campaign)s AND e.left_out = ''
) drawn
WHERE drawn.id = e.id
    AND (drawn.place * %(percent)s + %(seed)s %% 100) / 100
        > ((drawn.place - 1) * %(percent)s + %(seed)s %% 100) / 100
"""
_FREEZE = """
UPDATE campaigns_enrolment e
SET stage = a.stage, worth_class = coalesce(m.worth_class, ''), clv = v.clv,
    expected_margin = v.expected_margin
FROM crm_account a
LEFT JOIN segments_membership m ON m.account_id = a.id AND m.until IS NULL
LEFT JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
WHERE e.campaign_id = %(campaign)s AND a.id = e.account_id
"""
