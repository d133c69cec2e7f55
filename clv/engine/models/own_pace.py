"""The own-pace model of repeat buying: accounts go on as they did, and leave as others.

Story: an account buys at its own Poisson rate lambda, of which nothing is known but its
own orders. Under a flat prior x repeat orders in T days leave lambda ~ Gamma(x+1, T);
a pace that is told by less than a window of W days is told by W. Whoever has bought is
taken to be there still, and leaves from now on with the firm's own speed, as an
exponential lifetime of mean L days. It is the rule of thumb "as many as before", with a
distribution and an end, so that it can value accounts over years.

    E[orders in t] = c (x+1) / max(T, W) x L (1 - exp(-t/L))
    c = (W/L) / (1 - exp(-W/L))

c makes the first W days bring (x+1) W / max(T, W) orders, which is what back-tests
judge; only what follows rests on L. That comes from a model M that sees accounts leave,
by how much less all accounts together are expected to order in the second year than
in the first:

    exp(-365/L) = (M(730) - M(365)) / M(365)

Limits: L -> infinity is a constant pace; an account as old as W with no repeat order
buys once in W; recency does not matter, as in NBD. By itself it forecasts far too much
for accounts long silent. It earns its weight in a mix where histories begin in the
middle of relations, so that first orders are none and silence tells little.

Source: the flat prior is that of Bayes (1763) for a rate; the mix is of
`clv.engine.judging.selection`.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from clv.engine.arrays import FloatMatrix, FloatVector, inner
from clv.engine.errors import BadHistoryError
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel

OWN_PACE = "own_pace"
YEAR_DAYS = 365.0
SHORTEST_WINDOW_DAYS = 7.0  # a pace over less is not a pace
LONGEST_STAY_DAYS = 365_000.0  # stands for accounts that do not leave
SAMPLE_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class OwnPace(RepeatBuyingModel):
    """An own-pace model.

    Attributes
    ----------
    window_days : float > 0
        Days that a pace is told by at least, and over which it holds on average.
    stay_days : float > 0
        Mean days until an account leaves.
    pace : float > 0
        Multiplies every account's rate; 1 where it was fitted.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("window_days", "stay_days", "pace")
    RATES: ClassVar[tuple[str, ...]] = ("window_days", "stay_days")

    window_days: float
    stay_days: float
    pace: float = 1.0

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return 1 for every account: in this story they leave from now on only."""
        return np.ones(len(histories))

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon."""
        lived = rng.exponential(self.stay_days, len(histories))
        lived = np.minimum(lived, horizon_days)
        luck = rng.gamma(histories.frequency + 1.0) / (histories.frequency + 1.0)
        orders = rng.poisson(luck * self._rate(histories) * lived)
        return orders.astype(np.float64), lived

    def _flows_while_alive(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        lived = self._lived(np.array([horizon]), delta)[0]
        return self._rate(histories) * lived, np.full(len(histories), lived)

    def _curves_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        lived = self._lived(grid)
        shape = (len(histories), grid.size)
        return self._rate(histories)[:, None] * lived, np.broadcast_to(
            lived, shape
        ).copy()

    def _lived(self, days: FloatVector, delta: float = 0.0) -> FloatVector:
        """Return expected days alive until each day, discounted by `delta` a day."""
        speed = delta + 1.0 / self.stay_days
        return np.asarray(-np.expm1(-speed * days) / speed, dtype=np.float64)

    def _rate(self, histories: Histories) -> FloatVector:
        """Return orders per day while alive, so that a window brings what it did."""
        span = np.maximum(histories.age_days, self.window_days)
        held = self.window_days / self._lived(np.array([self.window_days]))[0]
        return np.asarray(
            self.pace * held * (histories.frequency + 1.0) / span, dtype=np.float64
        )


def fit_own_pace(
    histories: Histories, story: RepeatBuyingModel, *, window_days: float = YEAR_DAYS
) -> OwnPace:
    """Take the accounts' own paces, and from `story` how fast accounts leave.

    Parameters
    ----------
    histories : Histories of n >= 1 accounts
        Their paces are looked up when asked for; here they weigh the story.
    story : RepeatBuyingModel
        A fitted model that sees accounts leave.
    window_days : float
        Where all histories are shorter, the longest of them.

    Raises
    ------
    BadHistoryError
        If there is no account to learn from.
    """
    if not len(histories):
        raise BadHistoryError("there is no account to learn a pace from")
    reach = float(histories.age_days.max())
    window = max(min(window_days, reach), SHORTEST_WINDOW_DAYS)
    rows = histories.take(np.arange(0, len(histories), _step(len(histories))))
    curve = story.purchase_curve(rows, [YEAR_DAYS, 2.0 * YEAR_DAYS])
    first, both = (inner(rows.weights, curve[:, year]) for year in (0, 1))
    stay = _stay_days(first, both - first)
    return OwnPace(window, stay, account_count=histories.account_count)


def _step(count: int) -> int:
    """Return the step that leaves an even sample of `count` rows."""
    return max(1, count // SAMPLE_ROWS)


def _stay_days(first: float, second: float) -> float:
    """Return the mean stay by which a year's orders fall from `first` to `second`."""
    if not 0.0 < second < first:
        return LONGEST_STAY_DAYS
    return min(YEAR_DAYS / math.log(first / second), LONGEST_STAY_DAYS)
