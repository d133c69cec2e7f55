"""Purchases as every k-th event of a Poisson stream that a purchase may end.

The sums of `clv.engine.models.mbg_cnbd`, whose docstring derives them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaln

from clv.engine.arrays import FloatMatrix, FloatVector, IndexVector, distinct_rows
from clv.engine.history import Histories
from clv.engine.quadrature import logit_nodes

NEGLIGIBLE = 1e-12
MANY_PURCHASES = 300.0  # expected ones, beyond which regularity no longer matters
DROPOUT_NODES = 80
CHUNK_CELLS = 200_000


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
        reach = days / rows.scale[:, None] / rows.k
        orders[many], survival[many] = _smooth(
            rows.a, shape[many], reach[many], b[many]
        )
    return orders, survival


def _exact(
    rows: Thinned, shape: FloatVector, share: FloatVector, b: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Sum over the next purchases until the next one is all but impossible.

    The chance of at least m events falls from one m to the next by that of exactly m,

        I_z(m, R) - I_z(m + 1, R) = z^m (1-z)^R G(m+R) / (G(m+1) G(R)),

    which itself grows by ``z (m+R) / (m+1)``: only the first one is looked up.
    """
    orders, survival = np.zeros(shape.size), np.ones(shape.size)
    if not shape.size:
        return orders, survival
    active = np.flatnonzero(share > 0.0)
    z, R, beside = share[active], shape[active], b[active]
    reached = np.ones(active.size)
    events = rows.k - rows.phase
    chance = betainc(events, R, z)
    log_z = np.log(z)
    log_just = events * log_z + R * np.log1p(-z)
    log_just += gammaln(events + R) - gammaln(R) - gammaln(events + 1.0)
    while active.size:
        made = reached * chance
        orders[active] += made
        survival[active] -= made * rows.a / (rows.a + beside)
        reached *= beside / (rows.a + beside)
        beside += 1.0
        for _ in range(rows.k):
            chance -= np.exp(log_just)
            log_just += log_z + np.log((events + R) / (events + 1.0))
            events += 1
        np.maximum(chance, 0.0, out=chance)
        kept = made > NEGLIGIBLE
        if not kept.all():
            active, z, R, beside = active[kept], z[kept], R[kept], beside[kept]
            reached, chance = reached[kept], chance[kept]
            log_z, log_just = log_z[kept], log_just[kept]
    return orders, np.maximum(survival, 0.0)


def _smooth(
    a: float, shape: FloatVector, reach: FloatVector, b: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Return the MBG/NBD form at rate lambda / k, for very many purchases."""
    orders, survival = np.empty(shape.size), np.empty(shape.size)
    step = CHUNK_CELLS // DROPOUT_NODES
    for start in range(0, shape.size, step):
        part = slice(start, start + step)
        k = shape[part, None]
        sharpness = shape[part] * reach[part]
        p, weights = logit_nodes(a, b[part], sharpness, DROPOUT_NODES)
        bend = k * np.log1p(p * reach[part, None])
        orders[part] = (weights * -np.expm1(-bend) / p).sum(axis=1)
        survival[part] = (weights * np.exp(-bend)).sum(axis=1)
    return orders, survival
