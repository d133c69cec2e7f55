"""When customers pay back: counts and courses by quarter of first order and source.

Months are twelfths of a year of 365.25 days since an account's first order. Accounts
that were merged away count for the one they were merged into.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import QuerySet

from clv.choices import CohortKind
from clv.engine.survival import (
    NOT_REACHED,
    Waiting,
    kaplan_meier,
    mean_course,
    month_of_payback,
)
from clv.models import PaybackMonth, Valuation, ValuationRun
from clv.policy import FEWEST_BEHIND_A_MONTH
from clv.queries.payback_counts import Counted, by_cohort, months_of, waits_of
from clv.queries.payback_months import EVERYBODY, Key, Part
from common.charts import Chart, Column, Series
from common.kept import kept
from common.templatetags.display import count, money, share
from crm.choices import Source

HALF = 0.5
ZERO = Decimal("0.00")
FIRM = (CohortKind.FIRM.value, "")
SOURCES = {str(value): str(label) for value, label in Source.choices}


@dataclass(frozen=True, slots=True)
class Moment:
    """One month since the first order: the mean up to it, and of how many accounts."""

    month: int
    profit: float
    customers: int


@dataclass(frozen=True)
class Cohort:
    """Customers of one quarter, of one source, or all, and how they paid back."""

    kind: str
    key: str
    customers: int
    cost_to_win: Decimal
    paid_back: int
    waiting: Waiting
    course: Sequence[Moment]

    @property
    def label(self) -> str:
        if self.kind == CohortKind.SOURCE:
            return SOURCES.get(self.key, self.key)
        return self.key or str(CohortKind.FIRM.label)

    @property
    def query(self) -> str:
        """Return the query string that names it on links, nothing for the firm."""
        if self.kind == CohortKind.FIRM:
            return ""
        return f"{self.kind}={self.key or 'unknown'}"

    @property
    def not_yet(self) -> int:
        return self.customers - self.paid_back

    @property
    def share_paid_back(self) -> float | None:
        return self.paid_back / self.customers if self.customers else None

    @property
    def cost_to_win_each(self) -> Decimal:
        return self.cost_to_win / self.customers if self.customers else ZERO

    @cached_property
    def months_until_half(self) -> int | None:
        """Return within how many months half of them pay back, None if not reached."""
        return _whole(self.waiting.months_until(HALF))

    @cached_property
    def months_until_mean(self) -> int | None:
        """Return from which month on their mean profit is not below zero."""
        return _whole(month_of_payback([one.profit for one in self.course]))

    @property
    def half_sentence(self) -> str:
        if self.months_until_half is None:
            watched = int(np.count_nonzero(self.waiting.watched)) - 1
            return f"not reached in {_months(max(watched, 0))}"
        return _months(self.months_until_half)

    @property
    def mean_sentence(self) -> str:
        if not self.course:
            return "too few customers"
        if self.months_until_mean is None:
            return f"not yet after {_months(self.course[-1].month)}"
        return _months(self.months_until_mean)

    def chart(self) -> Chart | None:
        """Return mean profit so far by months; a line needs two of them."""
        if len(self.course) <= 1:
            return None
        return Chart(
            key="payback",
            title=f"Profit per customer so far, {self.label[:1].lower()}"
            f"{self.label[1:]}",
            summary=self._sentence(),
            labels=[str(one.month) for one in self.course],
            series=[
                Series("Profit so far", [one.profit for one in self.course], "area")
            ],
            x_title="Months since the first order",
            columns_beside=(
                Column("Customers", [count(one.customers) for one in self.course]),
            ),
        )

    def _sentence(self) -> str:
        last = self.course[-1]
        if self.months_until_mean is None:
            return (
                f"Not yet: {_months(last.month)} after the first order a customer has"
                f" brought {money(last.profit)} on average."
            )
        if not self.months_until_mean:
            return "A customer has paid back with the first order, on average."
        behind = self.course[self.months_until_mean].customers
        return (
            f"On average a customer has paid back {_months(self.months_until_mean)}"
            f" after the first order; {count(behind)} have been one for that long."
        )


@dataclass(frozen=True, slots=True)
class Paybacks:
    """All cohorts as of one run; courses are those that the run `counted` counted."""

    run: ValuationRun
    firm: Cohort
    quarters: Sequence[Cohort]
    sources: Sequence[Cohort]
    counted: ValuationRun | None

    @property
    def cohorts(self) -> list[Cohort]:
        return [self.firm, *self.quarters, *self.sources]

    @property
    def sentence(self) -> str:
        firm = self.firm
        if firm.customers == 1:
            return (
                "The one customer has paid back what they cost by now."
                if firm.share_paid_back
                else "The one customer has not paid back yet what they cost."
            )
        said = f"{share(firm.share_paid_back)} of {count(firm.customers)} have paid"
        said += " back what they cost by now."
        if firm.months_until_half is None:
            return f"{said} Half of them have not within the time they were watched."
        if not firm.months_until_half:
            return f"{said} Half of them do with the first order."
        return f"{said} Half of them do within {_months(firm.months_until_half)}."

    def named(self, kind: str, key: str) -> Cohort | None:
        for one in self.cohorts:
            if (one.kind, one.key) == (kind, key):
                return one
        return None


def paybacks_of(
    run: ValuationRun, part: Part = EVERYBODY, known: Counted | None = None
) -> Paybacks:
    """Return every cohort of `run`, quarters newest first, sources by their size.

    What is `known` of a part of the firm, see `count_part`, answers for it; otherwise
    it is counted from the part's rows, by the run itself.
    """
    if known is not None:
        counted: ValuationRun | None = run
        courses, counts = _known_courses(known), by_cohort(known.waits)
    else:
        counted, courses = _courses_of(run, part) if part.only else _courses(run)
        counts = by_cohort(waits_of(run, part))
    found = {key: _cohort(key, rows, courses) for key, rows in counts.items()}
    firm = found.pop(FIRM, None) or _cohort(FIRM, [], {})
    of_kind = defaultdict(list)
    for one in found.values():
        of_kind[one.kind].append(one)
    return Paybacks(
        run=run,
        firm=firm,
        quarters=sorted(of_kind[CohortKind.QUARTER], key=_by_key, reverse=True),
        sources=sorted(of_kind[CohortKind.SOURCE], key=_by_size, reverse=True),
        counted=counted,
    )


def cohort_rows(rows: QuerySet[Valuation], kind: str, key: str) -> QuerySet[Valuation]:
    """Keep the customers of one cohort; nobody is in a quarter that is none."""
    rows = rows.exclude(first_on=None)
    if kind == CohortKind.SOURCE:
        return rows.filter(account__source=key)
    if kind == CohortKind.QUARTER:
        try:
            first, after = quarter_days(key)
        except ValueError:
            return rows.none()
        return rows.filter(first_on__gte=first, first_on__lt=after)
    return rows


def quarter_days(key: str) -> tuple[dt.date, dt.date]:
    """Return the first day of a quarter such as 2025-Q1, and that of the next.

    Raises
    ------
    ValueError
        If it is no quarter.
    """
    year, _, quarter = key.partition("-Q")
    is_year = len(year) == len("2025") and year.isdecimal() and year.isascii()
    if not is_year or quarter not in {"1", "2", "3", "4"}:
        raise ValueError(key)
    first = dt.date(int(year), 3 * int(quarter) - 2, 1)
    return first, (first + dt.timedelta(days=95)).replace(day=1)


def _by_key(one: Cohort) -> str:
    return one.key


def _by_size(one: Cohort) -> int:
    return one.customers


def _whole(months: float) -> int | None:
    return None if months == NOT_REACHED else int(months)


def _months(months: int) -> str:
    return f"{months} month{'' if months == 1 else 's'}"


# -- Who has paid back, after how many months -------------------------------------


def _cohort(
    key: Key, rows: Iterable[Sequence[Any]], courses: Mapping[Key, Sequence[Moment]]
) -> Cohort:
    rows = list(rows)
    size = max((row[0] for row in rows), default=-1) + 1
    events, lost = np.zeros(size), np.zeros(size)
    for month, is_paid_back, customers, _, _ in rows:
        (events if is_paid_back else lost)[month] = customers
    return Cohort(
        kind=key[0],
        key=key[1],
        customers=sum(row[2] for row in rows),
        cost_to_win=sum((row[3] for row in rows), ZERO),
        paid_back=sum(row[4] for row in rows),
        waiting=kaplan_meier(events, lost),
        course=courses.get(key, ()),
    )


# -- What they brought, month by month ---------------------------------------------


def _courses(
    run: ValuationRun,
) -> tuple[ValuationRun | None, dict[Key, list[Moment]]]:
    """Return the newest run by that day that counted, and each cohort's course."""
    counted = newest_count(run.as_of)
    if counted is None:
        return None, {}
    rows: dict[Key, list[tuple[int, Decimal]]] = defaultdict(list)
    known = PaybackMonth.objects.filter(
        run=counted, customers__gte=FEWEST_BEHIND_A_MONTH
    ).order_by("month")
    for kind, key, customers, profit in known.values_list(
        "kind", "key", "customers", "profit"
    ):
        rows[kind, key].append((customers, profit))
    return counted, {key: _course(months) for key, months in rows.items()}


