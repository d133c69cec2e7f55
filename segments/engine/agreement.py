"""How far two choices of the same size out of the same things agree, against chance."""

from dataclasses import dataclass
from math import comb


@dataclass(frozen=True, slots=True)
class Agreement:
    """`both` of `size` things stand in either choice, each drawn from `among`.

    Notes
    -----
    Two choices drawn blindly share ``size**2 / among`` things in the mean; how many
    they share is hypergeometric. `beyond_chance` is Cohen's kappa of the two choices:
    0 where they agree as often as blind ones, 1 where they are the same.
    """

    size: int
    both: int
    among: int

    def __post_init__(self) -> None:
        if not 0 <= self.both <= self.size <= self.among or not self.size:
            raise ValueError("both <= size <= among, and something is named")

    @property
    def share(self) -> float:
        return self.both / self.size

    @property
    def by_chance(self) -> float:
        """Return the share that blind choices have in the mean."""
        return self.size / self.among

    @property
    def expected(self) -> float:
        """Return how many things blind choices share in the mean."""
        return self.size * self.size / self.among

    @property
    def beyond_chance(self) -> float | None:
        """Return kappa; None where everything is named, which nobody can miss."""
        if self.size == self.among:
            return None
        return (self.share - self.by_chance) / (1 - self.by_chance)

    @property
    def chance_of_as_many(self) -> float:
        """Return how probable as many or more in both are for a blind choice."""
        ways = sum(
            comb(self.size, k) * comb(self.among - self.size, self.size - k)
            for k in range(self.both, self.size + 1)
        )
        return ways / comb(self.among, self.size)
