"""Assumptions: drafted by one person, seen in their effect, published for all."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from clv.choices import CostDriver, PriorStrength, RunKind, RunStatus
from clv.engine.priors import highest_share_leaving
from clv.errors import (
    AssumptionsOutdatedError,
    AssumptionsRefusedError,
    NothingToPublishError,
)
from clv.models import (
    Assumptions,
    AssumptionsDraft,
    AssumptionsPreview,
    ValuationRun,
)
from clv.policy import (
    COST_DRIVERS,
    FEWEST_ORDERS_A_YEAR,
    LARGEST_MARGIN_PER_ORDER,
    LONGEST_HORIZON_MONTHS,
    MOST_LEAVING,
    MOST_ORDERS_A_YEAR,
)
from clv.services import previews, runs
from common.errors import StaleRecordError
from common.templatetags.display import day, share
from common.versions import save_changes
from crm.models import User
from crm.services import audit

_ADVISORY_LOCK = 5_310_131
LONGEST_REASON = 300

Numbers = Mapping[str, Any]


def faults(numbers: Numbers) -> dict[str, str]:
    """Return what is wrong with each of `numbers`, nothing where all can be assumed."""
    found = {name: _outside(name, value) for name, value in numbers.items()}
    found["prior_share_leaving"] = found.get("prior_share_leaving") or _too_many_leave(
        numbers
    )
    return {name: text for name, text in found.items() if text}


# Lowest and highest value of each number, with what to say beyond.
LIMITS: Mapping[str, tuple[float, float, str]] = {
    "annual_rate": (0, 1, "A yearly rate lies between 0 and 100 %."),
    "horizon_months": (
        1,
        LONGEST_HORIZON_MONTHS,
        f"Look 1 to {LONGEST_HORIZON_MONTHS} months ahead.",
    ),
    "margin_rate_if_cost_unknown": (0, 1, "A margin lies between 0 and 100 %."),
    "retention_effect": (0, 1, "A share lies between 0 and 100 %."),
    "response_scale": (0.0001, 1, "A share above 0 and up to 100 %."),
    "prior_orders_per_year": (
        FEWEST_ORDERS_A_YEAR,
        MOST_ORDERS_A_YEAR,
        f"From {FEWEST_ORDERS_A_YEAR} to {MOST_ORDERS_A_YEAR}; those of a day are one.",
    ),
    "prior_share_leaving": (
        0.0001,
        MOST_LEAVING,
        f"More than 0 and at most {MOST_LEAVING:.0%} leave within a year.",
    ),
    "prior_margin_per_order": (
        0.01,
        LARGEST_MARGIN_PER_ORDER,
        "A typical margin is above 0, and below a thousand millions.",
    ),
}


def _outside(name: str, value: Any) -> str:
    if name == "cost_drivers":
        return _unknown_drivers(value)
    if name == "prior_strength":
        return "" if value in PriorStrength.values else "Choose one of the three."
    if name not in LIMITS:
        return ""
    low, high, text = LIMITS[name]
    if value is None:
        return "" if name.startswith("prior_") else "Say how much."
    return "" if Decimal(str(low)) <= value <= Decimal(str(high)) else text


def _unknown_drivers(drivers: Any) -> str:
    if not isinstance(drivers, Mapping):
        return "Name kinds of cost and what each grows with."
    for kind, driver in drivers.items():
        if kind not in COST_DRIVERS:
            return f"No cost to serve is called {kind}."
        if driver not in CostDriver.values:
            return f"A cost grows with {' or '.join(CostDriver.values)}."
    return ""


def _too_many_leave(numbers: Numbers) -> str:
    """Say so if more leave than place an order: customers leave after one."""
    orders = numbers.get("prior_orders_per_year")
    leaving = numbers.get("prior_share_leaving")
    if not orders or not leaving or orders < 0:
        return ""
    most = highest_share_leaving(float(orders))
    if float(leaving) <= most:
        return ""
    return (
        f"At {orders:g} orders a year at most {share(most)} can leave within one,"
        " since customers leave after an order."
    )


@transaction.atomic
def save_draft(
    *,
    actor: User,
    numbers: Numbers,
    based_on: int,
    expected_version: int | None = None,
) -> AssumptionsDraft:
    """Keep what `actor` is about to publish, and have its effect worked out.

    Without values of accounts the draft is kept and nothing worked out.

    Raises
    ------
    AssumptionsRefusedError
        If a number cannot be assumed.
    NothingToPublishError
        If all are as they are now.
    AssumptionsOutdatedError
        If the numbers that count are not version `based_on` any more.
    StaleRecordError
        If the draft was changed since `expected_version` was read.
    """
    current = _checked(numbers, based_on)
    complete = _completed(current, numbers)
    draft = AssumptionsDraft.objects.filter(author=actor).first()
    if draft is None:
        draft = AssumptionsDraft.objects.create(
            author=actor, based_on=current, **complete
        )
    else:
        draft = save_changes(
            draft, expected_version=expected_version, based_on=current, **complete
        )
    if previews.compared_run() is None:
        previews.throw_away(author=actor)
    else:
        previews.request_preview(actor=actor, numbers=draft.numbers, based_on=current)
    return draft


def request_preview(
    *, actor: User, numbers: Numbers, based_on: int
) -> AssumptionsPreview:
    """Have the effect of `numbers` worked out without keeping a draft.

    Raises
    ------
    AssumptionsRefusedError, NothingToPublishError, AssumptionsOutdatedError
        As `save_draft`.
    NothingToValueError
        If no account has been valued yet.
    """
    current = _checked(numbers, based_on)
    complete = _completed(current, numbers)
    return previews.request_preview(actor=actor, numbers=complete, based_on=current)


@transaction.atomic
def discard_draft(*, actor: User) -> None:
    """Throw the draft of `actor` away, and what was worked out of it."""
    AssumptionsDraft.objects.filter(author=actor).delete()
    previews.throw_away(author=actor)


@transaction.atomic
def publish_draft(
    *, actor: User, reason: str, run_now: bool, expected_version: int
) -> Assumptions:
    """Publish what `actor` has drafted.

    Raises
    ------
    StaleRecordError
        If the draft is gone, or was changed since `expected_version` was read.
    """
    rows = AssumptionsDraft.objects.select_for_update().filter(author=actor)
    draft = rows.first()
    if draft is None or draft.version != expected_version:
        raise StaleRecordError
    return publish(
        actor=actor,
        numbers=draft.numbers,
        based_on=draft.based_on_id,
        reason=reason,
        run_now=run_now,
    )


@transaction.atomic
def publish(
    *,
    actor: User,
    numbers: Numbers,
    based_on: int,
    reason: str,
    run_now: bool = False,
) -> Assumptions:
    """Make `numbers` the assumptions of every run from now on.

    Numbers that are left out stay. With `run_now` a run is asked for; otherwise they
    wait for the night. The draft and the previews of `actor` are thrown away.

    Raises
    ------
    AssumptionsRefusedError
        If a number cannot be assumed or no reason is given.
    NothingToPublishError
        If all are as they are now.
    AssumptionsOutdatedError
        If somebody published since version `based_on` was read.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    current = _checked(numbers, based_on)
    if not reason.strip():
        raise AssumptionsRefusedError("Say why, for those who ask.", field="reason")
    complete = _completed(current, numbers)
    seen = previews.seen_effect(author=actor, numbers=complete, based_on=current)
    made = Assumptions.objects.create(
        **complete,
        author=actor,
        reason=reason.strip()[:LONGEST_REASON],
        equity_before=seen[0] if seen else None,
        equity_after=seen[1] if seen else None,
    )
    discard_draft(actor=actor)
    changed = {
        name: [str(current.numbers[name]), str(value)]
        for name, value in complete.items()
        if value != current.numbers[name]
    }
    audit.record(
        actor=actor,
        action="assumptions.published",
        subject=made,
        reason=made.reason,
        changed=changed,
    )
    # Nobody has begun with these: what waits takes what counts.
    ValuationRun.objects.filter(
        status=RunStatus.QUEUED, kind__in=[RunKind.NIGHTLY, RunKind.ON_DEMAND]
    ).update(assumptions=made)
    if run_now:
        runs.request_run(actor=actor)
    return made


def _checked(numbers: Numbers, based_on: int) -> Assumptions:
    """Return what counts now, if `numbers` can follow it."""
    current = Assumptions.objects.select_related("author").current()
    if current.pk != based_on:
        raise AssumptionsOutdatedError(_who_was_faster(current))
    complete = _completed(current, numbers)
    for name, text in faults(complete).items():
        raise AssumptionsRefusedError(text, field=name)
    if complete == _completed(current, {}):
        raise NothingToPublishError
    return current


def _completed(current: Assumptions, numbers: Numbers) -> dict[str, Any]:
    """Return all numbers: those that nobody named stay, kinds of cost as well."""
    complete = {**current.numbers, **numbers}
    if isinstance(complete["cost_drivers"], Mapping):
        complete["cost_drivers"] = {
            **current.drivers_by_kind,
            **complete["cost_drivers"],
        }
    return complete


def _who_was_faster(current: Assumptions) -> str:
    who = current.author or "Somebody"
    return (
        f"{who} published version {current.pk} on {day(current.created_at)}"
        f"{f' ({current.reason})' if current.reason else ''} after you had read the one"
        " before. Nothing of yours was published. What you changed stands on top of"
        " that version now: show the effect again."
    )
