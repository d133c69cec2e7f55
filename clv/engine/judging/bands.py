"""How far totals of parts of the firm are off, beyond the luck of their accounts.

The total of a firm can be right while its large accounts are forecast too high and its
small ones too low. Accounts are cut into bands by their forecast, as classes cut them
by their worth; in each band and at each origin, with a total forecast of F and A that
came,

    excess = max(ln(F / A)^2 - sum of squared errors of the accounts / (F A), 0),

the second part being what independent accounts are off by chance. The root of the mean
excess is the model error of parts, shrunk to the usual one like that of the whole.
"""

import math
from collections.abc import Sequence

import numpy as np

from clv.engine.arrays import FloatVector, sums_by
from clv.engine.judging.calibration import USUAL_MODEL_ERROR, USUAL_ORIGINS

BAND_EDGES = (0.4, 0.7, 0.9)  # shares of the accounts, by rising forecast


def band_error(told: Sequence[FloatVector], came: Sequence[FloatVector]) -> float:
    """Return the relative standard deviation of totals of bands around the truth.

    Parameters
    ----------
    told, came : sequences of float arrays, shape (n,) per origin
        Money forecast for each account, and what came.

    Returns
    -------
    float > 0
        For `clv.engine.uncertainty.total_intervals` of classes. Bands without any
        money are left out; the bands of an origin count as one observation together.
    """
    excess, origins = 0.0, 0.0
    bands = len(BAND_EDGES) + 1
    for forecast, actual in zip(told, came, strict=True):
        band = np.searchsorted(np.quantile(forecast, BAND_EDGES), forecast)
        totals = sums_by(band, forecast, bands), sums_by(band, actual, bands)
        chance = sums_by(band, (actual - forecast) ** 2, bands)
        for said, was, luck in zip(*totals, chance, strict=True):
            if said > 0.0 and was > 0.0:
                off = math.log(said / was) ** 2 - luck / (said * was)
                excess += max(off, 0.0) / bands
                origins += 1.0 / bands
    squares = USUAL_ORIGINS * USUAL_MODEL_ERROR**2 + excess
    return math.sqrt(squares / (USUAL_ORIGINS + origins))
