"""The mean of a group against that of all, with an interval.

The interval is that of Student's t: mean -+ t(level, n - 1) sd / sqrt(n). Values of
customers are skewed, so that it is honest for some dozens of them and a hint for fewer;
below two there is none.
"""

import math

from scipy.special import stdtrit


def mean_interval(
    mean: float, sd: float, count: int, *, level: float = 0.95
) -> tuple[float, float] | None:
    """Return the ends of the interval of a mean; None with fewer than two values.

    Parameters
    ----------
    mean, sd : float
        Mean and sample standard deviation of the group.
    count : int
        How many values there are.
    level : float in (0, 1)
    """
    if count <= 1:
        return None
    reach = float(stdtrit(count - 1, 0.5 + 0.5 * level)) * sd / math.sqrt(count)
    return mean - reach, mean + reach
