"""Purchases as every k-th event of a Poisson stream that a purchase may end.

The sums of `clv.engine.models.mbg_cnbd`, whose docstring derives them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaln

from clv.engine.arrays import (
    BoolVector,
    FloatMatrix,
    FloatVector,
    IndexVector,
    distinct_rows,
)
from clv.engine.history import Histories
from clv.engine.quadrature import logit_nodes

NEGLIGIBLE = 1e-12
VANISHED = 1e-17  # the chance of one more number of events, below rounding
MANY_PURCHASES = 300.0  # expected ones, beyond which their sum is taken as smooth
DROPOUT_NODES = 80
SURELY = 1.0 - 1e-12
CHUNK_CELLS = 200_000
CELLS_AT_ONCE = 8000


@dataclass(frozen=True, slots=True)
class Thinned:
    """Alive accounts in one phase, one row per distinct (frequency, age).

    Attributes
    ----------
    shape, scale : float arrays, shape (m,)
        Gamma over event rates given alive; the scale is in days.
    a : float
    b : float array, shape (m,)
        Beta over the chance of leaving at a purchase.
    k, phase : int
    inverse : index array, shape (n,)
        From accounts to rows.
    """

    shape: FloatVector
    scale: FloatVector
    a: float
    b: FloatVector
    k: int
    phase: int
    inverse: IndexVector

    @classmethod
    def of(
        cls, histories: Histories, parameters: FloatVector, k: int, phase: int
    ) -> "Thinned":
        """Return the rows of histories that are alive in `phase`.

        `parameters` are r, alpha in days, a and b.
        """
        r, alpha, a, b = parameters.tolist()
        first, inverse = distinct_rows(histories.frequency, histories.age_days)
        x, age = histories.frequency[first], histories.age_days[first]
        return cls(
            r + k * x + phase,
            alpha + age,
            a,
            b + x + 1.0,
            k,
            phase,
            inverse,
        )


def cumulate(rows: Thinned, days: FloatMatrix) -> tuple[FloatMatrix, FloatMatrix]:
    """Return expected purchases until `days` and the chance to be alive then.

    Parameters
    ----------
    rows : Thinned, m rows
    days : float array, shape (m, c)
    """
    shape = np.broadcast_to(rows.shape[:, None], days.shape)
    share = days / (rows.scale[:, None] + days)
    b = np.broadcast_to(rows.b[:, None], days.shape)
    expected = rows.shape[:, None] * days / rows.scale[:, None] / rows.k
    many = expected > MANY_PURCHASES
    orders, survival = np.zeros(days.shape), np.ones(days.shape)
    few = ~many
    orders[few], survival[few] = _exact(rows, shape[few], share[few], b[few])
    if many.any():
        reach = days / rows.scale[:, None]
        orders[many], survival[many] = _smooth(rows, shape[many], reach[many], b[many])
    return orders, survival


def _exact(
    rows: Thinned, shape: FloatVector, share: FloatVector, b: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Sum over the next purchases until the next one is all but impossible.

    The chance of at least m events falls from one m to the next by that of exactly m,

        I_z(m, R) - I_z(m + 1, R) = z^m (1-z)^R G(m+R) / (G(m+1) G(R)),

    which itself grows by ``z (m+R) / (m+1)``: only the first one is looked up. Once the
    falling side of these has vanished, what is left of the difference is rounding: with
    very many orders it would stay above `NEGLIGIBLE` for good.
    """
    sums = _Sums.of(rows, shape, share, b)
    while sums.active.size:
        # One by one where there are many to add to, several at once where there are
        # few; in the same order, so that who stands beside one shows in no digit.
        count = CELLS_AT_ONCE // (rows.k * sums.active.size)
        sums.keep(sums.add_several(count) if count > 1 else sums.add_one())
    return sums.orders, np.maximum(sums.survival, 0.0)


