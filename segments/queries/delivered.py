"""What came of a promise: the change of CLV by cause in the runs since."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from clv.engine.change import PARTS
from clv.engine.levers import BASKET, FREQUENCY, PRICE, RETENTION, SERVING, WON
from clv.models import ChangeRollup, ValuationRun
from clv.queries.changes import LABELS, MOVED
from common.charts import Chart, Series
from common.money import ZERO
from common.templatetags.display import day, signed_cents, signed_money
from segments.models import LeverScenario
from segments.queries.levers import as_money

# Which cause of a change answers which lever.
CAUSE_OF: Mapping[str, str] = {
    FREQUENCY: "orders",
    WON: "orders",
    RETENTION: "retention",
    BASKET: "margin",
    PRICE: "margin",
    SERVING: "cost",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: what the levers were to bring by it, and what the runs say came."""

    key: str
    label: str
    expected: Decimal
    came: Decimal


@dataclass(frozen=True, slots=True)
class Delivered:
    """A scenario against what came until `until`; `causes` sum to `came`."""

    scenario: LeverScenario
    until: ValuationRun | None
    causes: Sequence[Cause]
    gap: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.causes)

    @property
    def came(self) -> Decimal:
        """Return the whole change of CLV since."""
        return sum((one.came for one in self.causes), ZERO)

    @property
    def expected(self) -> Decimal:
        """Return what the levers were to bring."""
        return sum((one.expected for one in self.causes), ZERO)

    @property
    def answering(self) -> Decimal:
        """Return what came by the causes that the levers work through."""
        return sum((one.came for one in self.causes if one.expected), ZERO)

    @property
    def sentence(self) -> str:
        said = self._promised
        if not self.is_known or self.until is None:
            return f"{said} {self.gap or 'No night has passed since.'}"
        return (
            f"{said} By {day(self.until.as_of)} the causes that these levers work"
            f" through have brought {signed_money(self.answering)}; CLV as a whole"
            f" moved by {signed_money(self.came)}."
        )

    @property
    def _promised(self) -> str:
        kept = self.scenario
        if kept.promised is None or kept.due_on is None:
            return f"Nothing was promised; {signed_money(kept.change)} was expected."
        return (
            f"{kept.promised_by} promised {signed_money(kept.promised)} by"
            f" {day(kept.due_on)}; the levers said {signed_money(kept.change)}."
        )

    @property
    def chart(self) -> Chart | None:
        if not self.is_known:
            return None
        return Chart(
            key="delivered",
            title="Expected against what came",
            summary=(
                f"Expected {signed_money(self.expected)} and came"
                f" {signed_money(self.came)}, by cause."
            ),
            labels=[one.label for one in self.causes],
            series=[
                Series(
                    "Expected by the levers",
                    [float(c.expected) for c in self.causes],
                    "bar",
                ),
                Series(
                    "Came since", [float(c.came) for c in self.causes], "bar", "chart-2"
                ),
            ],
            x_title="Cause",
            write=signed_cents,
        )


def delivered(scenario: LeverScenario, today: dt.date) -> Delivered:
    """Return what the nights between a scenario and its day, or today, have brought.

    The changes of consecutive nights are added up; where one was not kept, nothing is
    said rather than something wrong.
    """
    last = min(scenario.due_on or today, today)
    rows = list(_changes(scenario, last))
    if not rows:
        return Delivered(scenario, None, [])
    if not _is_chain(rows, scenario.as_of):
        until = rows[-1].run
        gap = "The nights since were not all split by cause, so what came is not said."
        return Delivered(scenario, until, [], gap)
    expected = _expected(scenario)
    keys = [MOVED, *PARTS] if scenario.worth_class else list(PARTS)
    causes = [
        Cause(
            key,
            LABELS[key],
            expected.get(key, ZERO),
            sum((getattr(row, key) for row in rows), ZERO),
        )
        for key in keys
    ]
    return Delivered(scenario, rows[-1].run, causes)


def _changes(scenario: LeverScenario, last: dt.date) -> QuerySet[ChangeRollup]:
    nights = ValuationRun.objects.published().filter(
        as_of__gt=scenario.as_of, as_of__lte=last
    )
    return (
        ChangeRollup.objects.filter(
            run__in=nights,
            before__in=ValuationRun.objects.published(),
            worth_class=scenario.worth_class,
        )
        .select_related("run", "before")
        .order_by("run__as_of")
    )


def _is_chain(rows: Sequence[ChangeRollup], began: dt.date) -> bool:
    """Tell whether each change begins where the one before ended."""
    ends = [began, *(row.run.as_of for row in rows)]
    return all(
        row.before.as_of == end for row, end in zip(rows, ends[:-1], strict=True)
    )


def _expected(scenario: LeverScenario) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for lever, cause in CAUSE_OF.items():
        amount = as_money(scenario.parts.get(lever, 0))
        found[cause] = found.get(cause, ZERO) + amount
    return found
