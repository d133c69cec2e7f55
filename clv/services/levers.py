"""From what a run has stored to the sums that levers act on.

Factors come from the run's own models. Where they do not give what was stored, as for
accounts under contract, they say in which proportion the stored amounts fall to kinds
of cost. Nothing here writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import sums_by
from clv.engine.clock import Clock
from clv.engine.discounting import DAYS_PER_YEAR, daily_rate, effective_horizon
from clv.engine.groups import NO_GROUP
from clv.engine.ledgers import ORDER
from clv.engine.levers import CostSum, Newcomer, Sums
from clv.engine.parts import Chosen, Learnt, future_parts, newcomer_parts
from clv.models import ValuationRun
from clv.queries.contracts import contract_accounts
from clv.queries.inputs import COST_COLUMNS
from clv.queries.levers import StoredCustomers, stored_customers
from clv.services.changes import chosen_of, learnt_of

Floats = NDArray[np.float64]
LEAST_YEARS = LEAST_COST = 1e-9
LEAST_FLOW = 1e-12
MOST_HELD = 100.0  # nobody stays more than a hundred times as long
LEAST_RATE, MOST_RATE = 0.02, 1.0  # own margin rates that say what revenue to expect
UNEXPLAINED = "other"


@dataclass(frozen=True, slots=True)
class Expected:
    """Discounted expectations of n customers; every vector (n,), currency units.

    `held` is by how much, as a share, orders and years grow if nobody leaves.
    """

    customers: StoredCustomers
    margin: Floats
    revenue: Floats
    costs: Mapping[str, Floats]
    drivers: Mapping[str, str]
    held: Floats

    def with_orders(self, kind: str) -> bool:
        return self.drivers.get(kind) == ORDER

    @property
    def cost(self) -> Floats:
        total = np.zeros_like(self.margin)
        for amount in self.costs.values():
            total = total + amount
        return total

    @property
    def value(self) -> Floats:
        result: Floats = self.margin - self.cost
        return result


def expected_of(
    run: ValuationRun, *, annual_rate: float | None = None
) -> Expected | None:
    """Return what a run expects of each customer.

    None without customers, or where its models were not kept. With `annual_rate`, at
    another discount rate: then amounts are what the stored ones become.
    """
    if not run.parameters:
        return None
    known, learnt, chosen = stored_customers(run), learnt_of(run), chosen_of(run)
    if not len(known):
        return None
    by_contract = np.isin(known.account_id, contract_accounts(run))
    found = _expected(known, learnt, chosen, run, by_contract)
    if annual_rate is None or annual_rate == chosen.annual_rate:
        return found
    other = replace(chosen, annual_rate=annual_rate)
    return _at_rate(found, known, learnt, (chosen, other), run)


def _expected(
    known: StoredCustomers,
    learnt: Learnt,
    chosen: Chosen,
    run: ValuationRun,
    by_contract: NDArray[np.bool_],
) -> Expected:
    parts = _parts(known, learnt, chosen, run)
    margin, cost = known.expected_margin / 100.0, known.expected_cost / 100.0
    most = _most_years(learnt, chosen, run)
    years = np.maximum(parts.years, LEAST_YEARS)
    held = known.probability_alive * most / years - 1.0
    held = np.where(by_contract, _held_by_contract(known, chosen), held)
    raw = {
        kind: rate * (parts.orders if parts.serving.drivers[kind] == ORDER else years)
        for kind, rate in parts.serving.by_kind.items()
    }
    return Expected(
        customers=known,
        margin=margin,
        revenue=_revenue(known, margin),
        costs=_scaled(raw, cost),
        drivers=parts.serving.drivers,
        held=np.clip(held, 0.0, MOST_HELD),
    )


def _parts(
    known: StoredCustomers, learnt: Learnt, chosen: Chosen, run: ValuationRun
) -> Any:
    return future_parts(
        learnt,
        chosen,
        order_days=known.order_days,
        recency_days=known.recency_days,
        age_days=known.age_days,
        mean_margin=known.margin / 100.0 / np.maximum(known.order_days, 1),
        costs={
            kind: getattr(known, column) / 100.0
            for kind, column in COST_COLUMNS.items()
        },
        revenue=known.revenue / 100.0,
        group_code=known.group_code,
        as_of_day=run.as_of.toordinal(),
    )


def _most_years(learnt: Learnt, chosen: Chosen, run: ValuationRun) -> float:
    """Return the discounted years of a customer who never leaves."""
    clock = Clock(learnt.seasons, run.as_of.toordinal())
    days = effective_horizon(chosen.annual_rate, clock.ahead(chosen.horizon_days))
    delta = daily_rate(chosen.annual_rate)
    whole = -np.expm1(-delta * days) / delta if delta else days
    return float(whole) / DAYS_PER_YEAR


def _held_by_contract(known: StoredCustomers, chosen: Chosen) -> Floats:
    """Return the same under contract: every year brings what the next one does."""
    delta = daily_rate(chosen.annual_rate)
    days = effective_horizon(chosen.annual_rate, chosen.horizon_days)

    def annuity(span: float) -> float:
        return float(-np.expm1(-delta * span) / delta) if delta else span

    near = min(DAYS_PER_YEAR, days)
    most = known.expected_margin_year * (annuity(days) / max(annuity(near), 1e-9))
    some = known.expected_margin > 0
    return np.where(some, most / np.where(some, known.expected_margin, 1) - 1.0, 0.0)


def _revenue(known: StoredCustomers, margin: Floats) -> Floats:
    """Return expected revenue: expected margin at the margin rate to date.

    An account whose own rate says nothing, such as one that lost money so far, is
    taken at that of all; at its own revenue per order where all together lost.
    """
    revenue = known.revenue / 100.0
    rate = known.margin / 100.0 / np.where(revenue > 0.0, revenue, 1.0)
    speaks = (revenue > 0.0) & (rate >= LEAST_RATE) & (rate <= MOST_RATE)
    total = float(revenue.sum())
    firm = float(known.margin.sum()) / 100.0 / total if total > 0.0 else 0.0
    fallback = margin / firm if LEAST_RATE <= firm <= MOST_RATE else _per_order(known)
    own = margin / np.where(speaks, rate, 1.0)
    return np.maximum(np.where(speaks, own, fallback), 0.0)


def _per_order(known: StoredCustomers) -> Floats:
    mean = known.revenue / 100.0 / np.maximum(known.order_days, 1)
    result: Floats = known.expected_orders * mean
    return result


def _scaled(raw: Mapping[str, Floats], cost: Floats) -> dict[str, Floats]:
    """Return costs by kind that sum to the stored cost of each account."""
    total = np.sum(list(raw.values()), axis=0, initial=0.0)
    is_said = np.abs(total) > LEAST_COST
    times = np.where(is_said, cost / np.where(is_said, total, 1.0), 0.0)
    costs = {kind: amount * times for kind, amount in raw.items()}
    left = np.where(is_said, 0.0, cost)
    costs[UNEXPLAINED] = costs.get(UNEXPLAINED, np.zeros_like(cost)) + left
    return costs


def _at_rate(
    found: Expected,
    known: StoredCustomers,
    learnt: Learnt,
    both: tuple[Chosen, Chosen],
    run: ValuationRun,
) -> Expected:
    """Return expectations at another rate: stored ones in proportion to the models'."""
    was, now = (_parts(known, learnt, chosen, run) for chosen in both)
    orders = _ratio(now.orders, was.orders)
    years = _ratio(now.years, was.years)
    most_was, most_now = (_most_years(learnt, chosen, run) for chosen in both)
    longer = most_now / max(most_was, LEAST_YEARS)
    return replace(
        found,
        margin=found.margin * orders,
        revenue=found.revenue * orders,
        costs={
            kind: amount * (orders if found.with_orders(kind) else years)
            for kind, amount in found.costs.items()
        },
        held=np.clip((found.held + 1.0) * longer / years - 1.0, 0.0, MOST_HELD),
    )


