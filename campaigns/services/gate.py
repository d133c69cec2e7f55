"""Should we? Weighed before money is spent on many accounts, and decided on record."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from campaigns.choices import GateChoice, GateOccasion
from campaigns.errors import GateRefusedError, GateUndecidedError
from campaigns.models import GateDecision, PlanVersion, RetentionPlan
from campaigns.queries.costs import version_cost
from campaigns.queries.gate import Cheaper, Gate
from common.money import ZERO
from common.templatetags.display import count, counted
from crm.models import User
from crm.services import audit

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said at the gate.

    `below` is how many accounts stood below the line when it was said; another number
    by now means that it has to be looked at again.
    """

    choice: str = ""
    reason: str = ""
    cheaper: str = ""
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who gets what was planned, who gets it `way` instead, and who gets nothing."""

    included: list[int]
    moved: list[int]
    dropped: list[int]
    way: Cheaper | None
    record: GateDecision | None


def weigh(
    *,
    account_ids: Iterable[int],
    cost_each: Decimal,
    channel: str,
    actor: User | None,
) -> Gate:
    """Return what spending `cost_each` on each account costs and gains.

    Only accounts that `actor` may see are weighed; without one, all. `cost_each` is
    money with the time that it takes.
    """
    return Gate(
        account_ids=account_ids, cost_each=cost_each, channel=channel, actor=actor
    )


def weigh_plan(*, account_ids: Iterable[int], plan: RetentionPlan, actor: User) -> Gate:
    """Return what a year of the plan's published version costs and gains on each."""
    version = PlanVersion.objects.published().filter(plan=plan).first()
    cost = version_cost(version).per_customer if version else ZERO
    return Gate(
        account_ids=account_ids, cost_each=cost, channel="", actor=actor, plan=plan
    )


@transaction.atomic
def decide(
    *,
    actor: User,
    gate: Gate,
    occasion: GateOccasion,
    subject: str,
    decision: Decision | None = None,
) -> Verdict:
    """Say who is included, and record what was decided about those below the line.

    Where the spend pays for everybody nothing has to be decided and nothing is
    recorded.

    Raises
    ------
    GateUndecidedError
        If somebody is below the line and nothing was decided, or the accounts below it
        are others than those that were shown.
    GateRefusedError
        If an override has no reason, or the cheaper way is none that was offered.
    """
    if not gate.is_needed:
        return Verdict(list(gate.account_ids), [], [], None, None)
    reason, way = check_said(gate=gate, decision=decision)
    said = decision or Decision()
    made = GateDecision.objects.create(
        occasion=occasion,
        subject=subject[:200],
        channel=gate.channel,
        choice=said.choice,
        reason=reason,
        cheaper_channel=way.channel if way else "",
        accounts=gate.accounts,
        below=gate.below_ids,
        cost_each=gate.cost_each,
        cost=gate.cost,
        cost_below=gate.cost_below,
        gain_below=gate.gain_below,
        actor=actor,
    )
    audit.record(
        actor=actor,
        action=f"gate.{said.choice}",
        subject=made,
        what=made.subject,
        reason=reason,
        accounts=gate.accounts,
        below=gate.below,
        cost_below=str(gate.cost_below),
        gain_below=str(gate.gain_below),
    )
    return _verdict(gate, made, way)


def check_said(*, gate: Gate, decision: Decision | None) -> tuple[str, Cheaper | None]:
    """Return why they are included all the same, and the cheaper way, as was said.

    Where it pays for everybody nothing has to be said.

    Raises
    ------
    GateUndecidedError, GateRefusedError
        As `decide`.
    """
    if not gate.is_needed:
        return "", None
    said = decision or Decision()
    if said.choice not in GateChoice.values:
        raise GateUndecidedError(gate.sentence, facts=gate.facts)
    if said.below is not None and said.below != gate.below:
        raise GateUndecidedError(
            f"By now it does not pay for {counted(gate.below, 'account')}, not for"
            f" {count(said.below)}. Look again, then decide.",
            facts=gate.facts,
        )
    reason = said.reason.strip()[:LONGEST_REASON]
    if said.choice == GateChoice.OVERRIDE and not reason:
        raise GateRefusedError(
            "Say why they are included all the same.", field="reason"
        )
    way = gate.way(said.cheaper) if said.choice == GateChoice.CHEAPER else None
    if said.choice == GateChoice.CHEAPER and way is None:
        raise GateRefusedError("Choose one of the ways offered.", field="cheaper")
    return reason, way


def _verdict(gate: Gate, made: GateDecision, way: Cheaper | None) -> Verdict:
    if made.choice == GateChoice.OVERRIDE:
        return Verdict(list(gate.account_ids), [], [], None, made)
    pays = way.pays_for if way else frozenset()
    moved = [key for key in gate.below_ids if key in pays]
    dropped = [key for key in gate.below_ids if key not in pays]
    return Verdict(gate.rest, moved, dropped, way, made)
