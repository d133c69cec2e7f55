"""One origin of the back-test: what every candidate said, and what came.

The hold-out of an origin reaches from the day after it to the day of the back-test.
Origins lie 12, 6 and 3 months back; where the history is shorter than twice the
longest hold-out, all of them shrink alike, so that half of the history is always left
to learn from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from clv.engine.arrays import FloatVector, IndexVector, distinct_rows, frozen, sums_by
from clv.engine.judging.candidates import (
    Field,
    Known,
    cohort_edges,
    cohort_of,
    fit_candidates,
)
from clv.engine.judging.naive import cohort_mean, last_period, rate_times_horizon
from clv.engine.judging.purchases import Outcome, PurchaseLog

HORIZONS_DAYS = (365, 182, 91)
SHORTEST_HORIZON_DAYS = 14
LAST_PERIOD, RATE, COHORT_MEAN = "last_period", "rate", "cohort_mean"
NAIVE_RULES = (LAST_PERIOD, RATE, COHORT_MEAN)

FitField: TypeAlias = Callable[[Known], Field]


@dataclass(frozen=True, slots=True)
class Stack:
    """Forecasts and outcome of one origin, one row per distinct case.

    Attributes
    ----------
    forecasts : float array, shape (m, c)
        Counts by candidate, in the order of the trial's names.
    actual : float array, shape (m,)
    share : float array, shape (m,)
        Share of the accounts in each row; adds up to 1.
    """

    forecasts: FloatVector
    actual: FloatVector
    share: FloatVector


@dataclass(frozen=True, slots=True)
class Trial:
    """One origin.

    Attributes
    ----------
    known : Known
    horizon_days : int
    field : Field of fitted models
    row_counts : float arrays by model, shape (rows,)
        Expected purchase days in the hold-out per distinct history.
    naive_counts : float arrays by rule, shape (n,)
    last_values : float array, shape (n,)
        Money of the last period.
    outcome : Outcome of the n accounts
    """

    known: Known
    horizon_days: int
    field: Field
    row_counts: Mapping[str, FloatVector]
    naive_counts: Mapping[str, FloatVector]
    last_values: FloatVector
    outcome: Outcome

    @property
    def names(self) -> list[str]:
        """Return the candidates that made a forecast, models first."""
        return [*self.row_counts, *self.naive_counts]

    def counts(self, name: str) -> FloatVector:
        """Return the forecast of one candidate per account, shape (n,)."""
        if name in self.naive_counts:
            return self.naive_counts[name]
        return self.row_counts[name][self.known.rows.inverse]

    def mixed_counts(self, weights: Mapping[str, float]) -> FloatVector:
        """Return the weighted mean forecast per account, shape (n,).

        Candidates that dropped out leave their weight to the others.
        """
        present = {name: weights[name] for name in self.names if name in weights}
        whole = sum(present.values())
        rows = np.zeros(len(self.known.rows.histories))
        mixed = np.zeros(len(self.known.log))
        for name, weight in present.items():
            if name in self.row_counts:
                rows += weight / whole * self.row_counts[name]
            else:
                mixed += weight / whole * self.naive_counts[name]
        return frozen(mixed + rows[self.known.rows.inverse])

    def stack(self, names: Sequence[str]) -> Stack:
        """Return what a mix of `names` is fitted to, identical cases merged."""
        first, share = self.distinct_cases()
        table = np.stack([self.counts(name)[first] for name in names], axis=1)
        return Stack(table, self.outcome.counts[first], share)

    def distinct_cases(self) -> tuple[IndexVector, FloatVector]:
        """Return one account per distinct case and the share of accounts like it."""
        first, case = self.cases()
        return first, sums_by(case, np.ones(case.size), first.size) / case.size

    def cases(self) -> tuple[IndexVector, IndexVector]:
        """Return one account per distinct case, and the case of each account.

        Accounts with one history differ in the last period and in what came only.
        """
        rows = self.known.rows.inverse.astype(np.float64)
        last = self.naive_counts[LAST_PERIOD]
        return distinct_rows(rows, last, self.outcome.counts)


def horizons_for(
    reach_days: int, horizons_days: Sequence[int] = HORIZONS_DAYS
) -> list[int]:
    """Return the lengths of the hold-outs for a history of `reach_days`.

    Parameters
    ----------
    reach_days : int >= 0
        Days from the first purchase of all to the day of the back-test.
    horizons_days : sequence of int, longest first

    Returns
    -------
    list of int
        Empty where not even two weeks could be held out.
    """
    scale = min(1.0, reach_days / (2.0 * horizons_days[0]))
    days = [round(scale * horizon) for horizon in horizons_days]
    return [day for day in days if day >= SHORTEST_HORIZON_DAYS]


def try_origin(
    log: PurchaseLog, origin_day: int, horizon_days: int, fit: FitField = fit_candidates
) -> Trial:
    """Let every candidate forecast one hold-out and look what came.

    Parameters
    ----------
    log : PurchaseLog
    origin_day, horizon_days : int
    fit : function of Known
        Sees nothing later than the origin.
    """
    known = Known.at(log, origin_day)
    field = fit(known)
    days = known.clock_days(horizon_days)
    rows = known.rows.histories
    models = {
        name: frozen(model.expected_purchases(rows, horizon_days=days))
        for name, model in field.models.items()
    }
    counts, values = last_period(known.log, origin_day, horizon_days)
    inverse = known.rows.inverse
    cohort = cohort_of(rows, cohort_edges(rows))
    naive = {
        LAST_PERIOD: counts,
        RATE: frozen(rate_times_horizon(rows, days)[inverse]),
        COHORT_MEAN: frozen(cohort_mean(rows, cohort, days)[inverse]),
    }
    outcome = log.outcome(known.log, origin_day, horizon_days)
    return Trial(known, horizon_days, field, models, naive, values, outcome)


def newest_regularity(trials: Sequence[Trial]) -> int | None:
    """Return what the newest origin that fitted regular buyers says."""
    found = [trial.field.regularity for trial in trials if trial.field.regularity]
    return found[-1] if found else None