def _ratio(now: Floats, was: Floats) -> Floats:
    some = was > LEAST_FLOW
    return np.where(some, now / np.where(some, was, 1.0), 1.0)


def sums_of(
    found: Expected, group: NDArray[np.intp], groups: int
) -> list[tuple[int, Sums, float]]:
    """Return customers, sums and variance of each group; amounts are whole cents.

    Margin and cost of a group are what is stored, to the cent: the largest kind takes
    what rounding leaves.
    """
    rows = np.where(group == NO_GROUP, groups, group)

    def summed(values: Floats) -> Floats:
        return sums_by(rows, values, groups + 1)

    plain = {k: summed(v) for k, v in found.costs.items()}
    held = {k: summed(v * found.held) for k, v in found.costs.items()}
    margin = summed(found.customers.expected_margin.astype(np.float64))
    cost = summed(found.customers.expected_cost.astype(np.float64))
    revenue, revenue_held = summed(found.revenue), summed(found.revenue * found.held)
    margin_held = summed(found.margin * found.held)
    variance = summed(found.customers.future_spread**2)
    counts = np.bincount(rows, minlength=groups + 1)
    result = []
    for place in range(groups + 1):
        cents = _to_cents({k: v[place] for k, v in plain.items()}, int(cost[place]))
        sums = Sums(
            margin=int(margin[place]) / 100.0,
            revenue=round(float(revenue[place]), 2),
            margin_held=float(margin_held[place]),
            revenue_held=float(revenue_held[place]),
            costs={
                kind: CostSum(
                    amount / 100.0, float(held[kind][place]), found.with_orders(kind)
                )
                for kind, amount in cents.items()
            },
        )
        result.append((int(counts[place]), sums, float(variance[place])))
    return result


