"""What a run has learnt of the cost to serve, for people to read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clv.choices import CostDriver
from clv.policy import COST_DRIVERS
from clv.queries.inputs import SUM_OVER_TIME, SUM_PER_ORDER
from crm.choices import CostKind

LABELS = {kind: str(CostKind(kind).label) for kind in COST_DRIVERS} | {
    SUM_PER_ORDER: "With orders",
    SUM_OVER_TIME: "Over time",
}


@dataclass(frozen=True, slots=True)
class KindCost:
    """One kind: what it grows with, its mean, and how much an own ledger counts."""

    label: str
    driver: str
    rate: float
    k: float
    is_estimated: bool

    @property
    def trust(self) -> str:
        """Say how much of its own an account must have to count for itself."""
        if not self.rate:
            return "nothing entered"
        if not self.is_estimated:
            return f"half at {_exposure(self.k, self.driver)}, not estimated"
        if self.k >= FOR_EVER:
            return "accounts differ by chance only: all get the mean of their group"
        return f"half at {_exposure(self.k, self.driver)}"


FOR_EVER = 1e6  # more orders or years than anybody has


def _exposure(k: float, driver: str) -> str:
    return f"{k:.1f} {'orders' if driver == CostDriver.ORDER else 'years'}"


@dataclass(frozen=True, slots=True)
class FittedCosts:
    """Every kind of cost to serve, and both drivers' sums."""

    kinds: Sequence[KindCost]

    @property
    def per_order(self) -> float:
        return self._sum(CostDriver.ORDER)

    @property
    def per_year(self) -> float:
        return self._sum(CostDriver.YEAR)

    def _sum(self, driver: str) -> float:
        return sum(one.rate for one in self.kinds if one.driver == driver)


def fitted_costs(stored: Mapping[str, Any]) -> FittedCosts:
    """Return the costs in a run's parameters; old runs know two sums of kinds."""
    kept = stored.get("costs")
    if kept is None:
        return FittedCosts(
            [
                _kind(SUM_PER_ORDER, CostDriver.ORDER, stored["per_order"]),
                _kind(SUM_OVER_TIME, CostDriver.YEAR, stored["per_year"]),
            ]
        )
    return FittedCosts(
        [
            _kind(kind, kept["drivers"][kind], kept["rates"][kind])
            for kind in in_order(kept["rates"])
        ]
    )


def in_order(kinds: Iterable[str]) -> list[str]:
    """Return the kinds as people list them: the database keeps no order."""
    return sorted(kinds, key=[*LABELS].index)


def _kind(kind: str, driver: str, rates: Mapping[str, Any]) -> KindCost:
    rate = rates.get("overall")
    return KindCost(
        label=LABELS[kind],
        driver=driver,
        rate=rates["group_means"][0] if rate is None else rate,
        k=rates["k"],
        is_estimated=rates["is_estimated"],
    )
