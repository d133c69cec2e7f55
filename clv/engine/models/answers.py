"""What models of repeat buying answer, and what they are asked."""

from dataclasses import dataclass
from typing import TypeAlias

from clv.engine.arrays import FloatMatrix, FloatVector
from clv.engine.discounting import daily_rate, effective_horizon


@dataclass(frozen=True, slots=True)
class Flows:
    """Discounted expectations per account within a horizon.

    Attributes
    ----------
    orders : float array, shape (n,)
    alive_days : float array, shape (n,)
    """

    orders: FloatVector
    alive_days: FloatVector


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that the value of n accounts takes of a model; vectors of shape (n,).

    Attributes
    ----------
    probability_alive : float array
    orders, alive_days : float arrays, discounted, within the horizon
    near_orders, near_alive_days : the same within a nearer day
    bought, near_bought : float arrays, orders until both days, undiscounted
    """

    probability_alive: FloatVector
    orders: FloatVector
    alive_days: FloatVector
    near_orders: FloatVector
    near_alive_days: FloatVector
    bought: FloatVector
    near_bought: FloatVector


@dataclass(frozen=True, slots=True)
class Ask:
    """What an outlook is asked for; `delta` is the discount rate per day."""

    delta: float
    horizon: float
    near: float

    @classmethod
    def check(cls, annual_rate: float, horizon_days: float, near_days: float) -> "Ask":
        return cls(
            daily_rate(annual_rate),
            effective_horizon(annual_rate, horizon_days),
            effective_horizon(annual_rate, near_days),
        )


# Columns of an outlook from the second on, given alive.
Expected: TypeAlias = tuple[FloatVector, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """Simulated futures, one column per draw.

    Attributes
    ----------
    orders : float array, shape (n, draws)
    alive_days : float array, shape (n, draws)
    """

    orders: FloatMatrix
    alive_days: FloatMatrix
