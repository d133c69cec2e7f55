"""Groups of customers against all: mean CLV with its interval, and who is below.

Red is a group only where the whole 95 % interval of its mean CLV lies below the mean of
all, and with `FEWEST` customers at least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.engine.cohorts import mean_interval
from common.charts import Chart, Column, Series
from common.templatetags.display import count, money

FEWEST = 8
LEVEL = 0.95
MOST_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Cohort:
    """One group of customers against all."""

    key: str
    label: str
    customers: int
    mean: Decimal
    low: Decimal | None
    high: Decimal | None
    is_red: bool
    url: str

    @property
    def is_small(self) -> bool:
        return self.customers < FEWEST

    @property
    def interval(self) -> str:
        if self.low is None or self.high is None:
            return "one customer"
        return f"{money(self.low)} to {money(self.high)}"


@dataclass(frozen=True, slots=True)
class CohortTable:
    """The cohorts of one kind, the largest first; quarters by time."""

    kind: str
    title: str
    mean: Decimal
    cohorts: Sequence[Cohort]

    @property
    def red(self) -> list[Cohort]:
        return [one for one in self.cohorts if one.is_red]

    @property
    def sentence(self) -> str:
        if not self.red:
            return f"No cohort lies surely below the mean of {money(self.mean)}."
        names = ", ".join(one.label for one in self.red)
        return f"Surely below the mean of {money(self.mean)}: {names}."

    @property
    def chart(self) -> Chart:
        shown = self.cohorts[-MOST_SHOWN:]
        return Chart(
            key=f"targeting-{self.kind}",
            title=f"Mean CLV by {self.title.lower()}",
            summary=self.sentence,
            labels=[one.label for one in shown],
            series=[
                Series("Mean CLV", [float(one.mean) for one in shown], "bar"),
                Series("All customers", [float(self.mean)] * len(shown), "dashed"),
            ],
            x_title=self.title,
            columns_beside=[
                Column("95 % of the mean", [one.interval for one in shown]),
                Column("Customers", [count(one.customers) for one in shown]),
            ],
        )


def against_all(
    *,
    key: str,
    label: str,
    customers: int,
    mean: float,
    sd: float,
    of_all: float,
    url: str,
) -> Cohort:
    """Return a group with the interval of its mean; red if that lies below all's."""
    span = mean_interval(mean, sd, customers, level=LEVEL)
    return Cohort(
        key=key,
        label=label,
        customers=customers,
        mean=to_money(mean),
        low=to_money(span[0]) if span else None,
        high=to_money(span[1]) if span else None,
        is_red=bool(span and customers >= FEWEST and span[1] < of_all),
        url=url,
    )


def to_money(amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(Decimal("0.01"))
