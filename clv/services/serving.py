"""Learning what serving costs, keeping it with the run, and naming absurd entries."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from clv.choices import CostDriver
from clv.engine.arrays import BoolVector, FloatVector
from clv.engine.costs import (
    Bounds,
    CostRates,
    CostToServe,
    fit_cost_to_serve,
)
from clv.engine.credibility import Scatter
from clv.engine.ledgers import Grouping, Ledgers
from clv.engine.outliers import drawn_in, far_out
from clv.policy import SIZE_BOUNDS
from clv.queries.inputs import SUM_OVER_TIME, SUM_PER_ORDER


def learn_costs(ledgers: Ledgers, *, drivers: Mapping[str, str]) -> CostToServe:
    """Learn the rates of every kind; absurd amounts teach nothing of others."""
    served = sum(np.abs(ledgers.costs[kind]) for kind in drivers)
    absurd = {
        kind: far_out(
            ledgers.costs[kind],
            instead=(served, ledgers.revenue),
            within=ledgers.revenue,
        ).is_absurd
        for kind in drivers
    }
    return fit_cost_to_serve(
        replace(ledgers, costs=_learnt_from(ledgers, absurd)),
        drivers=drivers,
        grouping=Grouping(SIZE_BOUNDS, int(ledgers.group_code.max(initial=-1)) + 1),
        left_out=absurd,
    )


def _learnt_from(
    ledgers: Ledgers, absurd: Mapping[str, BoolVector]
) -> dict[str, FloatVector]:
    """Return costs as others learn from them; absurd ones teach nothing anyway."""
    learnt = {}
    for kind, is_absurd in absurd.items():
        learnt[kind] = ledgers.costs[kind].copy()
        learnt[kind][~is_absurd] = drawn_in(learnt[kind][~is_absurd])
    return learnt


def usual_cost_to_win(won: FloatVector, revenue: FloatVector) -> FloatVector:
    """Return what winning each cost; absurd amounts get the mean of the others."""
    is_absurd = far_out(won, instead=(revenue,), within=revenue).is_absurd
    usual = drawn_in(won[~is_absurd])
    result = np.full(won.size, usual.mean() if usual.size else 0.0)
    result[~is_absurd] = usual
    return result


def as_parameters(costs: CostToServe) -> dict[str, Any]:
    """Return what JSON can keep of the rates, digit by digit."""
    return {
        "drivers": dict(costs.drivers),
        "size_bounds": list(costs.grouping.size_bounds),
        "classes": costs.grouping.classes,
        "rates": {kind: _rates_as_stored(r) for kind, r in costs.rates.items()},
    }


def from_parameters(stored: Mapping[str, Any]) -> CostToServe:
    """Rebuild the rates from the parameters of a run.

    Runs from before there were kinds know two sums of them.
    """
    kept = stored.get("costs")
    if kept is None:
        return CostToServe(
            {SUM_PER_ORDER: CostDriver.ORDER, SUM_OVER_TIME: CostDriver.YEAR},
            {
                SUM_PER_ORDER: _rates_from_stored(stored["per_order"]),
                SUM_OVER_TIME: _rates_from_stored(stored["per_year"]),
            },
            Grouping(),
        )
    return CostToServe(
        kept["drivers"],
        {kind: _rates_from_stored(rates) for kind, rates in kept["rates"].items()},
        Grouping(tuple(kept["size_bounds"]), kept["classes"]),
    )


def _rates_as_stored(rates: CostRates) -> dict[str, Any]:
    stored = {
        field.name: getattr(rates, field.name) for field in dataclasses.fields(rates)
    }
    stored["group_means"] = rates.group_means.tolist()
    if rates.bounds is not None:
        stored["bounds"] = {
            "centres": rates.bounds.centres.tolist(),
            "scatter": dataclasses.asdict(rates.bounds.scatter),
        }
    return stored


def _rates_from_stored(stored: Mapping[str, Any]) -> CostRates:
    values = dict(stored)
    values["group_means"] = np.array(stored["group_means"], dtype=np.float64)
    bounds = stored.get("bounds")
    if bounds is not None:
        centres = np.array(bounds["centres"], dtype=np.float64)
        values["bounds"] = Bounds(centres, Scatter(**bounds["scatter"]))
    return CostRates(**values)
