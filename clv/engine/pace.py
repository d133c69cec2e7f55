"""The firm's model of repeat buying at another pace: who orders m times as often.

A pace m multiplies every customer's rate of ordering. In all models of repeat buying
here rates are gamma with a scale in days, ``alpha``, so that pace m is ``alpha / m``.
Mixes take the pace in every part, and own paces have a factor of their own. What
follows from a pace is computed at a few of them (`PACES`) and read off a smooth curve
in between.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
from scipy.interpolate import PchipInterpolator

from clv.engine.arrays import FloatMatrix, FloatVector
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.repeat_buying import RepeatBuyingModel

FASTEST = 8.0
PACES: FloatVector = np.exp(np.linspace(-np.log(FASTEST), np.log(FASTEST), 25))
AGE_STEP_DAYS = 28.0
FRESH = Histories.check([0.0], [0.0], [0.0])


def at_pace(model: RepeatBuyingModel, factor: float) -> RepeatBuyingModel:
    """Return the model of customers who order `factor` times as often.

    Raises
    ------
    BadParameterError
        If the factor is not positive, or the model has no rate of ordering.
    """
    if not (np.isfinite(factor) and factor > 0.0):
        raise BadParameterError(f"a pace must be positive, not {factor}")
    names = {field.name for field in fields(model)}
    one = cast("Any", model)
    if "models" in names:
        parts = tuple(at_pace(part, factor) for part in one.models)
        return cast("RepeatBuyingModel", replace(one, models=parts))
    if "pace" in names:
        return cast("RepeatBuyingModel", replace(one, pace=one.pace * factor))
    if "alpha" not in names:
        raise BadParameterError(f"{type(model).__name__} has no rate of ordering")
    return cast("RepeatBuyingModel", replace(one, alpha=one.alpha / factor))


@dataclass(frozen=True, slots=True)
class Pace:
    """A model of repeat buying at each of `PACES`."""

    models: tuple[RepeatBuyingModel, ...]

    @classmethod
    def of(cls, model: RepeatBuyingModel) -> "Pace":
        """Return the model at all paces."""
        return cls(tuple(at_pace(model, factor) for factor in PACES.tolist()))

    @property
    def usual(self) -> RepeatBuyingModel:
        """Return the model at pace 1."""
        return self.models[PACES.size // 2]

    def expected_repeats(self, age_days: FloatVector) -> FloatVector:
        """Return repeat orders of a new customer up to each age, shape (n,)."""
        grid = _ages(age_days)
        curve = self.usual.purchase_curve(FRESH, grid)[0]
        return np.asarray(np.interp(age_days, grid, curve), dtype=np.float64)

    def factor_for(self, ratio: FloatVector, age_days: FloatVector) -> FloatVector:
        """Return the pace that multiplies repeat orders by `ratio`.

        Parameters
        ----------
        ratio : float array, shape (g,), > 0
        age_days : float array, shape (n,)
            Of the customers who place them. Without ages, or all 0, a pace is a ratio.

        Returns
        -------
        float array, shape (g,), within `PACES`
        """
        grid = _ages(age_days)
        weight = np.bincount(
            np.rint(age_days / AGE_STEP_DAYS).astype(np.intp), minlength=grid.size
        )[: grid.size]
        repeats = np.array(
            [
                (model.purchase_curve(FRESH, grid)[0] * weight).sum()
                for model in self.models
            ]
        )
        usual = repeats[PACES.size // 2]
        if not usual > 0.0:
            return np.clip(ratio, PACES[0], PACES[-1])
        # Faster customers also leave sooner: the curve may turn, only its rise counts.
        rise = np.maximum.accumulate(repeats / usual)
        rise = rise + np.arange(rise.size) * 1e-12
        log_pace = np.interp(np.log(ratio), np.log(rise), np.log(PACES))
        return np.asarray(np.exp(log_pace), dtype=np.float64)


def between_paces(values: FloatMatrix, pace: FloatVector) -> FloatVector:
    """Return what holds at each pace, given `values` at `PACES`; shape (g,)."""
    curve = PchipInterpolator(np.log(PACES), values)
    return np.asarray(
        curve(np.log(np.clip(pace, PACES[0], PACES[-1]))), dtype=np.float64
    )


def _ages(age_days: FloatVector) -> FloatVector:
    oldest = float(age_days.max(initial=0.0))
    return np.arange(np.ceil(oldest / AGE_STEP_DAYS) + 1.0) * AGE_STEP_DAYS
