"""The gamma-gamma model of margin per order.

Story: each order of an account has margin ~ Gamma(p, nu), and nu ~ Gamma(q, v) differs
between accounts, independent of how often they buy. Where margin and pace go together,
the scale follows the number of orders: ``v_x = v (x / reference)^slope``.

Symbols of the paper and our names: x = frequency, the orders behind the mean;
z = mean_value, their mean. `frequency` counts *all* orders with a known margin, the
first one included: leaving it out, as textbooks do, throws away the only thing known
about one-time buyers.

Formulas. With x orders of mean z, integrated over nu:

    ln L = lnG(px+q) - lnG(px) - lnG(q) + q ln(v) + (px-1) ln(z) + px ln(x)
           - (px+q) ln(v + xz)
    E[mean | x, z] = p (v + x z) / (p x + q - 1)

The expectation is linear in z: the account's own mean, shrunk towards the mean of all,
``pv/(q-1)``, with weight ``px / (px+q-1)`` for its own. Accounts whose mean is zero or
negative cannot come from a gamma: they do not enter the fit, but they get the same
line, towards the mean of all accounts with the losses in it.

Source: Fader & Hardie (2013), The gamma-gamma model of monetary value; Colombo & Jiang
(1999), A stochastic RFM model, Journal of Interactive Marketing 13(3).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import FloatVector, as_account_vector, as_vector, frozen, refuse
from clv.engine.errors import BadParameterError
from clv.engine.storing import restored

PARAMETERS = ("p", "q", "v", "slope")
WIDEST_LOG_STEP = 6.0  # of a drawn parameter


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted gamma-gamma model.

    Attributes
    ----------
    p : float > 0
        Shape of the margins of one account.
    q : float > 1
        Shape of the gamma over accounts; the mean exists only above 1.
    v : float > 0
        Its rate, in money, for `reference` orders.
    log_likelihood : float or None
    account_count : float
        Accounts with a positive mean, which the fit used.
    log_covariance : tuple of 3 or 4 tuples of as many float
        Of ln(p), ln(q - 1), ln(v) and, where fitted, the slope; empty when unknown.
    slope : float
        Of ln(v) over ln(orders); 0 is the model of the paper.
    reference : float > 0
        Orders for which v holds; accounts nothing is known of count as such.
    own_share : float in [0, 1]
        Share of the account's plain mean in the expected value, beyond what the model
        gives it; learnt from hold-outs.
    loss_share : float in [0, 1]
        Share of all orders that came from accounts without a positive mean.
    loss_mean : float <= 0
        Their mean.
    """

    p: float
    q: float
    v: float
    log_likelihood: float | None = None
    account_count: float = 0.0
    log_covariance: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    slope: float = 0.0
    reference: float = 1.0
    own_share: float = 0.0
    loss_share: float = 0.0
    loss_mean: float = 0.0

    def __post_init__(self) -> None:
        for name, floor in (("p", 0.0), ("q", 1.0), ("v", 0.0), ("reference", 0.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > floor):
                raise BadParameterError(f"{name} must be above {floor:g}, not {value}")
        for name in ("own_share", "loss_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadParameterError(f"{name} must lie between 0 and 1")
        if not (math.isfinite(self.slope) and -math.inf < self.loss_mean <= 0.0):
            raise BadParameterError("slope or loss_mean is out of its domain")

    @classmethod
    def from_parameters(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild a model from ``dataclasses.asdict``, also after a trip through JSON.

        Raises
        ------
        BadParameterError
            If a name is unknown or missing or a value is out of its domain.
        """
        return restored(cls, stored)

    @property
    def profitable_mean(self) -> float:
        """Return the expected margin per order of an account that earns something."""
        return self.p * self.v / (self.q - 1.0)

    @property
    def mean(self) -> float:
        """Return the expected margin per order of an account not seen yet."""
        gain = (1.0 - self.loss_share) * self.profitable_mean
        return gain + self.loss_share * self.loss_mean

    @property
    def standard_errors(self) -> dict[str, float]:
        """Return standard errors of p, q, v and a fitted slope; empty when unknown."""
        if not self.log_covariance:
            return {}
        errors = np.sqrt(np.diag(np.array(self.log_covariance)))
        scale = np.array([self.p, self.q - 1.0, self.v, 1.0])[: errors.size]
        names = PARAMETERS[: errors.size]
        return dict(zip(names, (errors * scale).tolist(), strict=True))

    def log_turn(self, frequency: FloatVector) -> FloatVector:
        """Return ``ln(v_x / v)``: 0 without a slope and for accounts without orders."""
        orders = np.where(frequency > 0.0, frequency, self.reference)
        return self.slope * np.log(orders / self.reference)

    def expected_value(
        self, frequency: ArrayLike, mean_value: ArrayLike
    ) -> FloatVector:
        """Return the expected margin of an account's next order.

        Parameters
        ----------
        frequency : array-like, shape (n,), >= 0
            Orders behind the mean; 0 gives the mean of all accounts.
        mean_value : array-like, shape (n,)
            Any sign; ignored where frequency is 0.

        Returns
        -------
        float array, shape (n,)
            Money per order; negative where the own mean is low enough.

        Raises
        ------
        BadHistoryError
            If a value is not finite, a frequency negative, or lengths differ.
        """
        x, z = checked_means(frequency, mean_value)
        anybody = self.v * self.mean / self.profitable_mean
        v = np.where(z > 0.0, self.v, anybody) * np.exp(self.log_turn(x))
        line = self.p * (v + x * z) / (self.p * x + self.q - 1.0)
        if self.own_share:
            line += self.own_share * np.where(x > 0.0, z - line, 0.0)
        return frozen(line)

    def draw_models(self, rng: np.random.Generator, draws: int) -> list["GammaGamma"]:
        """Draw models from the normal approximation of the log parameters' posterior.

        Without a covariance every draw is the model itself.
        """
        if not self.log_covariance:
            return [self] * draws
        values, vectors = np.linalg.eigh(np.array(self.log_covariance))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        steps = rng.standard_normal((draws, values.size)) @ root.T
        steps = np.clip(steps, -WIDEST_LOG_STEP, WIDEST_LOG_STEP)
        return [self.moved(step) for step in steps]

    def draw_relative_means(
        self, order_count: FloatVector, rng: np.random.Generator
    ) -> FloatVector:
        """Draw true mean margins, as multiples of the expected one.

        Given x orders, ``nu ~ Gamma(px + q, v_x + xz)``; the true mean is ``p / nu``.
        The factor has mean 1 and depends neither on z nor on the scale.
        """
        shape = self.p * order_count + self.q
        return (shape - 1.0) / rng.gamma(shape)

    def moved(self, log_step: FloatVector) -> "GammaGamma":
        """Return the model with ln(p), ln(q - 1), ln(v) and the slope moved."""
        up = np.exp(log_step[:3]).tolist()
        turned = float(log_step[3]) if log_step.size > 3 else 0.0  # noqa: PLR2004
        return replace(
            self,
            p=self.p * up[0],
            q=1.0 + (self.q - 1.0) * up[1],
            v=self.v * up[2],
            slope=self.slope + turned,
        )


def checked_means(
    frequency: ArrayLike, mean_value: ArrayLike
) -> tuple[FloatVector, FloatVector]:
    """Return both as vectors; means of accounts without orders are 0.

    Raises
    ------
    BadHistoryError
        If a value is not finite, a frequency negative, or lengths differ.
    """
    x = as_vector(frequency, "frequency")
    refuse(x < 0, "frequency is negative")
    return x, as_account_vector(mean_value, "mean_value", x.size, unused=x == 0)
