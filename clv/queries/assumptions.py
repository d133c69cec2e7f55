"""What is assumed, in plain words; its versions; and what a preview has found."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.choices import CostDriver, PriorStrength
from clv.engine.ladder import ASSUMED, INDIVIDUAL, POOLED
from clv.models import AssumedNumbers, Assumptions, ValuationRun
from common.templatetags.display import cents, count, exact_share, quantity
from crm.choices import CostKind

NOT_SAID = "not stated"
# Of r / alpha under the weak prior, whose logarithms scatter by 1 and 1.25.
PACE_LOG_SPREAD = math.hypot(1.0, 1.25)


@dataclass(frozen=True, slots=True)
class Number:
    """One of the assumed numbers: how it is called, written and explained."""

    name: str
    label: str
    write: Callable[[Any], str]
    explain: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a version, in words; `before` where another is set against it."""

    label: str
    value: str
    meaning: str
    before: str = ""

    @property
    def is_changed(self) -> bool:
        return bool(self.before) and self.before != self.value


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that belong together."""

    title: str
    text: str
    lines: Sequence[Line]
    is_typical: bool = False


def _said(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: NOT_SAID if value is None else write(value)


def _rate(value: Decimal) -> str:
    return (
        f"100 earned in a year count as {cents(100 / (1 + value))} today. The higher"
        " the rate, the less counts what is far away."
    )


def _horizon(value: int) -> str:
    return (
        f"Expected profit is that of the next {count(value)} months; what may come"
        " after counts for nothing."
    )


def _margin(value: Decimal) -> str:
    return (
        f"Of 100 of revenue whose cost nobody entered, {cents(100 * value)} count as"
        " margin, in the past and in what is expected."
    )


def _retention(value: Decimal) -> str:
    return (
        f"Of 100 of margin expected within a year, care can secure at most"
        f" {cents(100 * value)}. It changes no value; it limits what care is justified."
    )


def _scale(value: Decimal) -> str:
    return (
        f"Per 100 of margin expected within a year, {cents(100 * value)} spent on care"
        " secure 63 % of what care can secure; each further unit secures less. It"
        " changes no value; it limits what care is justified."
    )


def _orders(value: Decimal | None) -> str:
    if value is None:
        return "A weak prior of the engine: about 4.6 days with orders a year."
    return "Days with orders of a typical customer in a year, while a customer."


def _leaving(value: Decimal | None) -> str:
    if value is None:
        return "A weak prior of the engine: about one in five leaves after an order."
    return f"Of 100 typical customers, {cents(100 * value)} leave within a year."


def _typical_margin(value: Decimal | None) -> str:
    if value is None:
        return "The mean margin of the orders that were seen."
    return "Margin of one order of a typical customer, before costs to serve."


def _strength(value: int) -> str:
    factor = math.exp(PACE_LOG_SPREAD / math.sqrt(value))
    return (
        f"In two of three firms the orders per year lie within a factor of {factor:.1f}"
        " of what is said here. The narrower, the longer it takes until your own"
        " customers outweigh it."
    )


VALUE = (
    Number("annual_rate", "Discount rate", lambda v: f"{exact_share(v)} a year", _rate),
    Number("horizon_months", "Horizon", lambda v: f"{count(v)} months", _horizon),
    Number(
        "margin_rate_if_cost_unknown",
        "Margin where the cost is not known",
        exact_share,
        _margin,
    ),
    Number("retention_effect", "Retention effect", exact_share, _retention),
    Number("response_scale", "Spend that secures 63 % of it", exact_share, _scale),
)
TYPICAL = (
    Number(
        "prior_orders_per_year",
        "Typical orders per year",
        _said(quantity),
        _orders,
    ),
    Number(
        "prior_share_leaving",
        "Share that leaves per year",
        _said(exact_share),
        _leaving,
    ),
    Number(
        "prior_margin_per_order",
        "Typical margin per order",
        _said(cents),
        _typical_margin,
    ),
    Number(
        "prior_strength",
        "How strongly this counts",
        lambda v: str(PriorStrength(v).label),
        _strength,
    ),
)
DRIVERS_TEXT = (
    "Cost that grows with orders is expected once for each expected order, the other"
    " for each expected year as a customer. Cost to win is spent and neither."
)
TYPICAL_TEXT = (
    "Counts while there are few customers or a short history; with 300 customers and"
    " half a year of orders your own figures speak alone."
)


def groups(
    version: AssumedNumbers, before: AssumedNumbers | None = None
) -> list[Group]:
    """Return all numbers of a version in words, `before` beside them where given."""

    def lines(numbers: Sequence[Number]) -> list[Line]:
        return [_line(number, version, before) for number in numbers]

    return [
        Group("What a value counts", "", lines(VALUE)),
        Group("What costs grow with", DRIVERS_TEXT, _drivers(version, before)),
        Group("A typical customer", TYPICAL_TEXT, lines(TYPICAL), is_typical=True),
    ]


def _drivers(version: AssumedNumbers, before: AssumedNumbers | None) -> list[Line]:
    was = before.drivers_by_kind if before else {}
    return [
        Line(
            label=str(CostKind(kind).label),
            value=_driver(driver),
            meaning="",
            before=_driver(was[kind]) if was else "",
        )
        for kind, driver in version.drivers_by_kind.items()
    ]


def _driver(driver: str) -> str:
    return str(CostDriver(driver).label).lower()


def _line(
    number: Number, version: AssumedNumbers, before: AssumedNumbers | None
) -> Line:
    value = getattr(version, number.name)
    return Line(
        label=number.label,
        value=number.write(value),
        meaning=number.explain(value),
        before=number.write(getattr(before, number.name)) if before else "",
    )


def changed_lines(version: AssumedNumbers, before: AssumedNumbers) -> list[Line]:
    """Return the numbers that differ, in words."""
    return [
        line
        for group in groups(version, before)
        for line in group.lines
        if line.is_changed
    ]


@dataclass(frozen=True, slots=True)
class Version:
    """One published version in the history, with what it changed."""

    version: Assumptions
    changed: Sequence[Line]
    is_current: bool


def history() -> list[Version]:
    """Return all versions, newest first; one question to the database."""
    versions = list(Assumptions.objects.select_related("author"))
    befores = [*versions[1:], None]
    return [
        Version(
            version=one,
            changed=changed_lines(one, before) if before else [],
            is_current=place == 0,
        )
        for place, (one, before) in enumerate(zip(versions, befores, strict=True))
    ]


def ladder_sentence(run: ValuationRun | None) -> str:
    """Say whether what is said of a typical customer counts in this firm."""
    learnt = run.parameters if run else {}
    step = learnt.get("step")
    if step == INDIVIDUAL and learnt.get("spend_step") != INDIVIDUAL:
        step = POOLED  # enough orders for a pace, not for margins
    said = {
        INDIVIDUAL: "Your firm has enough customers: in the values shown now this"
        " counts for nothing.",
        POOLED: "Your firm has few customers yet: in the values shown now this counts.",
        ASSUMED: "Your firm has no customers to learn from yet: the values shown now"
        " rest on this alone.",
    }
    return said.get(str(step), "")
