"""The best plans within money and hours, beside today's, in words and figures.

Amounts are whole cents and whole rep minutes of a year inside, money and hours a week
where they are shown.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Self

from campaigns.engine.optimiser import (
    Limits,
    Option,
    Status,
    Totals,
)
from campaigns.queries.optimiser import WEEKS
from common.charts import Chart, Column, Series
from common.lists.sets import account_set_url
from common.templatetags.display import cents, money, number, signed_money
from segments.choices import WorthClass

MINUTES_A_WEEKLY_HOUR = 60 * WEEKS


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to know: limits, how fine, and what stays as it is."""

    money: Decimal
    hours: Decimal
    is_by_band: bool = False
    kept: tuple[str, ...] = ()

    @property
    def limits(self) -> Limits:
        return Limits(int(self.money * 100), int(self.hours * MINUTES_A_WEEKLY_HOUR))


@dataclass(frozen=True, slots=True)
class Sums:
    """Cost, time and gain of a year, shown as money and hours a week."""

    cents: int = 0
    minutes: int = 0
    gained: int = 0

    @classmethod
    def of(cls, found: Totals | Option) -> Self:
        return cls(found.cost, found.minutes, found.gain)

    @property
    def cost(self) -> Decimal:
        return Decimal(self.cents) / 100

    @property
    def hours(self) -> float:
        return self.minutes / MINUTES_A_WEEKLY_HOUR

    @property
    def gain(self) -> Decimal:
        return Decimal(self.gained) / 100

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.cents + other.cents,
            self.minutes + other.minutes,
            self.gained + other.gained,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What some accounts of a line get; without ends it is all of them."""

    variant: str
    label: str
    status: str
    accounts: int
    sums: Sums
    low: int | None = None
    high: int | None = None
    is_whole: bool = True

    @property
    def who(self) -> str:
        """Name the accounts by what is expected of each within a year."""
        if self.is_whole:
            return "everybody"
        if self.low is None:
            return f"below {money(self.high)} a year"
        if self.high is None:
            return f"{money(self.low)} a year and more"
        return f"{money(self.low)} to {money(self.high)} a year"


@dataclass(frozen=True, slots=True)
class Line:
    """Accounts of one class on one plan: what they get today, what they would get."""

    key: str
    worth_class: str
    plan_id: int | None
    label: str
    is_fixed: bool
    accounts: int
    today: str
    today_label: str
    before: Sums
    parts: Sequence[Part]

    @property
    def after(self) -> Sums:
        return sum((one.sums for one in self.parts), Sums())

    @property
    def change(self) -> Decimal:
        return self.after.gain - self.before.gain

    @property
    def is_changed(self) -> bool:
        return any(one.variant != self.today for one in self.parts)

    @property
    def worth_class_choice(self) -> WorthClass:
        return WorthClass(self.worth_class)

    @property
    def class_label(self) -> str:
        return str(self.worth_class_choice.label)

    def names_url(self, part: Part) -> str:
        """Return the address of the accounts of a part."""
        ends = {"low": part.low, "high": part.high}
        known = {name: end for name, end in ends.items() if end is not None}
        return account_set_url(
            "expected-margin",
            **known,
            **{"class": self.worth_class, "on_plan": self.plan_id or 0},
        )

    @property
    def linked_parts(self) -> list[tuple[Part, str]]:
        return [(part, self.names_url(part)) for part in self.parts]


@dataclass(frozen=True, slots=True)
class Step:
    """What the best plans would gain with that much money."""

    money: Decimal
    gain: Decimal | None


@dataclass(frozen=True, slots=True)
class BestPlans:
    """The answer to one question. `other_gain` is that of the finer or coarser one."""

    ask: Ask
    as_of: dt.date
    status: str
    lines: Sequence[Line]
    cent_price: float
    minute_price: float
    bound: float
    other_gain: int | None
    steps: Sequence[Step] = ()
    unpriced: Sequence[str] = ()
    accounts: int = 0

    @property
    def is_found(self) -> bool:
        return bool(self.lines) and all(line.parts for line in self.lines)

    @property
    def before(self) -> Sums:
        return sum((line.before for line in self.lines), Sums())

    @property
    def after(self) -> Sums:
        return sum((line.after for line in self.lines), Sums())

    @property
    def change(self) -> Decimal:
        return self.after.gain - self.before.gain

    @property
    def is_changed(self) -> bool:
        return any(line.is_changed for line in self.lines)

    @property
    def today_fits(self) -> bool:
        today, limits = self.before, self.ask.limits
        return today.cents <= limits.cents and today.minutes <= limits.minutes

    @property
    def best_possible(self) -> float:
        """Return what no choice of plans can pass, in money."""
        return self.bound / 100

    @property
    def euro_price(self) -> float:
        """Return the gain of one more unit of money a year."""
        return self.cent_price

    @property
    def hour_price(self) -> float:
        """Return the gain in money of one more hour a week."""
        return self.minute_price * MINUTES_A_WEEKLY_HOUR / 100

    @property
    def sentence(self) -> str:
        if not self.is_found:
            return self._nothing_fits()
        after, before = self.after, self.before
        told = (
            f"The best plans for {money(self.ask.money)} a year and"
            f" {number(float(self.ask.hours))} rep hours a week are expected to gain"
            f" {money(after.gain)} a year net of their cost"
        )
        if not self.today_fits:
            return f"{told}. Today’s plans do not fit into that: {self._today()}."
        if not self.change:
            return f"{told}, and so are today’s: nothing gains more within that."
        takes = f"They cost {money(after.cost)} and take {number(after.hours)} hours."
        return (
            f"{told}, {money(self.change)} more than today’s"
            f" ({money(before.gain)}). {takes}"
        )

    @property
    def today_sentence(self) -> str:
        gain = money(self.before.gain)
        return f"Today’s plans {self._today()}; they are expected to gain {gain} net."

    @property
    def price_sentence(self) -> str:
        """Say what more money and hours would be worth, and what holds it back."""
        if self.cent_price and self.minute_price:
            what = "Both money and hours hold it back"
        elif self.cent_price:
            what = "Money holds it back, hours do not"
        elif self.minute_price:
            what = "Rep hours hold it back, money does not"
        else:
            return (
                "Neither money nor hours hold it back: everybody gets what pays most,"
                " and more of either would bring nothing."
            )
        return (
            f"{what}. One more a year in money would bring {cents(self.euro_price)},"
            f" one more rep hour a week {money(self.hour_price)} a year."
        )

    @property
    def finer_sentence(self) -> str:
        """Say what deciding more finely, or less, would make of it."""
        if self.other_gain is None:
            return ""
        differs = Decimal(self.other_gain) / 100 - self.after.gain
        if self.ask.is_by_band:
            return f"One plan for each class would gain {money(-differs)} less."
        return f"Deciding by band of worth would gain {money(differs)} more."

    @property
    def chart(self) -> Chart:
        lines = self.lines
        return Chart(
            key="optimiser",
            title="Gain a year by class, today and then",
            summary="Expected gain of a year net of what the plans cost.",
            labels=self._names(),
            series=[
                Series("Today", [float(x.before.gain) for x in lines], "bar"),
                Series("Then", [float(x.after.gain) for x in lines], "bar", "chart-2"),
            ],
            x_title="Class and plan",
            columns_beside=[
                Column("Change", [signed_money(line.change) for line in lines])
            ],
        )

    @property
    def money_chart(self) -> Chart | None:
        if not self.steps:
            return None
        gains = [None if one.gain is None else float(one.gain) for one in self.steps]
        return Chart(
            key="optimiser-money",
            title="Best gain by money",
            summary="What the best plans gain a year, by how much money there is, with"
            " the same hours.",
            labels=[money(one.money) for one in self.steps],
            series=[Series("Gain a year", gains)],
            x_title="Money a year",
        )

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it, in plain values."""
        return {
            "status": self.status,
            "cent_price": self.cent_price,
            "minute_price": self.minute_price,
            "bound": self.bound,
            "other_gain": self.other_gain,
            "accounts": self.accounts,
            "unpriced": list(self.unpriced),
            "steps": [
                [str(one.money), None if one.gain is None else str(one.gain)]
                for one in self.steps
            ],
            "lines": [asdict(line) for line in self.lines],
        }

    def _names(self) -> list[str]:
        """Name each line by its class, and by its plan where a class has several."""
        classes = [line.class_label for line in self.lines]
        return [
            name if classes.count(name) == 1 else f"{name}: {line.label}"
            for name, line in zip(classes, self.lines, strict=True)
        ]

    def _today(self) -> str:
        today = self.before
        return f"cost {money(today.cost)} and take {number(today.hours)} hours a week"

    def _nothing_fits(self) -> str:
        if self.status == Status.STOPPED:
            return "The search found nothing in time. Ask with fewer classes to choose."
        return (
            f"Nothing fits into {money(self.ask.money)} a year and"
            f" {number(float(self.ask.hours))} rep hours a week: what stays as it is"
            " takes more by itself."
        )


def kept_plans(ask: Ask, as_of: dt.date, found: Mapping[str, Any]) -> BestPlans:
    """Return an answer from what was kept of it."""
    return BestPlans(
        ask=ask,
        as_of=as_of,
        lines=[_line_of(one) for one in found["lines"]],
        steps=[
            Step(Decimal(amount), None if gain is None else Decimal(gain))
            for amount, gain in found["steps"]
        ],
        **{name: value for name, value in found.items() if name not in _MADE},
    )


_MADE = frozenset({"lines", "steps"})


def _line_of(kept: Mapping[str, Any]) -> Line:
    parts = [Part(**{**one, "sums": Sums(**one["sums"])}) for one in kept["parts"]]
    return Line(**{**kept, "before": Sums(**kept["before"]), "parts": parts})