def _to_cents(costs: Mapping[str, Any], whole: int) -> dict[str, int]:
    cents = {kind: round(float(amount) * 100.0) for kind, amount in costs.items()}
    largest = max(cents, key=lambda kind: abs(cents[kind]))
    cents[largest] += whole - sum(cents.values())
    return cents


def newcomer_of(run: ValuationRun, known: StoredCustomers) -> Newcomer:
    """Return a new customer of whom nothing is known, by what the run has learnt."""
    learnt, chosen = learnt_of(run), chosen_of(run)
    parts = newcomer_parts(learnt, chosen, run.as_of.toordinal())
    margin, rate = float(parts.margin_per_order[0]), _margin_rate(run, known)
    orders, years = float(parts.orders[0]) - 1.0, float(parts.years[0])
    stays = _most_years(learnt, chosen, run) / max(years, LEAST_YEARS) - 1.0
    rates = {k: float(v[0]) for k, v in parts.serving.by_kind.items()}
    drivers = parts.serving.drivers
    first = {k: r for k, r in rates.items() if drivers[k] == ORDER}
    later = {
        k: r * (orders if drivers[k] == ORDER else years) for k, r in rates.items()
    }
    stays = min(max(stays, 0.0), MOST_HELD)
    return Newcomer(
        first=_sums(margin, rate, first, drivers, 0.0),
        later=_sums(margin * orders, rate, later, drivers, stays),
        cost_to_win=learnt.cost_to_win,
    )


def _sums(
    margin: float,
    rate: float,
    costs: Mapping[str, float],
    drivers: Mapping[str, str],
    held: float,
) -> Sums:
    revenue = max(margin / rate, 0.0)
    return Sums(
        margin=margin,
        revenue=revenue,
        margin_held=margin * held,
        revenue_held=revenue * held,
        costs={
            k: CostSum(amount, amount * held, drivers[k] == ORDER)
            for k, amount in costs.items()
        },
    )


def _margin_rate(run: ValuationRun, known: StoredCustomers) -> float:
    """Return the margin rate of all customers, else the one that is assumed."""
    total = float(known.revenue.sum())
    rate = float(known.margin.sum()) / total if total > 0.0 else 0.0
    if LEAST_RATE <= rate <= MOST_RATE:
        return rate
    return float(run.assumptions.margin_rate_if_cost_unknown) or MOST_RATE
