"""Accounts with a yearly service contract, and the true story behind it.

Each pays the fee of a year ahead, on the day the year begins, and orders goods at its
own rate while the contract runs. At the end of each year it leaves with its own chance
theta ~ Beta; then nothing comes any more. A contract year has 52 weeks here, so that it
begins on the same weekday.
"""

from dataclasses import dataclass, replace

import numpy as np

from crm.services.demo.catalogue import CENTS, CONTRACT
from crm.services.demo.truth import (
    DAYS_PER_YEAR,
    LEAST_MARGIN,
    WINDOW_DAYS,
    Flags,
    Floats,
    Ints,
    Story,
    Traits,
    Truth,
    to_weekday,
)

TERM_DAYS = 364
MORE_UNITS = (3, 0.3)  # binomial above one


@dataclass(frozen=True, slots=True)
class Agreements:
    """Contracts of a block, one row each; `customer` is a place among its customers."""

    customer: Ints
    theta: Floats
    begin: Ints  # day
    terms: Ints  # begun
    units: Ints
    is_running: Flags

    @property
    def end(self) -> Ints:
        """Return the day on which the last term begun ends."""
        return self.begin + TERM_DAYS * self.terms

    def terms_expected(self, horizon_days: int = WINDOW_DAYS) -> Floats:
        """Return the true mean number of terms that begin after the window."""
        return self._survivals(horizon_days)[0]

    def days_expected(self, horizon_days: int = WINDOW_DAYS) -> Floats:
        """Return the true mean number of days under contract after the window."""
        return self._survivals(horizon_days)[1]

    def _survivals(self, horizon: int) -> tuple[Floats, Floats]:
        due = self.end - WINDOW_DAYS
        terms = np.zeros(len(due))
        days = np.minimum(due, horizon).astype(float)
        for step in range(1, horizon // TERM_DAYS + 2):
            begins = due + (step - 1) * TERM_DAYS
            chance = (1.0 - self.theta) ** step * (begins < horizon)
            terms += chance
            days += chance * np.minimum(horizon - begins, TERM_DAYS)
        return terms * self.is_running, days * self.is_running


def agree(
    rng: np.random.Generator,
    truth: Truth,
    traits: Traits,
    story: Story,
    begin: np.datetime64,
) -> tuple[Traits, Story, Agreements]:
    """Give some customers a contract and tell their story anew, from the first day."""
    size = len(traits.rate)
    planted = traits.is_darling | traits.is_gem
    customer = np.flatnonzero((rng.random(size) < truth.contracts) & ~planted)
    theta = rng.beta(truth.renewal_alpha, truth.renewal_beta, customer.size)
    start = story.first_day[customer]
    possible = (WINDOW_DAYS - 1 - start) // TERM_DAYS
    renewed = np.minimum(rng.geometric(theta) - 1, possible)
    made = Agreements(
        customer=customer,
        theta=theta,
        begin=start,
        terms=renewed + 1,
        units=1 + rng.binomial(*MORE_UNITS, customer.size),
        is_running=renewed == possible,
    )
    dropout = traits.dropout.copy()
    dropout[customer] = theta
    told = _retold(rng, traits, story, made, begin)
    return replace(traits, dropout=dropout), told, made


def _retold(
    rng: np.random.Generator,
    traits: Traits,
    story: Story,
    made: Agreements,
    begin: np.datetime64,
) -> Story:
    row, day, units = _fees(made)
    who, when = _goods(rng, traits, made, begin)
    scatter = rng.gamma(4.0, 0.25, who.size)
    earned = np.rint(traits.margin[made.customer[who]] * scatter * CENTS)
    kept = ~np.isin(story.customer, made.customer)
    customer = np.concatenate(
        [story.customer[kept], made.customer[row], made.customer[who]]
    )
    days = np.concatenate([story.day[kept], day, when])
    margin = np.concatenate(
        [
            story.margin[kept],
            units * round((CONTRACT.price - CONTRACT.cost) * CENTS),
            np.maximum(earned, LEAST_MARGIN).astype(np.int64),
        ]
    )
    fee = np.concatenate([story.fee[kept], units, np.zeros(who.size, np.int64)])
    order = np.lexsort((-fee, days, customer))
    is_alive = story.is_alive.copy()
    is_alive[made.customer] = made.is_running
    return Story(
        customer=customer[order],
        day=days[order],
        margin=margin[order],
        is_alive=is_alive,
        first_day=story.first_day,
        fee=fee[order],
    )


def _fees(made: Agreements) -> tuple[Ints, Ints, Ints]:
    """Return contract, day and units of every fee, one for each term begun."""
    row = np.repeat(np.arange(len(made.terms)), made.terms)
    first = np.cumsum(made.terms) - made.terms
    number = np.arange(row.size) - first[row]
    return row, made.begin[row] + TERM_DAYS * number, made.units[row]


def _goods(
    rng: np.random.Generator, traits: Traits, made: Agreements, begin: np.datetime64
) -> tuple[Ints, Ints]:
    """Return contract and day of every order of goods while a contract runs."""
    span = np.minimum(made.end, WINDOW_DAYS) - made.begin - 1
    rate = traits.rate[made.customer]
    row = np.repeat(np.arange(len(span)), rng.poisson(rate * np.maximum(span, 0)))
    day = made.begin[row] + 1 + rng.random(row.size) * span[row]
    return row, np.maximum(to_weekday(day, begin), made.begin[row])


def true_margin(made: Agreements, traits: Traits, truth: Truth) -> Floats:
    """Return the true mean margin of each contract's next 36 months, after returns."""
    fee = made.units * (CONTRACT.price - CONTRACT.cost)
    goods = traits.rate[made.customer] * traits.margin[made.customer]
    margin: Floats = made.terms_expected() * fee + (
        made.days_expected() * goods * (1 - truth.return_loss)
    )
    return margin


def true_orders_per_year(made: Agreements, traits: Traits) -> Floats:
    """Return the orders a year while a contract runs, its fee among them."""
    fees = DAYS_PER_YEAR / TERM_DAYS
    return traits.rate[made.customer] * DAYS_PER_YEAR + fees
