"""What accounts have cost so far, and the cells that they are compared within."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clv.engine.arrays import FloatVector, IndexVector

ORDER, YEAR = "order", "year"


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What n accounts have cost to serve so far; every vector has shape (n,).

    Attributes
    ----------
    costs : mapping of kind to float array
        Money in currency units.
    orders, years : float arrays, >= 0
        Days with orders, and years as a customer.
    revenue : float array
    group_code : int array
        Number of the account's class, -1 in none.
    """

    costs: Mapping[str, FloatVector]
    orders: FloatVector
    years: FloatVector
    revenue: FloatVector
    group_code: IndexVector

    def take(self, index: IndexVector) -> "Ledgers":
        """Return the accounts at `index`."""
        return Ledgers(
            costs={kind: cost[index] for kind, cost in self.costs.items()},
            orders=self.orders[index],
            years=self.years[index],
            revenue=self.revenue[index],
            group_code=self.group_code[index],
        )

    def exposure(self, driver: str) -> FloatVector:
        return self.orders if driver == ORDER else self.years


@dataclass(frozen=True, slots=True)
class Grouping:
    """How accounts fall into cells: by size, which is revenue a year, and class.

    Attributes
    ----------
    size_bounds : tuple of float, ascending
        Where one size ends and the next begins.
    classes : int >= 0
        How many class numbers there are; others count as none.
    """

    size_bounds: tuple[float, ...] = ()
    classes: int = 0

    @property
    def branch_of_cell(self) -> IndexVector:
        """Return the size of each cell."""
        sizes = np.arange(len(self.size_bounds) + 1, dtype=np.intp)
        return np.repeat(sizes, self.classes + 1)

    def cells_of(self, ledgers: Ledgers) -> IndexVector:
        """Return the cell of each account; who is in no class has cells of its own."""
        years = np.where(ledgers.years > 0.0, ledgers.years, 1.0)
        size = np.searchsorted(self.size_bounds, ledgers.revenue / years, side="right")
        code = ledgers.group_code
        place = np.where((code >= 0) & (code < self.classes), code + 1, 0)
        return (size * (self.classes + 1) + place).astype(np.intp)
