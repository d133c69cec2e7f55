"""Which run a page is asked to show: the current one, or that of a past day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from clv.models import ValuationRun

MOST_DAYS_OFFERED = 400  # a little more than a year of nights


@dataclass(frozen=True, slots=True)
class ChosenRun:
    """The run to show, what was asked for, and the days that can be chosen."""

    run: ValuationRun | None
    asked_for: dt.date | None
    days: Sequence[dt.date]

    @property
    def is_before_all(self) -> bool:
        """Whether a day before the first night was asked for."""
        return self.run is None and self.asked_for is not None and bool(self.days)

    @property
    def is_past(self) -> bool:
        return self.run is not None and not self.run.is_current

    @property
    def query(self) -> str:
        """Return the query string that keeps the choice on links, or nothing."""
        return f"?{self.parameter}" if self.parameter else ""

    @property
    def more(self) -> str:
        """Return the same to append to a link that has a query string."""
        return f"&{self.parameter}" if self.parameter else ""

    @property
    def parameter(self) -> str:
        if self.run is None or not self.is_past:
            return ""
        return f"as_of={self.run.as_of.isoformat()}"


def chosen_run(request: HttpRequest) -> ChosenRun:
    """Return the run of ``?as_of=YYYY-MM-DD``; without a readable day the current."""
    published = ValuationRun.objects.kept()
    days = list(
        published.order_by("-as_of").values_list("as_of", flat=True)[:MOST_DAYS_OFFERED]
    )
    asked_for = _day(request.GET.get("as_of", ""))
    runs = ValuationRun.objects.select_related("assumptions")
    run = runs.current() if asked_for is None else runs.as_of(asked_for)
    return ChosenRun(run=run, asked_for=asked_for, days=days)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The run that another is compared with, and the days that can be chosen."""

    before: ValuationRun | None
    days: Sequence[dt.date]


def compared_run(
    request: HttpRequest, run: ValuationRun | None, *, since: dt.date | None = None
) -> Comparison:
    """Return the run of ``?since=YYYY-MM-DD``; without a readable day that of `since`.

    Without either it is the one before.

    Only days before that of `run` can be chosen.
    """
    if run is None:
        return Comparison(before=None, days=[])
    earlier = ValuationRun.objects.kept().filter(as_of__lt=run.as_of)
    days = list(
        earlier.order_by("-as_of").values_list("as_of", flat=True)[:MOST_DAYS_OFFERED]
    )
    asked_for = _day(request.GET.get("since", "")) or since
    if asked_for is not None:
        earlier = earlier.filter(as_of__lte=asked_for)
    before = earlier.select_related("assumptions").order_by("-as_of").first()
    return Comparison(before=before, days=days)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
