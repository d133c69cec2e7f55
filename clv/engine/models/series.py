"""Elementary functions in forms that lose no digits."""

import numpy as np

from clv.engine.arrays import FloatMatrix

NEGLIGIBLE = 1e-12


def expm1_ratio(z: FloatMatrix) -> FloatMatrix:
    """Return ``(exp(z) - 1) / z``, which is 1 at z = 0."""
    tiny = np.abs(z) < NEGLIGIBLE
    ratio = np.expm1(z) / np.where(tiny, 1.0, z)
    return np.where(tiny, 1.0, ratio)
