"""Experience: how contacts went, how consistently, and through which channels.

Who rates a contact gives People, Information and Deliverables 1 to 5 each; its score is
their mean. A good mean hides bad days, so beside it stand the worst tenth of the
contacts and the spread (the standard deviation) of their scores.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from common.charts import Chart, Series
from common.clock import day_ends_at
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from common.templatetags.display import count, day, number
from crm import policy
from crm.choices import Channel
from crm.models import Touchpoint, User
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.scope import Scope

ONE_DAY = dt.timedelta(days=1)
FEWEST_RATINGS = 10
RATED_ONLY, ALL = "rated", "all"
NO_CLASS = "Not classed"
NOBODY = "Nobody's accounts"

SCORES = """
    SELECT c.channel, a.owner_id, m.worth_class, c.rating_people,
        c.rating_information, c.rating_deliverables, s.score
    FROM crm_touchpoint c JOIN crm_account a ON a.id = c.account_id
    LEFT JOIN segments_membership m ON m.account_id = a.id
        AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
    CROSS JOIN LATERAL (
        SELECT avg(rating) AS score FROM unnest(ARRAY[
            c.rating_people, c.rating_information, c.rating_deliverables
        ]) rating
    ) s
    WHERE s.score IS NOT NULL AND c.voided_at IS NULL
        AND c.occurred_at >= %(begins)s AND c.occurred_at < %(ends)s {among}
"""
# The same contacts four times: for everybody, and by class, owner and channel; the rank
# of a score is one among those of its group.
RATED = """
    WITH scores AS ({scores}), grouped AS (
        SELECT g.kind, g.key, scores.* FROM scores CROSS JOIN LATERAL (VALUES
            ('all', ''), ('class', coalesce(worth_class, '')),
            ('owner', coalesce(owner_id::text, '')), ('channel', channel)
        ) g(kind, key)
    ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY kind, key ORDER BY score) AS place,
            count(*) OVER (PARTITION BY kind, key) AS total
        FROM grouped
    )
    SELECT kind, key, count(*), avg(score)::float8, stddev_pop(score)::float8,
        (avg(score) FILTER (WHERE place <= ceil(total / 10.0)))::float8,
        avg(rating_people)::float8, avg(rating_information)::float8,
        avg(rating_deliverables)::float8
    FROM placed GROUP BY 1, 2
"""
MIX = """
    SELECT coalesce(m.worth_class, ''), c.channel, count(*)
    FROM crm_touchpoint c JOIN crm_account a ON a.id = c.account_id
    LEFT JOIN segments_membership m ON m.account_id = a.id
        AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
    WHERE c.voided_at IS NULL AND c.channel <> ALL (%(silent)s)
        AND c.occurred_at >= %(begins)s AND c.occurred_at < %(ends)s {among}
    GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """How the rated contacts of one group went, from 1 to 5."""

    kind: str
    key: str
    label: str
    contacts: int
    mean: float
    spread: float
    worst_tenth: float
    people: float | None
    information: float | None
    deliverables: float | None
    url: str = ""

    @property
    def is_small(self) -> bool:
        return self.contacts < FEWEST_RATINGS


@dataclass(frozen=True, slots=True)
class Mix:
    """The contacts with one class by channel."""

    key: str
    label: str
    contacts: int
    channels: dict[str, int]
    url: str = ""


@dataclass(frozen=True)
class Experience:
    """How contacts of a period went, and how they were made."""

    whole: Rated | None
    classes: Sequence[Rated]
    owners: Sequence[Rated]
    channels: Sequence[Rated]
    mixes: Sequence[Mix]

    @property
    def sentence(self) -> str:
        whole = self.whole
        if whole is None:
            return "Nobody rated a contact in this period."
        said = (
            f"{count(whole.contacts)} rated contacts: {number(whole.mean)} of 5 on "
            f"average, {number(whole.worst_tenth)} in the worst tenth"
        )
        weakest = self._weakest(whole)
        return f"{said}; weakest is {weakest}." if weakest else f"{said}."

    @staticmethod
    def _weakest(whole: Rated) -> str:
        parts = {
            "people": whole.people,
            "information": whole.information,
            "deliverables": whole.deliverables,
        }
        known = {name: one for name, one in parts.items() if one is not None}
        if len(known) <= 1:
            return ""
        name = min(known, key=lambda one: known[one])
        return f"{name} with {number(known[name])}"

    @cached_property
    def parts_chart(self) -> Chart:
        rows = self.classes
        return Chart(
            key="pid",
            title="People, information, deliverables by class",
            summary="Mean ratings from 1 to 5, and the worst tenth of contacts.",
            labels=[row.label for row in rows],
            series=[
                Series("People", [row.people for row in rows], "bar", "chart-1"),
                Series(
                    "Information", [row.information for row in rows], "bar", "chart-2"
                ),
                Series(
                    "Deliverables", [row.deliverables for row in rows], "bar", "chart-3"
                ),
                Series(
                    "Worst tenth", [row.worst_tenth for row in rows], "bar", "chart-4"
                ),
            ],
            x_title="Class",
            write=lambda value: "–" if value is None else number(value),
            urls=[row.url for row in rows],
        )

    @cached_property
    def mix_chart(self) -> Chart:
        """Return the share of each channel in the contacts with each class."""
        used = {key for mix in self.mixes for key in mix.channels}
        channels = [channel for channel in Channel if channel.value in used]
        return Chart(
            key="channel-mix",
            title="Channels by class",
            summary="Percent of the contacts with each class by channel.",
            labels=[mix.label for mix in self.mixes],
            series=[
                Series(
                    str(channel.label),
                    [
                        100 * mix.channels.get(channel.value, 0) / mix.contacts
                        for mix in self.mixes
                    ],
                    "stack",
                    f"chart-{1 + place % 8}",
                )
                for place, channel in enumerate(channels)
            ],
            x_title="Class",
            unit="%",
            write=lambda value: "–" if value is None else f"{number(value)} %",
            urls=[mix.url for mix in self.mixes],
        )


