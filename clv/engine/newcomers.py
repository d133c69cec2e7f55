"""What an account without orders is worth, if won.

A new customer places the first order at once and then buys as the firm's model says of
somebody nothing is known of, at the pace, margin and cost to win of customers like the
account (`clv.engine.likeness`):

    value = (1 + repeats) (margin - cost per order) - years cost per year - cost to win

discounted within the horizon. The interval is that of one customer: draws of the
models' parameters and of the group's pace and margin, then of this customer's own pace,
departure, orders and margins. Few like customers leave much doubt of pace and margin,
and so a wider interval. It holds for somebody who is won; who is not brings nothing.

*Pay at most* is what winning may cost before it no longer pays,

    pay at most = max(0, chance to win x worth once won - spent so far),

with worth once won the value before any cost to win. What was spent on somebody who is
not won is lost, so the whole of it counts against the chance.

Limits: no like customers give the firm's own new customer; a chance of 0 pays nothing;
a chance of 1 and nothing spent pays the worth itself.
"""

from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatMatrix, FloatVector, frozen
from clv.engine.discounting import DAYS_PER_YEAR, daily_rate
from clv.engine.errors import BadParameterError
from clv.engine.likeness import Likeness
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.pace import FRESH, PACES, Pace, between_paces
from clv.engine.spend import GammaGamma

