"""The demo firm's true model: how its customers come, buy, leave and spend.

The story is that of BG/NBD (Fader, Hardie and Lee 2005), acted out literally: an
account starts with a first order, then waits exponential times at its own rate; after
each repeat order it leaves for good with its own probability. Rates are gamma over
accounts, leaving probabilities beta. Margins per order follow the gamma-gamma story:
each account has a mean margin (inverse gamma), each order scatters around it (gamma).
Size and line of business shift rate and margin a little; a mild season bends the clock.
Every account begins inside the window, so no history is cut off at its start. Some
customers have a yearly contract instead: `crm.services.demo.agreements` tells how.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]

WINDOW_MONTHS = 36
DAYS_PER_YEAR = 365.25
WINDOW_DAYS = round(WINDOW_MONTHS / 12 * DAYS_PER_YEAR)
LEAST_MARGIN = 1_200  # cents; nobody orders for less
SATURDAY = 5
THURSDAY = 3  # weekday of 1970-01-01
WEEK = 7


@dataclass(frozen=True, slots=True)
class Truth:
    """Parameters of the true model; days and euro.

    `r`, `alpha_days`: gamma over purchase rates per day. `a`, `b`: beta over the chance
    of leaving after a repeat order. `margin_mean`: mean over accounts of the margin per
    order; `margin_spread`: shape of the inverse gamma over accounts; `margin_shape`:
    shape of the gamma within an account.
    """

    r: float = 1.6
    alpha_days: float = 88.0
    a: float = 0.9
    b: float = 11.0
    margin_mean: float = 200.0
    margin_spread: float = 3.4
    margin_shape: float = 3.5
    margin_least: float = 45.0
    margin_most: float = 1_500.0
    prospects: float = 0.10
    darlings: float = 0.012
    # Share of customers under contract; Beta over their chance to leave each year.
    contracts: float = 0.06
    renewal_alpha: float = 0.9
    renewal_beta: float = 4.0
    gems: float = 0.015
    returned_orders: float = 0.03
    # Share of gross margin that returns eat; follows from how orders.py makes them.
    return_loss: float = 0.0165

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# Orders per month relative to an average one: quiet July, busy autumn and January.
SEASON = (1.08, 1.02, 1.05, 0.98, 0.97, 0.95, 0.84, 0.92, 1.08, 1.07, 1.10, 0.94)
SIZE_RATE: Mapping[str, float] = {"1-9": 0.8, "10-49": 1.0, "50-249": 1.15, "250+": 1.3}
SIZE_MARGIN: Mapping[str, float] = {
    "1-9": 0.72,
    "10-49": 0.95,
    "50-249": 1.3,
    "250+": 1.9,
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of each customer: rate per day, chance to leave, mean margin (€)."""

    rate: Floats
    dropout: Floats
    margin: Floats
    is_darling: Flags
    is_gem: Flags


@dataclass(frozen=True, slots=True)
class Story:
    """What happened: one entry per order, by customer and time."""

    customer: Ints
    day: Ints  # days since the window began
    margin: Ints  # cents
    is_alive: Flags  # per customer, on the last day
    first_day: Ints  # per customer
    fee: Ints  # units of the contract it pays for, 0 if it is for goods


def draw_traits(
    rng: np.random.Generator, truth: Truth, rate_factor: Floats, margin_factor: Floats
) -> Traits:
    """Draw every customer's traits, with the planted darlings and gems."""
    size = len(rate_factor)
    rate = rng.gamma(truth.r, 1 / truth.alpha_days, size) * rate_factor
    dropout = rng.beta(truth.a, truth.b, size)
    scale = truth.margin_mean * (truth.margin_spread - 1)
    margin = scale / rng.gamma(truth.margin_spread, 1.0, size) * margin_factor
    lot = rng.random(size)
    is_darling = lot < truth.darlings
    is_gem = lot > 1 - truth.gems
    # A darling buys a lot at a poor margin; a gem is steady, loyal and overlooked.
    rate = np.where(is_darling, rng.uniform(14, 24, size) / DAYS_PER_YEAR, rate)
    margin = np.where(is_darling, rng.uniform(95, 150, size), margin)
    rate = np.where(is_gem, rng.uniform(10, 16, size) / DAYS_PER_YEAR, rate)
    margin = np.where(is_gem, rng.uniform(260, 420, size), margin)
    dropout = np.where(is_darling | is_gem, rng.uniform(0.003, 0.012, size), dropout)
    margin = np.clip(margin, truth.margin_least, truth.margin_most)
    return Traits(rate, dropout, margin, is_darling, is_gem)


def act_out(
    rng: np.random.Generator, truth: Truth, traits: Traits, begin: np.datetime64
) -> Story:
    """Let every customer live from the first order to the window's end."""
    size = len(traits.rate)
    clock, calendar = _season_clock(begin)
    # Two fifths come in the first year, then ever more slowly.
    start = WINDOW_DAYS * rng.beta(0.95, 1.35, size)
    moment = np.interp(start, calendar, clock)
    end = clock[-1]
    is_alive = np.ones(size, bool)
    who, when = [np.arange(size)], [start]
    active = np.arange(size)
    while active.size:
        moment[active] += rng.exponential(1 / traits.rate[active])
        active = active[moment[active] < end]
        who.append(active)
        when.append(np.interp(moment[active], clock, calendar))
        leaves = rng.random(active.size) < traits.dropout[active]
        is_alive[active[leaves]] = False
        active = active[~leaves]
    customer, hour = np.concatenate(who), np.concatenate(when)
    order = np.lexsort((hour, customer))
    customer, day = customer[order], to_weekday(hour[order], begin)
    scatter = rng.gamma(truth.margin_shape, 1 / truth.margin_shape, customer.size)
    margin = np.maximum(np.rint(traits.margin[customer] * scatter * 100), LEAST_MARGIN)
    return Story(
        customer=customer,
        day=day,
        margin=margin.astype(np.int64),
        is_alive=is_alive,
        first_day=day[np.searchsorted(customer, np.arange(size))],
        fee=np.zeros(customer.size, np.int64),
    )


def _season_clock(begin: np.datetime64) -> tuple[Floats, Floats]:
    """Return the season's running total at the start of each calendar day."""
    days = begin + np.arange(WINDOW_DAYS)
    months = days.astype("datetime64[M]").astype(np.int64) % 12
    running = np.concatenate([[0.0], np.cumsum(np.array(SEASON)[months])])
    return running, np.arange(WINDOW_DAYS + 1, dtype=float)


def to_weekday(day: Floats, begin: np.datetime64) -> Ints:
    """Floor to days; Saturday's orders go to Friday, Sunday's to Monday if it came."""
    whole = np.minimum(np.floor(day).astype(np.int64), WINDOW_DAYS - 1)
    weekday = (whole + begin.astype(np.int64) + THURSDAY) % WEEK
    moved = whole + np.select([weekday == SATURDAY, weekday > SATURDAY], [-1, 1], 0)
    return np.where((moved < 0) | (moved >= WINDOW_DAYS), whole, moved)


def expected_orders(
    traits: Traits, is_alive: Flags, horizon_days: float = WINDOW_DAYS
) -> Floats:
    """Return each customer's true mean number of orders in the next `horizon_days`.

    An account that lives orders at its rate until it leaves, and it leaves at rate
    times chance: ``(1 - exp(-rate * p * t)) / p``.
    """
    leaving = traits.rate * traits.dropout * horizon_days
    mean = -np.expm1(-leaving) / traits.dropout
    return np.where(is_alive, mean, 0.0)
