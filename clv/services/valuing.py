"""From what is known of each account and of the firm to what each is worth.

Nothing here reads or writes the database. Money is in cents in `Inputs` and `Results`,
in currency units between them. Any part of the firm can be valued by itself: what
depends on all accounts was learnt before (`clv.services.fitting`).
"""

from dataclasses import dataclass, replace

import numpy as np

from clv.engine import ladder
from clv.engine.breakeven import Economics, expected_breakeven
from clv.engine.common_futures import CommonFutures
from clv.engine.models.repeat_buying import CommonOutlook
from clv.engine.newcomers import Newcomers
from clv.engine.pairs import Pairs
from clv.engine.portfolio import Portfolio
from clv.engine.uncertainty import Intervals, common_intervals, value_intervals
from clv.engine.value import outlook_of_pairs, value_accounts
from clv.policy import (
    FEWEST_ORDERS_OF_ITS_OWN,
    INTERVAL_DRAWS,
    MOST_COMMON_OUTLOOKS,
    MOST_COMMON_PAIRS,
)
from clv.queries.inputs import Inputs
from clv.services import newcomers
from clv.services.contracts import contract_columns
from clv.services.customers import Customers, clock_of, under_contract
from clv.services.learnt import Models
from clv.services.results import (
    STEP_OF_FIT,
    Columns,
    Integers,
    Results,
    Terms,
    checked,
    forecast_columns,
)


@dataclass(frozen=True, slots=True)
class Common:
    """What the accounts of a run have in common, worked out once; None by each block.

    `outlook` is what those who are alive expect; with `futures` an account has the same
    interval whoever it is valued with.
    """

    outlook: CommonOutlook | None = None
    futures: CommonFutures | None = None


def value_inputs(
    inputs: Inputs,
    models: Models,
    terms: Terms,
    by_code: Newcomers | None = None,
    common: Common | None = None,
) -> Results:
    """Value every account: by contract, by its own history, the others "if won".

    `by_code` is what new customers are worth, from `newcomers_of`; worked out if it is
    left out. `common` is what all accounts of a run share, from `common_of`; left out,
    all is worked out and drawn for these accounts alone.

    Raises
    ------
    RunFailedError
        If a value is not finite or too large to be stored; the message names the
        account.
    """
    clock = clock_of(models.seasons, terms)
    ahead = on_clock(models, terms)
    by_code = by_code or newcomers.value_by_code(models, ahead)
    columns = newcomers.columns_of(inputs, models, by_code)
    known = Customers.of(inputs, clock).without_contract(inputs)
    if len(known):
        for name, values in _customers(
            inputs, known, models, ahead, common or Common()
        ).items():
            columns[name][known.rows] = values
    if len(inputs.contracts):
        rows = under_contract(inputs)
        for name, values in contract_columns(inputs, rows, models, terms).items():
            columns[name][rows] = values
    return checked(inputs, columns)


def newcomers_of(models: Models, terms: Terms) -> Newcomers:
    """Return what new customers are worth: once for all accounts of a run."""
    return newcomers.value_by_code(models, on_clock(models, terms))


def on_clock(models: Models, terms: Terms) -> Terms:
    """Return the terms with their horizon on the clock of the firm's seasons."""
    clock = clock_of(models.seasons, terms)
    return replace(terms, horizon_days=clock.ahead(terms.horizon_days))


def common_of(pairs: Pairs, models: Models, terms: Terms) -> Common:
    """Work out and draw what all accounts with these pairs share: once for a run."""
    ahead = on_clock(models, terms)
    return Common(
        _common_outlook(pairs, models, ahead),
        _common_futures(pairs.by_week(), models, ahead),
    )


def _common_outlook(pairs: Pairs, models: Models, terms: Terms) -> CommonOutlook | None:
    if len(pairs) * models.buying.phases > MOST_COMMON_OUTLOOKS:
        return None
    return outlook_of_pairs(
        models.buying,
        pairs,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
    )


def _common_futures(pairs: Pairs, models: Models, terms: Terms) -> CommonFutures | None:
    """Draw the futures of a whole run.

    None where the run draws block by block: earlier runs did, and who has very many
    pairs would need much memory.
    """
    if not models.common_futures or len(pairs) > MOST_COMMON_PAIRS:
        return None
    return CommonFutures.draw(
        pairs,
        np.unique(pairs.frequency) + 1.0,  # the first order starts the history
        model=models.buying,
        spend=models.spend,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
        rng=_chance(terms),
        draws=INTERVAL_DRAWS,
        pace_error=models.pace_error,
        by_phase=models.common_phases
        and len(pairs) * models.buying.phases <= MOST_COMMON_PAIRS,
    )


def _customers(
    inputs: Inputs,
    known: Customers,
    models: Models,
    terms: Terms,
    common: Common,
) -> Columns:
    """Return the columns of customers; the horizon is on the clock of the histories."""
    economics = economics_of(known, models)
    values = value_accounts(
        model=models.buying,
        histories=known.histories,
        margin_per_order=economics.margin_per_order,
        cost_per_order=economics.cost_per_order,
        cost_per_year=economics.cost_per_year,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
        common=common.outlook,
    )
    portfolio = _portfolio(known, economics, models, terms)
    days = expected_breakeven(
        model=models.buying,
        histories=known.histories,
        economics=economics,
        horizon_days=terms.horizon_days,
    )
    days = clock_of(models.seasons, terms).back(days)
    return forecast_columns(
        inputs,
        known.rows,
        step=_steps(known, models),
        values=values,
        span=_intervals(portfolio, models, terms, common.futures),
        expected_days=days,
    )


def economics_of(known: Customers, models: Models) -> Economics:
    """Return what an order and a year of each customer are expected to bring."""
    costs = models.costs.expected(known.ledgers)
    return Economics.check(
        len(known),
        realised_profit=known.realised_profit,
        margin_per_order=models.spend.expected_value(
            known.order_count, known.mean_margin
        ),
        cost_per_order=costs.per_order,
        cost_per_year=costs.per_year,
    )


def _portfolio(
    known: Customers, economics: Economics, models: Models, terms: Terms
) -> Portfolio:
    return Portfolio.check(
        model=models.buying,
        spend=models.spend,
        histories=known.histories,
        order_count=known.order_count,
        mean_margin=known.mean_margin,
        margin_per_order=economics.margin_per_order,
        cost_per_order=economics.cost_per_order,
        cost_per_year=economics.cost_per_year,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
    )


def _steps(known: Customers, models: Models) -> Integers:
    """Return the rung of each customer: who bought once says nothing of a pace."""
    as_fitted = (known.order_count >= FEWEST_ORDERS_OF_ITS_OWN) | (
        models.step != ladder.INDIVIDUAL
    )
    return np.where(as_fitted, STEP_OF_FIT[models.step], 1).astype(np.int64)


def _intervals(
    portfolio: Portfolio, models: Models, terms: Terms, futures: CommonFutures | None
) -> Intervals:
    """Return intervals of the calibrated level."""
    if futures is not None:
        return common_intervals(portfolio, futures, level=models.level)
    return value_intervals(
        portfolio,
        rng=_chance(terms),
        draws=INTERVAL_DRAWS,
        level=models.level,
        pace_error=models.pace_error,
    )


def _chance(terms: Terms) -> np.random.Generator:
    """Return the only source of chance; the day of the run is its seed."""
    return np.random.default_rng(terms.as_of.toordinal())
