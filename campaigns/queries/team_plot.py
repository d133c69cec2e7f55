"""How satisfied each rep's customers are, against the CLV that was gained with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from campaigns.queries.team import Row
from common.money import ZERO

WIDTH, HEIGHT, MARGIN = 1000.0, 700.0, 60.0
RATINGS = (1, 2, 3, 4, 5)
NAME_WIDTH, NAME_HEIGHT = 320.0, 60.0  # at most, as names stand in the plot


@dataclass(frozen=True, slots=True)
class Dot:
    """One rep between satisfaction (across) and CLV gained (upwards).

    The name stands above, or below where the one above is in its way.
    """

    x: float
    y: float
    row: Row
    is_below: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Reps whose customers rated, highest first; what the plot marks, and where.

    `ratings` lie across. `gains` lie upwards: the lowest and the highest, and none.
    """

    dots: Sequence[Dot]
    ratings: Sequence[tuple[int, float]]
    gains: Sequence[tuple[Decimal, float]]


def plot_of(rows: Sequence[Row]) -> Plot:
    """Lay out the rows of which both is known."""
    known = [row for row in rows if row.rated.mean and row.gained is not None]
    known.sort(key=_gain, reverse=True)
    low, high = (pick([ZERO, *map(_gain, known)]) for pick in (min, max))
    span = (high - low) or Decimal(1)

    def upwards(gain: Decimal) -> float:
        share = float((gain - low) / span)
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    dots: list[Dot] = []
    for row in known:
        x, y = _across(row.rated.mean or 1), upwards(_gain(row))
        is_near = any(
            y - one.y < NAME_HEIGHT and abs(x - one.x) < NAME_WIDTH for one in dots
        )
        dots.append(Dot(x, y, row, is_below=is_near))
    return Plot(
        dots=dots,
        ratings=[(rating, _across(rating)) for rating in RATINGS],
        gains=[(gain, upwards(gain)) for gain in sorted({low, ZERO, high})],
    )


def _gain(row: Row) -> Decimal:
    return ZERO if row.gained is None else row.gained


def _across(rating: float) -> float:
    return round(MARGIN + (rating - 1) / 4 * (WIDTH - 2 * MARGIN), 1)
