"""What accounts without orders are worth if won, from what a night has learnt.

Nothing here reads or writes the database.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.choices import LadderStep
from clv.engine import ladder
from clv.engine.likeness import Likeness, everybody
from clv.engine.newcomers import Newcomers, value_newcomers
from clv.engine.newcomers import Terms as EngineTerms
from clv.engine.totals import reach_of
from clv.policy import NEWCOMER_DRAWS
from clv.queries.inputs import Inputs
from clv.services.learnt import Models
from clv.services.results import NO_DAY, NO_PROBABILITY, STEPS, UNKNOWN, Terms

Columns = dict[str, NDArray[Any]]


def likeness_of(models: Models) -> Likeness:
    """Return how new customers differ; all are alike where that was not learnt."""
    return models.likeness or everybody(models.spend, models.cost_to_win)


def value_by_code(models: Models, terms: Terms) -> Newcomers:
    """Value a new customer of each trait code; the day of the run is the seed."""
    costs = models.costs.of_newcomer
    return value_newcomers(
        likeness_of(models),
        buying=models.buying,
        spend=models.spend,
        terms=EngineTerms(
            cost_per_order=float(costs.per_order[0]),
            cost_per_year=float(costs.per_year[0]),
            annual_rate=terms.annual_rate,
            horizon_days=terms.horizon_days,
            margin_is_known=models.spend_step != ladder.ASSUMED,
        ),
        rng=np.random.default_rng(terms.as_of.toordinal()),
        draws=NEWCOMER_DRAWS,
        level=models.level,
    )


def columns_of(inputs: Inputs, models: Models, by_code: Newcomers) -> Columns:
    """Return columns that give every account the worth of a new customer like it.

    `by_code` is what `value_by_code` gave: the same for all accounts of a run.
    """
    rows = likeness_of(models).rows_of(inputs.trait_code)
    width = 2.0 * reach_of(models.level)  # of the interval, in deviations
    columns: Columns = {
        name: values[rows]
        for name, values in {
            "expected_orders": by_code.orders,
            "expected_orders_year": by_code.orders_year,
            "expected_margin": by_code.margin,
            "expected_margin_year": by_code.margin_year,
            "expected_cost": by_code.cost,
            "expected_cost_year": by_code.cost_year,
            "future_low": by_code.low,
            "future_high": by_code.high,
            "future_spread": (by_code.high - by_code.low) / width,
        }.items()
    }
    count = len(inputs)
    return columns | {
        "step": np.full(count, STEPS.index(LadderStep.ASSUMPTION)),
        "probability_alive": np.full(count, NO_PROBABILITY),
        "break_even": np.full(count, UNKNOWN),
        "break_even_days": np.full(count, NO_DAY),
    }
