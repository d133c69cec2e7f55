"""Margin by month from what a night knows and has learnt.

Nothing here reads or writes the database.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import sums_by
from clv.engine.contracts import value_contracts
from clv.engine.forecast import Accounts, Course, Months, monthly_course
from clv.policy import RENEWAL_GRACE_DAYS
from clv.queries.inputs import Inputs
from clv.services.contracts import contract_money, running
from clv.services.customers import Customers, clock_of, under_contract
from clv.services.learnt import Models
from clv.services.results import Terms
from clv.services.valuing import economics_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knew, learnt and found.

    `orders` are those expected of each account of the inputs, `spread` the standard
    deviation of its future value.
    """

    inputs: Inputs
    models: Models
    terms: Terms
    orders: Floats
    spread: Floats


@dataclass(frozen=True, slots=True)
class Grouped:
    """The group of each account of the inputs, a number below `count`."""

    number: NDArray[np.intp]
    count: int


def months_of(terms: Terms) -> Months:
    return Months.ahead(terms.as_of, terms.horizon_days)


def course_of(known: Known, groups: Grouped) -> Course:
    """Return what customers of each group are expected to bring, month by month."""
    course = _by_orders(known, groups)
    if len(known.inputs.contracts):
        course += _by_contract(known, groups)
    return course


def variance_of(known: Known, groups: Grouped) -> Floats:
    """Return the sum of the variances of each group's customers."""
    rows = np.flatnonzero(known.inputs.order_days > 0)
    return sums_by(groups.number[rows], known.spread[rows] ** 2, groups.count)


def _by_orders(known: Known, groups: Grouped) -> Course:
    inputs, models, terms = known.inputs, known.models, known.terms
    clock = clock_of(models.seasons, terms)
    customers = Customers.of(inputs, clock).without_contract(inputs)
    if not len(customers):
        nothing = np.zeros((groups.count, len(months_of(terms))))
        return Course(nothing, nothing, nothing, nothing)
    economics = economics_of(customers, models)
    accounts = Accounts(
        histories=customers.histories,
        group=groups.number[customers.rows],
        groups=groups.count,
        orders=known.orders[customers.rows],
        margin_per_order=economics.margin_per_order,
        cost_per_order=economics.cost_per_order,
        cost_per_year=economics.cost_per_year,
        margin_scatter=1.0 / models.spend.p,
    )
    ends = [clock.ahead(end) for end in months_of(terms).ends.tolist()]
    return monthly_course(accounts, models.buying, np.array(ends))


def _by_contract(known: Known, groups: Grouped) -> Course:
    """Return the same of accounts under contract, whose renewal days are known."""
    inputs, models = known.inputs, known.models
    rows = under_contract(inputs)
    learnt, money = contract_money(inputs, rows, models)
    agreed = running(inputs.contracts, learnt)
    parts: list[list[Floats]] = [[], [], []]
    for end in months_of(known.terms).ends.tolist():
        values = value_contracts(
            models=learnt.models,
            running=agreed,
            money=money,
            annual_rate=0.0,
            horizon_days=end,
            grace_days=float(RENEWAL_GRACE_DAYS),
        )
        found = values.expected_orders, values.expected_margin, values.expected_cost
        for kept, one in zip(parts, found, strict=True):
            kept.append(sums_by(groups.number[rows], one, groups.count))
    orders, margin, cost = (
        np.diff(np.stack(part, axis=1), axis=1, prepend=0.0) for part in parts
    )
    return Course(orders, margin, cost, np.zeros_like(margin))
