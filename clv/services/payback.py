"""Between which days an account that is not paid back yet is expected to be."""

import dataclasses
import datetime as dt
from dataclasses import dataclass

import numpy as np

from clv.choices import BreakEven
from clv.engine.breakeven import BreakEvenRange, Economics, breakeven_range
from clv.engine.clock import Clock
from clv.models import ContractValuation, Valuation, ValuationRun
from clv.policy import INTERVAL_DRAWS
from clv.queries.contracts import staged_contracts
from clv.queries.inputs import staged_inputs
from clv.services.changes import chosen_of, learnt_of
from clv.services.contracts import contract_payback
from clv.services.learnt import Models
from clv.services.results import Terms
from clv.services.tree import parts_of
from common.templatetags.display import day, share

OPEN = frozenset({BreakEven.EXPECTED, BreakEven.NOT_EXPECTED})


@dataclass(frozen=True, slots=True)
class Payback:
    """The central 80 % of the simulated futures of one account.

    `low_on` and `high_on` are None where the future pays nothing back within the
    horizon; `probability` is the share of futures that do pay back.
    """

    low_on: dt.date | None
    high_on: dt.date | None
    probability: float
    horizon_months: int

    @property
    def sentence(self) -> str:
        chance = f"{share(self.probability)} likely within {self.horizon_months} months"
        if self.low_on is None:
            return chance
        if self.high_on is None:
            return f"80 % not before {day(self.low_on)}, {chance}"
        return f"80 % between {day(self.low_on)} and {day(self.high_on)}, {chance}"


def payback_of(*, value: Valuation, run: ValuationRun) -> Payback | None:
    """Return the range of one stored value, from the models of its run.

    None for accounts that are paid back or never ordered, and for runs that kept no
    models.
    """
    if value.break_even not in OPEN or value.first_on is None or not run.parameters:
        return None
    if ContractValuation.objects.filter(run=run, account_id=value.account_id).exists():
        found = _by_contract(value.account_id, run)
        return _payback(run, found, found.low_days[0], found.high_days[0])
    clock, found = _by_orders(value, run)
    low, high = clock.back(np.append(found.low_days, found.high_days))
    return _payback(run, found, low, high)


def _payback(
    run: ValuationRun, found: BreakEvenRange, low: float, high: float
) -> Payback:
    return Payback(
        low_on=_day(run.as_of, low),
        high_on=_day(run.as_of, high),
        probability=float(found.probability[0]),
        horizon_months=run.assumptions.horizon_months,
    )


def _by_contract(account_id: int, run: ValuationRun) -> BreakEvenRange:
    stored = (
        f"(SELECT * FROM clv_valuation WHERE run_id = {run.pk}"
        f" AND account_id = {account_id}) stored"
    )
    inputs = dataclasses.replace(
        staged_inputs(stored, run.as_of),
        contracts=staged_contracts(
            run.pk, run.as_of, first=account_id, last=account_id
        ),
    )
    models = Models.from_parameters(run.parameters)
    terms = Terms.of(run.assumptions, run.as_of)
    return contract_payback(inputs, np.arange(len(inputs)), models, terms)


def _by_orders(value: Valuation, run: ValuationRun) -> tuple[Clock, BreakEvenRange]:
    learnt, chosen = learnt_of(run), chosen_of(run)
    parts = parts_of(value, run, learnt, chosen)
    clock = Clock(learnt.seasons, run.as_of.toordinal())
    first_on = value.first_on or run.as_of
    last_on = value.last_on or first_on
    return clock, breakeven_range(
        model=learnt.buying,
        spend=learnt.spend,
        histories=clock.histories(
            np.array([value.order_days]),
            np.array([(last_on - first_on).days]),
            np.array([(run.as_of - first_on).days]),
        ),
        order_count=[value.order_days],
        economics=Economics.check(
            1,
            realised_profit=float(value.realised_profit),
            margin_per_order=parts.margin_per_order,
            cost_per_order=parts.cost_per_order,
            cost_per_year=parts.cost_per_year,
        ),
        horizon_days=clock.ahead(chosen.horizon_days),
        rng=np.random.default_rng(run.as_of.toordinal()),
        draws=INTERVAL_DRAWS,
    )


def _day(as_of: dt.date, days: float) -> dt.date | None:
    return as_of + dt.timedelta(days=int(np.ceil(days))) if np.isfinite(days) else None
