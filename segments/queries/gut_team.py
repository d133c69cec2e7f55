"""Gut versus data for managers: each person's lists, and those of all together."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from common.charts import Chart
from crm.choices import Role
from crm.models import Account, User
from segments.models import Nomination
from segments.queries.gut import (
    Compared,
    agreement_chart,
    compared,
    places_among,
    quarter_name,
    quarter_of,
    sentence_of,
)

QUARTERS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One person: the list of this quarter, and those before, newest first."""

    user: User
    owned: int
    is_gathering: bool
    current: Compared | None
    earlier: Sequence[Compared]

    @property
    def state(self) -> str:
        if self.current is not None:
            return "submitted"
        if self.is_gathering:
            return "choosing"
        return "not yet" if places_among(self.owned) else "too few accounts"

    @property
    def submitted(self) -> list[Compared]:
        return [*([self.current] if self.current else []), *self.earlier]


@dataclass(frozen=True, slots=True)
class GutTeam:
    """Everybody who names accounts, and what their lists say together."""

    quarter: dt.date
    rows: Sequence[TeamRow]
    compared: Sequence[Compared]

    @property
    def quarter_name(self) -> str:
        return quarter_name(self.quarter)

    @property
    def sentence(self) -> str:
        return sentence_of(self.compared)

    @property
    def chart(self) -> Chart | None:
        return agreement_chart(self.compared, "everybody's lists together")

    @property
    def waiting(self) -> list[TeamRow]:
        return [row for row in self.rows if row.state in {"choosing", "not yet"}]


def gut_team(today: dt.date) -> GutTeam:
    """Return the lists of the last three years by person (seven questions)."""
    quarter = quarter_of(today)
    since = dt.date(quarter.year - QUARTERS_SHOWN // 4, quarter.month, 1)
    kept = Nomination.objects.filter(quarter__gt=since).select_related("author")
    nominations = list(kept)
    found = compared([one for one in nominations if one.is_submitted], today)
    gathering = {
        one.author_id
        for one in nominations
        if not one.is_submitted and one.quarter == quarter
    }
    owned = dict(
        Account.objects.active()
        .exclude(owner=None)
        .order_by()
        .values_list("owner")
        .annotate(n=Count("pk"))
    )
    people = _people({one.nomination.author_id for one in found} | gathering)
    by_author: dict[int, list[Compared]] = {}
    for one in found:
        by_author.setdefault(one.nomination.author_id, []).append(one)
    rows = [
        _row(
            person,
            owned.get(person.pk, 0),
            by_author.get(person.pk, []),
            quarter,
            is_gathering=person.pk in gathering,
        )
        for person in people
    ]
    return GutTeam(quarter, rows, found)


def _people(known: set[int]) -> list[User]:
    """Return reps who work here, and everybody else who named accounts."""
    reps = User.objects.filter(is_active=True, groups__name=Role.REP)
    keys = known | set(reps.values_list("pk", flat=True))
    return list(User.objects.filter(pk__in=keys).order_by("name", "pk"))


def _row(
    person: User,
    owned: int,
    found: Sequence[Compared],
    quarter: dt.date,
    *,
    is_gathering: bool,
) -> TeamRow:
    current = [one for one in found if one.nomination.quarter == quarter]
    earlier = [one for one in found if one.nomination.quarter != quarter]
    return TeamRow(
        person, owned, is_gathering, current[0] if current else None, earlier
    )
