"""Customer equity and the classes, from the totals that each night leaves."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from clv.models import Valuation, ValuationRun
from common.kept import kept
from crm.models import User
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership
from segments.queries.reasons import say_todays_reasons
from segments.queries.scope import Scope

ZERO = Decimal("0.00")
RUNS_IN_HISTORY = 90


@dataclass(frozen=True, slots=True)
class ClassTile:
    """One class in one run."""

    worth_class: WorthClass
    accounts: int = 0
    customers: int = 0
    clv: Decimal = ZERO
    equity: Decimal = ZERO
    equity_low: Decimal | None = None
    equity_high: Decimal | None = None
    margin_year: Decimal = ZERO
    cost_year: Decimal = ZERO
    came: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class EquityRange:
    """Where customer equity lies with 80 %, and since which back-test that is known.

    `judged_on` is None where no back-test had been made: then it is the usual error.
    """

    low: Decimal
    high: Decimal
    judged_on: dt.date | None


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Customer equity as one run saw it."""

    as_of: dt.date
    equity: Decimal


@dataclass(frozen=True, slots=True)
class RankedAccount:
    """One account's value in a run with the class it stood in on that day."""

    value: Valuation
    worth_class: WorthClass | None
    reason: str


def class_tiles(run: ValuationRun) -> list[ClassTile]:
    """Return the four classes in order of worth, also those without members."""
    totals = {t.worth_class: t for t in ClassTotal.objects.filter(run=run)}
    return [
        _tile(key, totals[key.value]) if key.value in totals else ClassTile(key)
        for key in WorthClass
    ]


def _tile(key: WorthClass, total: ClassTotal) -> ClassTile:
    return ClassTile(
        worth_class=key,
        accounts=total.accounts,
        customers=total.customers,
        clv=total.clv,
        equity=total.customer_equity,
        equity_low=total.equity_low,
        equity_high=total.equity_high,
        margin_year=total.margin_year,
        cost_year=total.cost_year,
        came=total.came,
        left=total.left,
    )


def equity_history(run: ValuationRun) -> list[EquityPoint]:
    """Return customer equity of the published runs up to `run`, oldest first."""
    rows = (
        ClassTotal.objects.filter(
            run__in=ValuationRun.objects.published().filter(as_of__lte=run.as_of)
        )
        .order_by()
        .values_list("run__as_of")
        .annotate(equity=Sum("customer_equity"))
        .order_by("-run__as_of")[:RUNS_IN_HISTORY]
    )
    return [EquityPoint(as_of, equity) for as_of, equity in reversed(rows)]


def equity_range(run: ValuationRun) -> EquityRange | None:
    """Return how sure the equity of a run is; None for runs that did not keep it."""
    if "equity_low" not in run.metrics:
        return None
    judged_on = run.parameters.get("judged_on")
    return EquityRange(
        low=Decimal(run.metrics["equity_low"]),
        high=Decimal(run.metrics["equity_high"]),
        judged_on=dt.date.fromisoformat(judged_on) if judged_on else None,
    )


def previous_run(run: ValuationRun) -> ValuationRun | None:
    """Return the published run before `run`'s day."""
    earlier = ValuationRun.objects.kept().filter(as_of__lt=run.as_of)
    return earlier.order_by("-as_of").first()


def top_customers(run: ValuationRun, user: User, *, size: int) -> list[RankedAccount]:
    """Return the customers of the highest CLV."""
    values = (
        Valuation.objects.of_run(run)
        .visible_to(user)
        .exclude(first_on=None)
        .select_related("account__owner")
        .order_by("-clv", "-account_id")[:size]
    )
    return with_classes(run, values)


def top_in(scope: Scope, *, size: int) -> list[RankedAccount]:
    """Return the customers in scope of the highest CLV."""
    if scope.run is None:
        return []
    if not scope.is_narrowed:
        return top_customers(scope.run, scope.user, size=size)
    best = kept(("best customers", *scope.key, size), lambda: _best(scope, size))
    values = (
        Valuation.objects.of_run(scope.run)
        .filter(account__in=best)
        .select_related("account__owner")
        .order_by("-clv", "-account_id")
    )
    return with_classes(scope.run, values)


def _best(scope: Scope, size: int) -> list[int]:
    """Return whose CLV is highest; nothing but ids, so that it can be kept."""
    rows = scope.values().exclude(first_on=None).order_by("-clv", "-account_id")
    return list(rows.values_list("account_id", flat=True)[:size])


def with_classes(run: ValuationRun, values: Iterable[Valuation]) -> list[RankedAccount]:
    """Add to each value the class of its account on the run's day (three queries)."""
    rows = list(values)
    held = {
        membership.account_id: membership
        for membership in Membership.objects.on(run.as_of).filter(
            account_id__in=[value.account_id for value in rows]
        )
    }
    say_todays_reasons(run, held.values())
    return [_ranked(value, held.get(value.account_id)) for value in rows]


def _ranked(value: Valuation, membership: Membership | None) -> RankedAccount:
    if membership is None:
        return RankedAccount(value, None, "")
    worth_class = WorthClass(membership.worth_class)
    return RankedAccount(value, worth_class, membership.reason)


def equity_of(history: Sequence[EquityPoint]) -> Decimal:
    """Return the newest equity, zero where there is none."""
    return history[-1].equity if history else ZERO


def change_of(history: Sequence[EquityPoint]) -> Decimal | None:
    """Return the change against the run before, None for a first run."""
    if len(history) <= 1:
        return None
    return history[-1].equity - history[-2].equity