@dataclass(slots=True)
class _Sums:
    """What has been added up, and of the `active` what the next purchase adds.

    `reached` is the chance not to have left at an earlier one, `chance` that of enough
    events for it, `log_just` that of exactly as many, its logarithm, which falls where
    there are more than `top` of them.
    """

    a: float
    k: int
    orders: FloatVector
    survival: FloatVector
    active: IndexVector
    R: FloatVector
    log_z: FloatVector
    beside: FloatVector
    reached: FloatVector
    chance: FloatVector
    log_just: FloatVector
    top: FloatVector
    events: int

    @classmethod
    def of(
        cls, rows: Thinned, shape: FloatVector, share: FloatVector, b: FloatVector
    ) -> "_Sums":
        active = np.flatnonzero(share > 0.0)
        z, R, events = share[active], shape[active], rows.k - rows.phase
        log_z = np.log(z)
        log_just = events * log_z + R * np.log1p(-z) - gammaln(events + 1.0)
        # ln G(m+R) - ln G(R): a difference of gammas would lose digits at a large R.
        for one in range(events):
            log_just += np.log(R + one)
        return cls(
            a=rows.a,
            k=rows.k,
            orders=np.zeros(shape.size),
            survival=np.ones(shape.size),
            active=active,
            R=R,
            log_z=log_z,
            beside=b[active],
            reached=np.ones(active.size),
            chance=np.asarray(betainc(events, R, z), dtype=np.float64),
            log_just=log_just,
            top=R * z / (1.0 - z),
            events=events,
        )

    def add_one(self) -> BoolVector:
        """Add the next purchase; return for whom another one may follow."""
        made = self.reached * self.chance
        self.orders[self.active] += made
        self.survival[self.active] -= made * self.a / (self.a + self.beside)
        self.reached *= self.beside / (self.a + self.beside)
        self.beside += 1.0
        # Memory asked for anew at each event would cost as much as the logarithms.
        just, growth = np.empty((2, self.chance.size))
        for _ in range(self.k):
            self.chance -= np.exp(self.log_just, out=just)
            np.divide(self.events + self.R, self.events + 1.0, out=growth)
            np.log(growth, out=growth)
            growth += self.log_z
            self.log_just += growth
            self.events += 1
        np.maximum(self.chance, 0.0, out=self.chance)
        return (made > NEGLIGIBLE) & self._is_told(just, self.events)

    def add_several(self, count: int) -> BoolVector:
        """Add the next `count` purchases, none after one that is all but impossible."""
        besides = _each(np.add, self.beside, np.ones((count, self.beside.size)))
        self.beside, besides = besides[-1], besides[:-1]
        events = self.events + np.arange(self.k * count)[:, None]
        growth = self.log_z + np.log((events + self.R) / (events + 1.0))
        reached = _each(np.multiply, self.reached, besides / (self.a + besides))
        log_just = _each(np.add, self.log_just, growth)
        just = np.exp(log_just[:-1])
        chance = _each(np.subtract, self.chance, just)[:: self.k]
        np.maximum(chance, 0.0, out=chance)
        made = reached[:-1] * chance[:-1]
        last, after = just[self.k - 1 :: self.k], events[self.k - 1 :: self.k] + 1
        follows = (made > NEGLIGIBLE) & self._is_told(last, after)
        made[1:] *= follows[:-1]
        at, gone = self.active, made * self.a / (self.a + besides)
        self.orders[at] = _each(np.add, self.orders[at], made)[-1]
        self.survival[at] = _each(np.subtract, self.survival[at], gone)[-1]
        self.reached, self.chance, self.log_just = reached[-1], chance[-1], log_just[-1]
        self.events += self.k * count
        return np.asarray(follows[-1])

    def _is_told(self, just: FloatMatrix, events: int | IndexVector) -> BoolVector:
        """Tell where `chance` is more than rounding, `just` being that of one less."""
        return np.asarray((just >= VANISHED) | (events <= self.top))

    def keep(self, kept: BoolVector) -> None:
        if not kept.all():
            self.active = self.active[kept]
            self.R, self.log_z = self.R[kept], self.log_z[kept]
            self.top = self.top[kept]
            self.beside, self.reached = self.beside[kept], self.reached[kept]
            self.chance, self.log_just = self.chance[kept], self.log_just[kept]


def _each(step: np.ufunc, first: FloatVector, others: FloatMatrix) -> FloatMatrix:
    """Return `first` and what each row of `others` makes of it, one after another."""
    return np.asarray(step.accumulate(np.vstack((first, others))))


def _smooth(
    rows: Thinned, shape: FloatVector, reach: FloatVector, b: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Return the same for very many purchases, smooth in their number.

    m events bring ``(m + phase) / k`` purchases, rounded down: ``m / k + lead`` of them
    on average. Their number is Poisson, so an account stays with the chance
    ``E[(1-p)^(m/k + lead)] = (1-p)^lead (1 + c reach)^-R``, ``c = 1 - (1-p)^(1/k)``;
    without any event, which has the chance ``(1 + reach)^-R``, it stays for certain.
    """
    lead = (rows.phase - 0.5 * (rows.k - 1)) / rows.k
    orders, survival = np.empty(shape.size), np.empty(shape.size)
    step = CHUNK_CELLS // DROPOUT_NODES
    for start in range(0, shape.size, step):
        part = slice(start, start + step)
        sharpness = shape[part] * reach[part] / rows.k
        p, weights = logit_nodes(rows.a, b[part], sharpness, DROPOUT_NODES)
        stays = np.log1p(-np.minimum(p, SURELY))
        per_event = -np.expm1(stays / rows.k)
        bend = shape[part, None] * np.log1p(per_event * reach[part, None])
        without = np.exp(-shape[part] * np.log1p(reach[part]))[:, None]
        staying = np.exp(lead * stays)
        gone = 1.0 - without - staying * (np.exp(-bend) - without)
        gone = np.clip(gone, 0.0, 1.0)
        orders[part] = (weights * gone / p).sum(axis=1)
        survival[part] = (weights * (1.0 - gone)).sum(axis=1)
    return orders, survival
