r"""What a campaign brought about: who was touched against who was spared.

The accounts of an audience are divided by chance, so that both groups would have done
the same on average. The effect per account is the difference of their means, and its
interval Welch's, for groups that differ in size and spread:

.. math:: \bar x_1 - \bar x_0 \pm t_{\nu}\,
          \sqrt{\frac{s_1^2}{n_1} + \frac{s_0^2}{n_0}}

with Satterthwaite's degrees of freedom :math:`\nu`. Margins are skewed: a few accounts
buy a lot, so that a small group's mean is more often too low than too high, and
Welch's interval finds effects that are none. Hall's transformation takes that away, as
Zhou and Dinh have it for two groups: with the skewness of the difference

.. math:: \gamma = \Bigl(\frac{m_1}{n_1^2} - \frac{m_0}{n_0^2}\Bigr) \Big/
          \Bigl(\frac{s_1^2}{n_1} + \frac{s_0^2}{n_0}\Bigr)^{3/2}

of third central moments :math:`m` the quantile :math:`x` becomes
:math:`\frac{3}{\gamma}\bigl((1 + \gamma(x - \gamma/6))^{1/3} - 1\bigr)`.

How many must be spared for an effect to be told to within :math:`\pm h` follows from
the same formula with one spread :math:`s` for both groups and :math:`n` accounts, of
which a share :math:`q` is spared:

.. math:: h = z\,s\,\sqrt{\frac{1}{n\,q\,(1 - q)}}

References
----------
B. L. Welch (1947), "The generalization of 'Student's' problem when several different
population variances are involved", Biometrika 34, 28-35.
P. Hall (1992), "On the removal of skewness by transformation", Journal of the Royal
Statistical Society B 54, 221-228.
X.-H. Zhou and P. Dinh (2005), "Nonparametric confidence intervals for the one- and
two-sample problems", Biostatistics 6, 187-200.
F. E. Satterthwaite (1946), "An approximate distribution of estimates of variance
components", Biometrics Bulletin 2, 110-114.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

LEVEL = 0.95
_FEWEST = 2  # of one account no spread is known
_STRAIGHT = 1e-9  # less skewness than rounding brings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """The means of both groups, and how far they lie apart, in money per account.

    `low` to `high` is the interval of `effect`.
    """

    mean_with: float
    mean_without: float
    effect: float
    low: float
    high: float


def difference(
    touched: npt.ArrayLike,
    spared: npt.ArrayLike,
    *,
    level: float = LEVEL,
    is_skewed: bool = True,
) -> Difference | None:
    """Return the effect per account; None where a group has fewer than two accounts.

    What is not skewed has Welch's own interval.

    Raises
    ------
    ValueError
        If the level lies outside 0 to 1, or a value is not a finite number.
    """
    if not 0.0 < level < 1.0:
        raise ValueError("level must lie between 0 and 1")
    one, other = (np.asarray(values, dtype=float) for values in (touched, spared))
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("values must be finite numbers")
    if min(one.size, other.size) < _FEWEST:
        return None
    effect = float(one.mean() - other.mean())
    error, freedom = _error(one, other)
    skewness = _skewness(one, other, error) if is_skewed and error > 0 else 0.0
    quantile = float(t.ppf((1.0 + level) / 2.0, freedom)) if error > 0 else 0.0
    return Difference(
        mean_with=float(one.mean()),
        mean_without=float(other.mean()),
        effect=effect,
        low=effect - error * _bent(quantile, skewness),
        high=effect - error * _bent(-quantile, skewness),
    )


def _error(one: Floats, other: Floats) -> tuple[float, float]:
    """Return the standard error of the difference, and its degrees of freedom."""
    parts = [float(x.var(ddof=1)) / x.size for x in (one, other)]
    total = sum(parts)
    if total <= 0:
        return 0.0, 1.0
    shares = [part / total for part in parts]
    freedom = 1.0 / (
        shares[0] ** 2 / (one.size - 1) + shares[1] ** 2 / (other.size - 1)
    )
    return math.sqrt(total), freedom


def _skewness(one: Floats, other: Floats, error: float) -> float:
    """Return the skewness of the difference of the means."""
    scaled = [(x - x.mean()) / error for x in (one, other)]
    first, second = (float((x**3).mean()) / x.size**2 for x in scaled)
    return float(first - second)


def _bent(quantile: float, skewness: float) -> float:
    """Return the quantile of a statistic so skewed whose transform has this one."""
    if abs(skewness) < _STRAIGHT:
        return quantile
    inside = 1.0 + skewness * (quantile - skewness / 6.0)
    return float(3.0 / skewness * (np.cbrt(inside) - 1.0))


def half_width(
    *, accounts: int, share: float, spread: float, level: float = LEVEL
) -> float:
    """Return to within what an effect per account can be told; infinite if not at all.

    ``share`` of the accounts are spared, ``spread`` is the standard deviation of what
    one account brings.
    """
    spared = accounts * share
    if min(spared, accounts - spared) < 1:
        return math.inf
    z = float(norm.ppf((1.0 + level) / 2.0))
    return z * spread / math.sqrt(accounts * share * (1.0 - share))


def share_to_spare(
    *, accounts: int, spread: float, wanted: float, level: float = LEVEL
) -> float | None:
    """Return the smallest share to spare that tells the effect to within `wanted`.

    At most a half, beyond which more spared tell less; None where not even that does.
    """
    if accounts <= 0 or wanted <= 0:
        return None
    z = float(norm.ppf((1.0 + level) / 2.0))
    product = (z * spread / wanted) ** 2 / accounts  # q (1 - q) must reach it
    if product > 1 / 4:
        return None
    return (1.0 - math.sqrt(1.0 - 4.0 * product)) / 2.0
