"""What a missing fact may change, judged by like cases where the fact is known."""

from dataclasses import dataclass

FEWEST_LIKE = 5


@dataclass(frozen=True, slots=True)
class Like:
    """Known values of like cases: how many, their 10th and 90th hundredth."""

    cases: int
    low: float
    high: float

    @property
    def is_enough(self) -> bool:
        return self.cases >= FEWEST_LIKE


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far CLV may lie from what is counted: `low` is not above 0, `high` not below.

    Doubts add up end to end, as if all of them erred in the same direction.
    """

    low: float = 0.0
    high: float = 0.0

    @property
    def width(self) -> float:
        return self.high - self.low

    def __add__(self, other: "Doubt") -> "Doubt":
        return Doubt(self.low + other.low, self.high + other.high)


def doubt_of(*, amount: float, counted: float, like: Like, is_cost: bool) -> Doubt:
    """Return the doubt about `amount` units that count at `counted` each.

    A unit may be worth what like cases are, or what is counted now; a cost lowers CLV.
    """
    sign = -1 if is_cost else 1
    ends = [
        sign * (value - counted) * amount for value in (like.low, counted, like.high)
    ]
    return Doubt(min(ends), max(ends))
