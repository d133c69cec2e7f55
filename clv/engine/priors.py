"""Weak priors for fits on few accounts or short histories.

Each parameter has a log-normal prior, stated by its median in natural units (days for
rates) and its spread on the log scale: a spread of 1 says "within a factor of 2.7 in
two of three firms". With thousands of accounts such a prior moves nothing; with
twenty it keeps the estimate from running off to infinity.

People state a prior as a `TypicalCustomer`: so many orders a year, so large a share
that leaves within a year, so much margin an order. Each family keeps how much its
customers differ (the shapes) and takes pace and loyalty from there:

    r / alpha   = n / 365.25                     orders per day while a customer
    a / (a + b) = c, 1 - exp(-n c) = l           leaving at an order (beta-geometric)
    s / beta    = -ln(1 - l) / 365.25            leaving at any time (Pareto)

with n orders a year and a share l that leaves within one: orders come as a Poisson
process, so that chances c to leave thin it to one of n c. Limits: l to 0 keeps
everybody; leaving at orders allows l < 1 - exp(-n) only, since who does not order
cannot leave.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.errors import BadParameterError

HIGHEST_CHANCE = 0.95  # of leaving at one order; beyond, nobody buys repeatedly
WEAKEST, STRONGEST = 0.01, 1000.0


@dataclass(frozen=True, slots=True)
class LogNormalPrior:
    """Independent log-normal priors, in the order of a model's parameters.

    Attributes
    ----------
    medians : tuple of float > 0
        In natural units; rates in days.
    log_spreads : tuple of float > 0
        Standard deviations of the logarithms.
    """

    medians: tuple[float, ...]
    log_spreads: tuple[float, ...]

    def __post_init__(self) -> None:
        values = (*self.medians, *self.log_spreads)
        if len(self.medians) != len(self.log_spreads):
            message = "a prior needs one spread for each median"
            raise BadParameterError(message)
        if not all(math.isfinite(value) and value > 0.0 for value in values):
            message = "medians and spreads of a prior must be positive and finite"
            raise BadParameterError(message)

    @property
    def log_medians(self) -> FloatVector:
        """Return the centres on the log scale."""
        return np.log(np.array(self.medians, dtype=np.float64))

    @property
    def spreads(self) -> FloatVector:
        """Return the spreads as a vector."""
        return np.array(self.log_spreads)

    def with_strength(self, strength: float) -> "LogNormalPrior":
        """Return the prior counting `strength` times: precisions are multiplied."""
        narrower = math.sqrt(strength)
        return LogNormalPrior(
            self.medians, tuple(spread / narrower for spread in self.log_spreads)
        )


@dataclass(frozen=True, slots=True)
class TypicalCustomer:
    """What people say of a typical customer, for firms that have few of them.

    Attributes
    ----------
    orders_per_year : float > 0 or None
        While a customer. None: as the family's own prior has it, as for the others.
    share_leaving : float in (0, 1) or None
        Share of customers that leave within a year.
    margin_per_order : float > 0 or None
        Money. None: the mean margin seen.
    strength : float > 0
        How strongly all this counts: 1 is as weak as the built-in priors, 4 counts
        like four of them.
    """

    orders_per_year: float | None = None
    share_leaving: float | None = None
    margin_per_order: float | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        for name, top in (
            ("orders_per_year", math.inf),
            ("share_leaving", 1.0),
            ("margin_per_order", math.inf),
        ):
            value = getattr(self, name)
            if value is not None and not (0.0 < value < top):
                raise BadParameterError(f"{name} must lie between 0 and {top}")
        if not WEAKEST <= self.strength <= STRONGEST:
            raise BadParameterError(
                f"strength must lie between {WEAKEST} and {STRONGEST}"
            )

    def buying(
        self, prior: LogNormalPrior, parameters: Sequence[str]
    ) -> LogNormalPrior:
        """Return a family's prior moved to the typical customer.

        Parameters
        ----------
        prior : LogNormalPrior
            The family's own, in the order of `parameters`.
        parameters : names
            ``r, alpha`` and, where customers leave, ``a, b`` or ``s, beta``.

        Raises
        ------
        BadParameterError
            If so many cannot leave at so few orders.
        """
        at = dict(zip(parameters, prior.medians, strict=True))
        if self.orders_per_year is not None:
            at["alpha"] = at["r"] * DAYS_PER_YEAR / self.orders_per_year
        if self.share_leaving is not None:
            hazard = -math.log1p(-self.share_leaving)  # a year
            if "beta" in at:
                at["beta"] = at["s"] * DAYS_PER_YEAR / hazard
            if "a" in at:
                chance = hazard * at["alpha"] / (at["r"] * DAYS_PER_YEAR)
                if chance > HIGHEST_CHANCE:
                    raise BadParameterError("so many cannot leave at so few orders")
                weight = at["a"] + at["b"]
                at["a"], at["b"] = weight * chance, weight * (1.0 - chance)
        moved = LogNormalPrior(tuple(at.values()), prior.log_spreads)
        return moved if self.strength == 1.0 else moved.with_strength(self.strength)

    def spend(self, prior: LogNormalPrior, unit: float) -> LogNormalPrior:
        """Return the prior over (p, q - 1, mean in multiples of `unit`), moved."""
        p, beyond, mean = prior.medians
        if self.margin_per_order is not None:
            mean = self.margin_per_order / unit
        moved = LogNormalPrior((p, beyond, mean), prior.log_spreads)
        return moved if self.strength == 1.0 else moved.with_strength(self.strength)


def highest_share_leaving(orders_per_year: float) -> float:
    """Return the largest share that can leave within a year at so many orders."""
    return -math.expm1(-HIGHEST_CHANCE * orders_per_year)
