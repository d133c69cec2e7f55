"""Between which days an account that is not paid back yet is expected to be.

The night works it out for all such accounts at once and keeps it while its run is the
current one; for days of the past it is worked out when somebody asks.
"""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.choices import BreakEven
from clv.engine.breakeven import (
    NOT_EXPECTED,
    BreakEvenRange,
    Economics,
    breakeven_range,
)
from clv.engine.clock import Clock
from clv.models import ContractValuation, PaybackRange, Valuation, ValuationRun
from clv.policy import INTERVAL_DRAWS
from clv.queries.contracts import staged_contracts
from clv.queries.inputs import Inputs, staged_inputs
from clv.services.changes import chosen_of, learnt_of
from clv.services.contracts import contract_payback
from clv.services.customers import Customers, clock_of, under_contract
from clv.services.learnt import Models
from clv.services.results import Terms
from clv.services.tree import parts_of
from clv.services.valuing import economics_of, on_clock
from common.copying import Written, write_table
from common.templatetags.display import day, share

FARTHEST = 100_000.0  # days; nothing is expected that far ahead
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
    kept = PaybackRange.objects.filter(run=run, account_id=value.account_id).first()
    if kept is not None:
        return kept_payback(kept, run)
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


def kept_payback(kept: PaybackRange, run: ValuationRun) -> Payback:
    """Return what the night has kept of one account of its run."""
    return Payback(
        low_on=kept.low_on,
        high_on=kept.high_on,
        probability=kept.probability,
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


# -- All of them, each night -----------------------------------------------------------


def keep_ranges(run: ValuationRun, inputs: Inputs, models: Models) -> int:
    """Keep the ranges of all accounts that are not paid back; return how many.

    Those of earlier runs go: they are worked out again when somebody asks for them.
    Call it in a transaction.
    """
    terms = Terms.of(run.assumptions, run.as_of)
    free, owing = _of_orders(inputs, models, terms)
    agreed = under_contract(inputs)
    parts = [(inputs.account_id[free], owing)]
    if agreed.size:
        found = contract_payback(inputs, agreed, models, terms)
        rows = np.flatnonzero(inputs.realised_profit[agreed] < 0)
        parts.append((inputs.account_id[agreed[rows]], _taken(found, rows)))
    PaybackRange.objects.all().delete()
    return sum(_write(run, accounts, found) for accounts, found in parts)


def _of_orders(
    inputs: Inputs, models: Models, terms: Terms
) -> tuple[NDArray[np.intp], BreakEvenRange]:
    """Return where those without contract that owe stand, and their ranges."""
    clock = clock_of(models.seasons, terms)
    known = Customers.of(inputs, clock).without_contract(inputs)
    known = known.take(np.flatnonzero(known.realised_profit < 0.0))
    found = breakeven_range(
        model=models.buying,
        spend=models.spend,
        histories=known.histories,
        order_count=known.order_count,
        economics=economics_of(known, models),
        horizon_days=on_clock(models, terms).horizon_days,
        rng=np.random.default_rng(terms.as_of.toordinal()),
        draws=INTERVAL_DRAWS,
    )
    low, high = clock.back(found.low_days), clock.back(found.high_days)
    return known.rows, BreakEvenRange(low, high, found.probability)


def _taken(found: BreakEvenRange, rows: NDArray[np.intp]) -> BreakEvenRange:
    return BreakEvenRange(
        found.low_days[rows], found.high_days[rows], found.probability[rows]
    )


def _write(run: ValuationRun, accounts: Any, found: BreakEvenRange) -> int:
    today = (run.as_of - dt.date(1970, 1, 1)).days
    ends = {"low_on": found.low_days, "high_on": found.high_days}
    days = {name: np.ceil(np.minimum(end, FARTHEST)) for name, end in ends.items()}
    columns = {
        "run_id": Written("i8", np.full(accounts.size, run.pk)),
        "account_id": Written("i8", accounts),
        "probability": Written("f8", found.probability),
        **{
            name: Written(
                "date", today + day.astype(np.int64), ends[name] == NOT_EXPECTED
            )
            for name, day in days.items()
        },
    }
    return write_table(PaybackRange._meta.db_table, columns) if accounts.size else 0
