"""What the engine takes of the accounts that ever ordered: vectors, money in units."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clv.engine.clock import Clock
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.history import Histories
from clv.engine.ledgers import Ledgers
from clv.engine.seasons import Seasons
from clv.policy import YOUNGEST_DAYS
from clv.queries.inputs import COST_COLUMNS, Inputs
from clv.services.results import Terms

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Customers:
    """n accounts with orders; every vector has shape (n,), money in currency units.

    Attributes
    ----------
    rows : where they stand in the inputs
    histories : Histories
    order_count : days with orders, the first one included
    mean_margin : margin per day with orders, to date
    ledgers : what serving them has cost; nobody counts as younger than `YOUNGEST_DAYS`
    realised_profit : margin less all costs to date
    """

    rows: NDArray[np.intp]
    histories: Histories
    order_count: Floats
    mean_margin: Floats
    ledgers: Ledgers
    realised_profit: Floats

    def __len__(self) -> int:
        return int(self.rows.size)

    @classmethod
    def of(cls, inputs: Inputs, clock: Clock | None = None) -> "Customers":
        """Return the accounts of `inputs` that ever ordered, histories on `clock`."""
        rows = np.flatnonzero(inputs.order_days > 0)
        orders, age = inputs.order_days[rows], inputs.age_days[rows]
        return cls(
            rows=rows,
            histories=(clock or Clock()).histories(
                orders, inputs.recency_days[rows], age
            ),
            order_count=orders.astype(np.float64),
            mean_margin=inputs.margin[rows] / 100.0 / orders,
            ledgers=ledgers_of(inputs, rows),
            realised_profit=inputs.realised_profit[rows] / 100.0,
        )

    def without_contract(self, inputs: Inputs) -> "Customers":
        """Return those whose orders, not contracts, say how long they stay."""
        if not len(inputs.contracts):
            return self
        return self.take(np.flatnonzero(~np.isin(self.rows, under_contract(inputs))))

    def take(self, index: NDArray[np.intp]) -> "Customers":
        """Return the accounts at `index`."""
        vectors = {one.name: getattr(self, one.name) for one in fields(self)}
        histories = vectors.pop("histories").take(index)
        ledgers = vectors.pop("ledgers").take(index)
        kept = {name: values[index] for name, values in vectors.items()}
        return Customers(histories=histories, ledgers=ledgers, **kept)


def ledgers_of(inputs: Inputs, rows: NDArray[np.intp]) -> Ledgers:
    """Return what serving the accounts at `rows` has cost."""
    years = np.maximum(inputs.age_days[rows], YOUNGEST_DAYS) / DAYS_PER_YEAR
    return Ledgers(
        costs={
            kind: getattr(inputs, column)[rows] / 100.0
            for kind, column in COST_COLUMNS.items()
        },
        orders=inputs.order_days[rows].astype(np.float64),
        years=years,
        revenue=inputs.revenue[rows] / 100.0,
        group_code=inputs.group_code[rows],
    )


def under_contract(inputs: Inputs) -> NDArray[np.intp]:
    """Return where the accounts under contract stand in the inputs."""
    return np.searchsorted(inputs.account_id, inputs.contracts.account_id)


def clock_of(seasons: Seasons, terms: Terms | None) -> Clock:
    """Return the clock of a run's day; without a day there are no seasons."""
    return Clock() if terms is None else Clock(seasons, terms.as_of.toordinal())