def _courses_of(
    run: ValuationRun, part: Part
) -> tuple[ValuationRun, dict[Key, list[Moment]]]:
    """Return each cohort's course, counted from the rows of a part of the firm."""
    key = ("payback courses", run.pk, part.only, repr(part.params))
    found = kept(key, lambda: months_of(run, part))
    return run, {key: _course(months) for key, months in found.items()}


def _known_courses(known: Counted) -> dict[Key, list[Moment]]:
    found: dict[Key, list[tuple[int, Decimal]]] = defaultdict(list)
    for kind, key, customers, profit in known.months:
        found[kind, key].append((customers, Decimal(profit)))
    return {key: _course(months) for key, months in found.items()}


def _course(months: Sequence[tuple[int, Decimal]]) -> list[Moment]:
    """Return the mean course; months follow one another from 0 on."""
    customers = [behind for behind, _ in months]
    course = mean_course([float(profit) for _, profit in months], customers)
    return [
        Moment(month, profit, behind)
        for month, (profit, behind) in enumerate(
            zip(course.tolist(), customers, strict=True)
        )
    ]


def newest_count(day: dt.date) -> ValuationRun | None:
    """Return the newest published run by `day` that counted what months brought."""
    runs = ValuationRun.objects.published().filter(as_of__lte=day)
    counted = runs.filter(pk__in=PaybackMonth.objects.values("run"))
    return counted.order_by("-as_of", "-pk").first()
