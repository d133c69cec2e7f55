"""Groups of customers against all: mean CLV with its interval, and who is below.

Red is a group only where the whole 95 % interval of its mean CLV lies below the mean of
all, with `FEWEST_JUDGED` customers at least who have been customers for
`JUDGED_AFTER_DAYS` on average: see `docs/methods/targeting.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.engine.cohorts import mean_interval
from common.charts import Chart, Column, Series
from common.templatetags.display import count, money
from segments.policy import FEWEST_JUDGED, JUDGED_AFTER_DAYS

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
    is_below: bool
    age_days: int | None
    url: str

    @property
    def is_small(self) -> bool:
        return self.customers < FEWEST_JUDGED

    @property
    def is_young(self) -> bool:
        """Whether they had too little time; nights before it was kept do not know."""
        return self.age_days is not None and self.age_days < JUDGED_AFTER_DAYS

    @property
    def is_red(self) -> bool:
        return self.is_below and not self.is_small and not self.is_young

    @property
    def verdict(self) -> str:
        if self.is_small:
            return "too few to judge"
        if self.is_young:
            return "too young to judge"
        return "surely below" if self.is_red else ""

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
        said = f"No cohort lies surely below the mean of {money(self.mean)}."
        if self.red:
            names = ", ".join(one.label for one in self.red)
            said = f"Surely below the mean of {money(self.mean)}: {names}."
        young = [one.label for one in self.cohorts if one.is_young and not one.is_small]
        return f"{said} Too young to judge: {', '.join(young)}." if young else said

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
    age_days: float | None,
    url: str,
) -> Cohort:
    """Return a group with the interval of its mean, to be judged against all's.

    `age_days` is how long its customers have been ones, on average.
    """
    span = mean_interval(mean, sd, customers, level=LEVEL)
    return Cohort(
        key=key,
        label=label,
        customers=customers,
        mean=to_money(mean),
        low=to_money(span[0]) if span else None,
        high=to_money(span[1]) if span else None,
        is_below=bool(span and span[1] < of_all),
        age_days=None if age_days is None else int(age_days),
        url=url,
    )


def to_money(amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(Decimal("0.01"))
