"""Keeping what levers act on, each night, and the scenarios that people build on it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from clv.engine.levers import Outcome, sum_of
from clv.models import ValuationRun
from clv.services.levers import expected_of, newcomer_of, sums_of
from common.versions import save_changes
from crm.models import User
from crm.services import audit
from segments.errors import CannotPromiseError
from segments.models import LeverBase, LeverScenario
from segments.queries.lever_facts import EVERYBODY, lever_facts, no_facts
from segments.queries.members import classes_on

CENT = Decimal("0.01")
NOWHERE = "none"


def write_bases(run: ValuationRun) -> int:
    """Keep what levers act on in `run`, by class and for all; again replaces it.

    Comes after classing. Returns how many rows were written: none without customers,
    or for a run from before models were kept.
    """
    rows = bases_of(run)
    with transaction.atomic():
        LeverBase.objects.filter(run=run).delete()
        return len(LeverBase.objects.bulk_create(rows))


def bases_of(run: ValuationRun) -> list[LeverBase]:
    """Return what levers act on in `run`, not saved."""
    found = expected_of(run)
    if found is None:
        return []
    classes = classes_on(run.as_of)
    known = found.customers
    groups = sums_of(found, classes.of(known.account_id), len(classes.keys))
    newcomer = asdict(newcomer_of(run, known))
    facts = lever_facts(run)
    keys = [*classes.keys, NOWHERE]
    whole = (
        sum(count for count, _, _ in groups),
        sum_of([sums for _, sums, _ in groups]),
        sum(variance for _, _, variance in groups),
    )
    rows = zip([*keys, EVERYBODY], [*groups, whole], strict=True)
    return [
        LeverBase(
            run=run,
            worth_class=key,
            customers=customers,
            equity=_money(sums.value),
            variance=variance,
            sums=asdict(sums),
            newcomer=newcomer,
            facts=facts.get(key) or no_facts(),
        )
        for key, (customers, sums, variance) in rows
        if customers
    ]


@dataclass(frozen=True, slots=True)
class Promise:
    """Who stands for it, by when, and how much of it."""

    by: User
    due_on: dt.date
    amount: Decimal


@transaction.atomic
def save_scenario(
    *,
    actor: User,
    name: str,
    note: str,
    base: LeverBase,
    levers: Mapping[str, Any],
    outcome: Outcome,
    promise: Promise | None,
) -> LeverScenario:
    """Keep moved levers, what they were to bring, and the promise if there is one.

    Raises
    ------
    CannotPromiseError
        If nothing is promised, or by a day that has passed for the base.
    """
    _check(promise, base.run.as_of)
    scenario = LeverScenario.objects.create(
        name=name,
        note=note,
        worth_class=base.worth_class,
        levers=dict(levers),
        as_of=base.run.as_of,
        equity_before=_cents(outcome.before),
        equity_after=_cents(outcome.after),
        change_low=_cents(outcome.change_low),
        change_high=_cents(outcome.change_high),
        parts=dict(outcome.parts),
        promised_by=promise.by if promise else None,
        due_on=promise.due_on if promise else None,
        promised=promise.amount if promise else None,
        author=actor,
    )
    audit.record(
        actor=actor,
        action="scenario.saved",
        subject=scenario,
        change=str(scenario.change),
        promised=str(promise.amount) if promise else None,
    )
    return scenario


@transaction.atomic
def archive_scenario(
    *, actor: User, scenario: LeverScenario, expected_version: int | None = None
) -> LeverScenario:
    """Put a scenario away; it stays in the trail and can be read by its address."""
    kept = save_changes(
        scenario, expected_version=expected_version, archived_at=timezone.now()
    )
    audit.record(actor=actor, action="scenario.archived", subject=kept)
    return kept


def _check(promise: Promise | None, as_of: dt.date) -> None:
    if promise is None:
        return
    if not promise.amount:
        raise CannotPromiseError("Promise an amount other than 0.", field="promised")
    if promise.due_on <= as_of:
        raise CannotPromiseError(
            "Choose a day after the night that the levers were moved on.",
            field="due_on",
        )


def _cents(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT)
