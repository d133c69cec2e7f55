"""The clock of a case: how much of the time allowed is used.

All times are seconds that passed in the world, not on a wall clock: a night in which
summer time begins or ends is an hour shorter or longer, the time allowed is not.
"""

from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3_600, 86_400
HOURS_SAID = 2 * DAY  # from here on days are said


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock: `allowed` and `used` in seconds; a stopped one does not run on."""

    allowed: int
    used: int
    is_stopped: bool = False

    @property
    def left(self) -> int:
        """Return what is left; below 0 it is how late it is."""
        return self.allowed - self.used

    @property
    def is_breached(self) -> bool:
        return self.left <= 0

    def is_near(self, warning_share: float) -> bool:
        """Tell whether no more than this share of the time allowed is left."""
        return not self.is_breached and self.left <= warning_share * self.allowed

    @property
    def share_used(self) -> float:
        """Return the used share of the time allowed, from 0 to 1."""
        return min(self.used / self.allowed, 1.0)


def in_words(seconds: int) -> str:
    """Write a length of time in the two largest units that it has."""
    seconds = abs(seconds)
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < HOURS_SAID:
        hours, rest = divmod(seconds, HOUR)
        minutes = rest // MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, rest = divmod(seconds, DAY)
    hours = rest // HOUR
    return f"{days} d {hours} h" if hours else f"{days} d"