def experience_in(scope: Scope) -> Experience:
    """Return how the contacts in a scope and its period went, in three queries."""
    period = scope.period
    params: dict[str, Any] = {
        "day": scope.day,
        "begins": day_ends_at(period.since - ONE_DAY),
        "ends": day_ends_at(period.until),
        "silent": list(policy.CHANNELS_WITHOUT_CONTACT),
    }
    among = ""
    if scope.is_narrowed or not scope.user.sees_every_account:
        accounts = scope.accounts().order_by().values_list("pk", flat=True)
        among, params["among"] = "AND a.id = ANY (%(among)s)", list(accounts)
    scores = SCORES.format(among=among)
    names = {str(one.pk): str(one) for one in User.objects.only("pk", "name", "email")}
    rated = [
        _rated(row, names, scope) for row in _rows(RATED.format(scores=scores), params)
    ]
    by_kind: dict[str, list[Rated]] = {}
    for one in rated:
        by_kind.setdefault(one.kind, []).append(one)
    order = [*WorthClass.values, ""]
    return Experience(
        whole=next(iter(by_kind.get("all", [])), None),
        classes=sorted(by_kind.get("class", []), key=lambda r: order.index(r.key)),
        owners=sorted(by_kind.get("owner", []), key=lambda r: (r.mean, r.label)),
        channels=sorted(by_kind.get("channel", []), key=lambda r: (r.mean, r.label)),
        mixes=_mixes(_rows(MIX.format(among=among), params), order, scope),
    )


def _rated(row: tuple[Any, ...], names: dict[str, str], scope: Scope) -> Rated:
    kind, key, *figures = row
    label, url = "All", _names_url(scope, RATED_ONLY)
    if kind == "class":
        label = WorthClass(key).label if key else NO_CLASS
        url = _names_url(scope, RATED_ONLY, **{"class": key}) if key else ""
    elif kind == "owner":
        label = names.get(key, NOBODY)
        url = _names_url(scope, RATED_ONLY, owner=key) if key else ""
    elif kind == "channel":
        label = str(Channel(key).label)
        url = _names_url(scope, RATED_ONLY, channel=key)
    return replace(Rated(kind, key, str(label), *figures), url=url)


def _names_url(scope: Scope, contacts: str, **more: str) -> str:
    days = {"since": scope.period.since, "until": scope.period.until}
    return scope.list_url("contacts", contacts=contacts, **days, **more)


def _mixes(rows: list[tuple[Any, ...]], order: list[str], scope: Scope) -> list[Mix]:
    found: dict[str, dict[str, int]] = {}
    for key, channel, contacts in rows:
        found.setdefault(key, {})[channel] = contacts
    return [
        Mix(
            key,
            str(WorthClass(key).label) if key else NO_CLASS,
            sum(found[key].values()),
            found[key],
            _names_url(scope, ALL, **{"class": key}) if key else "",
        )
        for key in order
        if key in found
    ]


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)


# -- The accounts behind the figures


def _contacted(_user: Any, given: Given) -> QuerySet[Any]:
    """Return the accounts with contacts in the days, rated ones or all."""
    rows = Touchpoint.objects.standing().filter(
        occurred_at__gte=day_ends_at(given["since"] - ONE_DAY),
        occurred_at__lt=day_ends_at(given["until"]),
    )
    if given["contacts"] == RATED_ONLY:
        rows = rows.exclude(
            rating_people=None, rating_information=None, rating_deliverables=None
        )
    else:
        rows = rows.exclude(channel__in=policy.CHANNELS_WITHOUT_CONTACT)
    if channel := given.get("channel"):
        rows = rows.filter(channel=channel)
    survivor = Coalesce("account__merged_into", "account")
    return rows.order_by().values_list(survivor, flat=True)


def _contacted_title(given: Given) -> str:
    channel = given.get("channel")
    rated = "rated " if given["contacts"] == RATED_ONLY else ""
    through = f" by {Channel(channel).label.lower()}" if channel else ""
    return (
        f"with {rated}contacts{through} from {day(given['since'])} to"
        f" {day(given['until'])}"
    )


CONTACTED = AccountSet(
    title=_contacted_title,
    accounts=_contacted,
    parameters={
        "contacts": lambda: forms.ChoiceField(
            choices=[(RATED_ONLY, "rated"), (ALL, "all")]
        ),
        "since": forms.DateField,
        "until": forms.DateField,
        "channel": lambda: forms.ChoiceField(choices=Channel.choices, required=False),
    },
    permission=VIEW_DASHBOARD,
)
