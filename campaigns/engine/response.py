r"""How the margin that care secures responds to what is spent on it.

The response curve of Blattberg and Deighton (1996), on margin instead of a rate: care
that costs :math:`s` within a year secures

.. math:: S(s) = e\,M_1\,\bigl(1 - \exp(-s / (\kappa M_1))\bigr)

of the margin :math:`M_1` that is expected within that year. The *effect* :math:`e` is
the share of the year's margin that care can secure at most (their ceiling rate); the
*scale* :math:`\kappa` is the spend, as a share of the year's margin, at which
:math:`1 - 1/\mathrm{e} = 63\,\%` of that is secured (the inverse of their
:math:`K`). The curve is concave: each further unit of money secures less than the one
before.

The next unit no longer pays where the slope is one. From
:math:`S'(s) = (e/\kappa)\exp(-s/(\kappa M_1)) = 1`

.. math:: s^* = \kappa M_1 \ln(e / \kappa) \quad\text{if } e > \kappa,
          \text{ otherwise } 0.

In what follows ``spend`` and ``margin`` are money within a year, ``effect`` and
``scale`` shares. Everything takes numbers or arrays that broadcast together.

References
----------
R. C. Blattberg and J. Deighton (1996), "Manage marketing by the customer equity
test", Harvard Business Review 74 (4), 136-144. Their scale is money per customer, for
customers that are alike; here customers differ by orders of magnitude, and keeping a
larger one takes more people and hours, so that the scale grows with the margin.
P. E. Pfeifer (2005), "The optimal ratio of acquisition and retention costs", Journal
of Targeting, Measurement and Analysis for Marketing 13 (2), 179-188: spend until the
marginal unit returns what it costs.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def secured(
    *,
    spend: npt.ArrayLike,
    margin_year: npt.ArrayLike,
    effect: npt.ArrayLike,
    scale: npt.ArrayLike,
) -> Floats:
    """Return the margin that a yearly spend secures, before the spend itself.

    Rises with the spend, the margin and the effect; falls with the scale. Nothing is
    secured by nothing, where no margin or a loss is expected, or without effect; never
    more than ``effect * margin_year``. A negative spend counts as none.

    Raises
    ------
    ValueError
        If an effect lies outside 0 to 1, or a scale is not positive.
    """
    effect, scale = _checked(effect, scale)
    margin = np.maximum(np.asarray(margin_year, dtype=float), 0.0)
    spent = np.maximum(np.asarray(spend, dtype=float), 0.0)
    reach = np.where(margin > 0, scale * margin, 1.0)
    return np.asarray(-effect * margin * np.expm1(-spent / reach))


def marginal(
    *,
    spend: npt.ArrayLike,
    margin_year: npt.ArrayLike,
    effect: npt.ArrayLike,
    scale: npt.ArrayLike,
) -> Floats:
    """Return what the next unit of money secures, in money per unit of money.

    The slope of `secured`: ``effect / scale`` at no spend, falling towards zero; zero
    where no margin is expected.

    Raises
    ------
    ValueError
        As `secured`.
    """
    effect, scale = _checked(effect, scale)
    margin = np.asarray(margin_year, dtype=float)
    spent = np.maximum(np.asarray(spend, dtype=float), 0.0)
    reach = np.where(margin > 0, scale * margin, 1.0)
    return np.where(margin > 0, effect / scale * np.exp(-spent / reach), 0.0)


def justified(
    *,
    margin_year: npt.ArrayLike,
    margin: npt.ArrayLike,
    effect: npt.ArrayLike,
    scale: npt.ArrayLike,
) -> Floats:
    """Return the yearly spend at which the next unit no longer pays.

    ``margin`` is what is expected over the whole horizon: no more than that is ever
    justified. Zero where a loss is expected, without effect, and where not even the
    first unit pays (``effect <= scale``). Rises with margin and effect; at most
    ``effect * margin_year / e`` with Euler's number e, reached where the scale is the
    e-th part of the effect.

    Raises
    ------
    ValueError
        As `secured`.
    """
    share = justified_share(effect=effect, scale=scale)
    year = np.maximum(np.asarray(margin_year, dtype=float), 0.0)
    whole = np.maximum(np.asarray(margin, dtype=float), 0.0)
    return np.asarray(np.minimum(share * year, whole))


def justified_share(*, effect: npt.ArrayLike, scale: npt.ArrayLike) -> Floats:
    """Return the share of a year's margin that pays: scale * ln(effect / scale).

    Raises
    ------
    ValueError
        As `secured`.
    """
    effect, scale = _checked(effect, scale)
    ratio = np.maximum(effect / scale, 1.0)
    return np.asarray(scale * np.log(ratio))


def _checked(effect: npt.ArrayLike, scale: npt.ArrayLike) -> tuple[Floats, Floats]:
    effect, scale = np.asarray(effect, dtype=float), np.asarray(scale, dtype=float)
    if not np.all((effect >= 0) & (effect <= 1)):
        raise ValueError("effect must lie between 0 and 1")
    if not np.all(scale > 0):
        raise ValueError("scale must be positive")
    return effect, scale