TENURE_WITHIN_YEARS = 10.0  # how far ahead the years as a customer are counted
PARAMETER_DRAWS = 25
ENDS_SOONER = 1e-12
CHUNK_CODES = 256


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new customer costs to serve and how the future counts.

    `margin_is_known` is False where nobody has bought yet: the margin is then a stated
    one and may be wrong by a factor of e in two of three firms.
    """

    cost_per_order: float
    cost_per_year: float
    annual_rate: float
    horizon_days: float
    margin_is_known: bool = True


@dataclass(frozen=True, slots=True)
class Newcomers:
    """What new customers of g codes bring if won; vectors of shape (g,).

    Money is discounted, orders and years are not; the first order is in all of them.
    Costs hold the cost to win. `low` and `high` bound the value. `tenure_years` are
    those as a customer, of the next `TENURE_WITHIN_YEARS`; `repeat_share` is the chance
    to order again within the horizon.
    """

    orders: FloatVector
    orders_year: FloatVector
    margin: FloatVector
    margin_year: FloatVector
    cost: FloatVector
    cost_year: FloatVector
    low: FloatVector
    high: FloatVector
    tenure_years: FloatVector
    repeat_share: FloatVector

    @property
    def value(self) -> FloatVector:
        return self.margin - self.cost


def value_newcomers(
    likeness: Likeness,
    *,
    buying: RepeatBuyingModel,
    spend: GammaGamma,
    terms: Terms,
    rng: np.random.Generator,
    draws: int,
    level: float = 0.8,
) -> Newcomers:
    """Value a new customer of each code.

    Parameters
    ----------
    likeness : Likeness of g codes
    buying, spend : the firm's fitted models
    terms : Terms
    rng : numpy.random.Generator
        The only source of chance. Draws are shared by all codes and do not depend on
        which codes there are.
    draws : int
    level : float in (0, 1)
        Of the central interval.

    Raises
    ------
    BadParameterError
        If level or draws are out of their domain.
    """
    if not 0.0 < level < 1.0 or draws < 1:
        raise BadParameterError("level must be between 0 and 1, draws at least 1")
    pace = Pace.of(buying)
    rate, horizon = terms.annual_rate, terms.horizon_days
    whole = _Expected.of(pace, likeness.pace, rate, horizon)
    year = _Expected.of(pace, likeness.pace, rate, min(DAYS_PER_YEAR, horizon))
    tenure = _years_alive(pace, likeness.pace, TENURE_WITHIN_YEARS * DAYS_PER_YEAR)
    futures = _Futures.drawn(pace, spend, terms, rng, draws)
    low, high = futures.interval(likeness, terms, level)
    again = np.where(
        likeness.repeat_share >= 0.0,
        likeness.repeat_share,
        between_paces((futures.orders > 1.0).mean(axis=1), likeness.pace),
    )
    return Newcomers(
        orders=frozen(whole.bought),
        orders_year=frozen(year.bought),
        margin=frozen(whole.orders * likeness.margin),
        margin_year=frozen(year.orders * likeness.margin),
        cost=frozen(whole.cost(terms) + likeness.cost_to_win),
        cost_year=frozen(year.cost(terms) + likeness.cost_to_win),
        low=frozen(low),
        high=frozen(high),
        tenure_years=frozen(tenure),
        repeat_share=frozen(np.clip(again, 0.0, 1.0)),
    )


def pay_at_most(
    worth_once_won: FloatVector, chance_to_win: FloatVector | float, spent: FloatVector
) -> FloatVector:
    """Return how much more winning may cost before it no longer pays, shape (n,).

    Raises
    ------
    BadParameterError
        If a chance is none.
    """
    chance = np.asarray(chance_to_win, dtype=np.float64)
    if not ((chance >= 0.0) & (chance <= 1.0)).all():
        raise BadParameterError("a chance to win lies between 0 and 1")
    return frozen(np.maximum(chance * worth_once_won - spent, 0.0))


@dataclass(frozen=True, slots=True)
class _Expected:
    """Expected orders (discounted, and just counted) and years alive; shape (g,)."""

    orders: FloatVector
    bought: FloatVector
    years: FloatVector

    @classmethod
    def of(
        cls, pace: Pace, factor: FloatVector, rate: float, horizon: float
    ) -> "_Expected":
        flows = [
            model.flows(FRESH, annual_rate=rate, horizon_days=horizon)
            for model in pace.models
        ]
        counts = [
            float(model.expected_purchases(FRESH, horizon_days=horizon)[0])
            for model in pace.models
        ]

        def read(values: list[float]) -> FloatVector:
            return between_paces(np.array(values), factor)

        return cls(
            1.0 + read([float(one.orders[0]) for one in flows]),
            1.0 + read(counts),
            read([float(one.alive_days[0]) for one in flows]) / DAYS_PER_YEAR,
        )

    def cost(self, terms: Terms) -> FloatVector:
        cost: FloatVector = (
            self.orders * terms.cost_per_order + self.years * terms.cost_per_year
        )
        return cost


def _years_alive(pace: Pace, factor: FloatVector, horizon: float) -> FloatVector:
    """Return the expected years as a customer within the horizon, shape (g,)."""
    days = [
        float(model.flows(FRESH, annual_rate=0.0, horizon_days=horizon).alive_days[0])
        for model in pace.models
    ]
    return between_paces(np.array(days), factor) / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class _Futures:
    """Drawn futures of new customers at each of `PACES`, shape (paces, draws).

    `orders`, `units` and `years` are discounted; a unit is the margin of an order in
    multiples of the customer's mean. `factor` is that mean in multiples of the group's,
    `luck` are the standard normal draws behind the doubt of pace and margin.
    """

    orders: FloatMatrix
    units: FloatMatrix
    years: FloatMatrix
    factor: FloatVector
    luck: FloatMatrix

    @classmethod
    def drawn(
        cls,
        pace: Pace,
        spend: GammaGamma,
        terms: Terms,
        rng: np.random.Generator,
        draws: int,
    ) -> "_Futures":
        shape = (PACES.size, draws)
        orders, units, years = np.empty(shape), np.empty(shape), np.empty(shape)
        parts = np.array_split(np.arange(draws), min(PARAMETER_DRAWS, draws))
        delta = daily_rate(terms.annual_rate)
        spends = spend.draw_models(rng, len(parts))
        factor = np.concatenate(
            [
                one.draw_relative_means(np.zeros(part.size), rng)
                * (one.profitable_mean / spend.profitable_mean)
                for one, part in zip(spends, parts, strict=True)
            ]
        )
        for row, model in enumerate(pace.models):
            models = model.draw_models(rng, len(parts))
            for one, margins, part in zip(models, spends, parts, strict=True):
                bought, lived = _lives(one, part.size, terms.horizon_days, rng)
                worth = _mean_discount(delta * lived)
                orders[row, part] = 1.0 + bought * worth
                years[row, part] = lived * worth / DAYS_PER_YEAR
                units[row, part] = (
                    rng.gamma(margins.p, size=part.size)
                    + rng.gamma(margins.p * bought) * worth
                ) / margins.p
        return cls(orders, units, years, factor, rng.standard_normal((2, draws)))

    def interval(
        self, likeness: Likeness, terms: Terms, level: float
    ) -> tuple[FloatVector, FloatVector]:
        """Return the ends of the central interval of value per code."""
        low, high = np.empty(len(likeness)), np.empty(len(likeness))
        shares = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
        for start in range(0, len(likeness), CHUNK_CODES):
            part = slice(start, start + CHUNK_CODES)
            value = self._values(likeness, part, terms)
            low[part], high[part] = np.quantile(value, shares, axis=1)
        return low, high

    def _values(self, likeness: Likeness, part: slice, terms: Terms) -> FloatMatrix:
        """Return draws of the value of some codes, shape (codes, draws)."""

        def column(values: FloatVector) -> FloatMatrix:
            return values[part][:, None]

        pace = column(likeness.pace)
        spread = column(likeness.pace_doubt) / pace
        moved = np.log(pace) + spread * self.luck[0] - 0.5 * spread**2
        step, middle = np.log(PACES[1] / PACES[0]), PACES.size // 2
        row = np.clip(np.rint(moved / step) + middle, 0, PACES.size - 1).astype(np.intp)
        at = (row, np.arange(self.factor.size)[None, :])
        mean = _doubted(
            column(likeness.margin), column(likeness.margin_doubt), terms, self.luck[1]
        )
        value: FloatMatrix = (
            self.units[at] * self.factor * mean
            - self.orders[at] * terms.cost_per_order
            - self.years[at] * terms.cost_per_year
            - column(likeness.cost_to_win)
        )
        return value


def _doubted(
    margin: FloatMatrix, doubt: FloatMatrix, terms: Terms, luck: FloatVector
) -> FloatMatrix:
    """Return draws of groups' mean margins; positive where the mean is."""
    some = margin > 0.0
    spread = doubt / np.where(some, margin, 1.0)
    if not terms.margin_is_known:
        return np.asarray(margin * np.exp(luck), dtype=np.float64)
    log_spread = np.sqrt(np.log1p(spread**2))
    drawn = margin * np.exp(log_spread * luck - 0.5 * log_spread**2)
    return np.where(some, drawn, margin + doubt * luck)


def _lives(
    model: RepeatBuyingModel, count: int, horizon: float, rng: np.random.Generator
) -> tuple[FloatVector, FloatVector]:
    """Draw orders and days alive of `count` new customers."""
    many = FRESH.take(np.zeros(count, dtype=np.intp))
    alive = rng.random(count) < model.probability_alive(many)
    bought, lived = model.sample_while_alive(many, horizon, rng)
    return np.where(alive, bought, 0.0), np.where(alive, lived, 0.0)


def _mean_discount(exponent: FloatVector) -> FloatVector:
    some = exponent > ENDS_SOONER
    return np.where(some, -np.expm1(-exponent) / np.where(some, exponent, 1.0), 1.0)
