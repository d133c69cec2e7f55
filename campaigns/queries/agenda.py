"""Ranks everything that needs somebody, over the whole firm, in the database.

Each source is weighed and cut to the first rows by itself, and kept by itself; then all
are merged. So a manager's first row is the firm's best, however many items there are.
"""

import datetime as dt
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import (
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Extract, TruncDate
from django.utils.module_loading import import_string

from campaigns.choices import AlertKind, OwnerRole
from campaigns.models import Alert, PlannedTouch, SettledItem
from campaigns.queries.service import next_end, with_classes
from campaigns.queries.weighed import Pending, item_of
from campaigns.queries.weighing import Weighing
from common import agendas
from common.agendas import Asking
from common.kept import kept, kept_rows
from common.money import ZERO, to_cents
from crm.choices import CaseStatus
from crm.models import Case, Deal
from crm.queries.agenda import Items
from crm.queries.entries import joined, labels, words

TOUCH, TASK, ALERT = "touch", "task", "alert"
Rows = QuerySet[Any, tuple[Any, ...]]
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Ranked:
    """One item in its place: what it is, of which account, why now."""

    source: str
    pk: int
    item: str
    account_id: int | None
    link_id: int | None
    due_on: dt.date
    label: str
    title: str
    why: str
    margin_year: Decimal | None
    worth_class: str


def due_touches(asking: Asking) -> Items:
    """Return what plans ask of people; marketing's are sent at once.

    What was given to a colleague is theirs. A touch whose mail is under way is nobody's
    until the server has answered.
    """
    rows = PlannedTouch.objects.due().visible_to(asking.user).not_being_mailed()
    if asking.owner:
        rows = rows.for_person(asking.owner)
    else:
        rows = rows.exclude(owner_role=OwnerRole.MARKETER, assigned_to=None)
    return Items(
        rows,
        due="due_on",
        title=words("template__title"),
        why=Value(""),
        is_touches=True,
    )


def open_alerts(asking: Asking) -> Items:
    """Return what the night found and nobody has settled."""
    rows = Alert.objects.open().visible_to(asking.user)
    rows = rows.filter(account__merged_into=None)
    if asking.owner:
        rows = rows.filter(account__owner=asking.owner)
    return Items(
        rows,
        due="raised_on",
        label=labels("kind", AlertKind.choices),
        title=labels("kind", AlertKind.choices),
        why=F("reason"),
    )


def stale_deals(asking: Asking) -> Items:
    """Return deals that stand in their stage longer than the firm allows.

    Settled, a deal comes up again only after it stood too long in another stage.
    """
    rows = Deal.objects.visible_to(asking.user).stale(asking.today)
    rows = rows.filter(account__merged_into=None)
    if asking.owner:
        rows = rows.filter(owner=asking.owner)
    since = Func(
        TruncDate("stage_since"),
        Value("FMDD Mon YYYY"),
        function="to_char",
        output_field=TextField(),
    )
    return Items(
        rows,
        due=F("last_day") + Value(1),
        title=joined(Value("Deal: "), words("title")),
        why=joined(
            Value("In the stage "),
            words("stage__name"),
            Value(" since "),
            since,
            Value("; "),
            words("stage__stale_after_days"),
            Value(" days are allowed. Move it on, or close it."),
        ),
        item=joined(
            words("pk"),
            Value("-"),
            Extract("stage_since", "epoch"),
        ),
        link=F("pk"),
    )


def open_cases(asking: Asking) -> Items:
    """Return cases whose clock runs, due on the day on which the next one ends."""
    rows = Case.objects.filter(status=CaseStatus.OPEN).visible_to(asking.user)
    if asking.owner:
        rows = rows.filter(owner=asking.owner)
    return Items(
        with_classes(rows),
        due=next_end(),
        title=F("title"),
        why=Value(""),
        link=F("pk"),
    )


def everything(asking: Asking, weighing: Weighing) -> list[Pending]:
    """Return the items of each source to be ranked, without what is put off."""
    found = {TOUCH: due_touches(asking)}
    for source in agendas.sources_for(asking.user):
        found[source.key] = import_string(source.query)(asking)
    return [Pending.of(k, one, weighing).left(asking) for k, one in found.items()]


def found_items(asking: Asking, key: str, wanted: Sequence[str]) -> set[str]:
    """Return which of the wanted items of a source are there, also if put off."""
    if key == TOUCH:
        items = due_touches(asking)
    else:
        sources = {one.key: one for one in agendas.sources_for(asking.user)}
        if key not in sources:
            return set()
        items = import_string(sources[key].query)(asking)
    rows = items.rows.annotate(d_item=item_of(items))
    settled = SettledItem.objects.filter(source=key, item=OuterRef("d_item"))
    rows = rows.exclude(Exists(settled)).filter(d_item__in=list(wanted))
    return set(rows.values_list("d_item", flat=True))


def with_items(sources: Sequence[Pending]) -> list[Pending]:
    """Return those that have any item, by one question for all of them.

    To tell so takes far less than to weigh: most have nothing for one account.
    """
    able = [(one, asked) for one in sources if (asked := one.asked_for()) is not None]
    if not able:
        return []
    each = ", ".join(f"EXISTS ({items})" for _, (items, _) in able)
    values = [value for _, (_, given) in able for value in given]
    (has_any,) = kept_rows(f"SELECT {each}", values, is_worked_from=True)
    return [one for (one, _), has in zip(able, has_any, strict=True) if has]


def ranked(
    sources: Sequence[Pending], *, first: dt.date | None, last: dt.date, size: int
) -> list[Ranked]:
    """Return the items due from `first` to `last`, the largest expected gain first."""
    found = [
        row for pending in sources for row in pending.between(first, last).ranked(size)
    ]
    found.sort(key=_place)
    return [Ranked(*row[1:]) for row in found[:size]]


def said_now(found: Sequence[Ranked]) -> list[Ranked]:
    """Return the items with the words of sources that say why by the minute."""
    words: dict[tuple[str, int], str] = {}
    for key in {one.source for one in found}:
        source = agendas.source_named(key)
        if source is not None and source.say:
            mine = [one.pk for one in found if one.source == key]
            said = import_string(source.say)(mine)
            words |= {(key, pk): text for pk, text in said.items()}
    return [replace(one, why=words.get((one.source, one.pk), one.why)) for one in found]


def kept_agenda(
    asking: Asking, weighing: Weighing, what: Sequence[Hashable], work: Callable[[], A]
) -> A:
    """Return what `work` reads from everything there is to do, see `common.kept`.

    `what` tells it from other work. As old as anything else that people work from.
    """
    user, owner = asking.user, asking.owner
    key = (
        "agenda",
        user.pk,
        user.is_superuser,
        tuple(sorted(user.roles)),
        (owner.pk, tuple(sorted(owner.roles))) if owner else (),
        asking.today,
        tuple(source.key for source in agendas.sources_for(user)),
        weighing.key,
        *what,
    )
    return kept(key, work, is_worked_from=True)


def _place(row: tuple[Any, ...]) -> tuple[Any, ...]:
    gain, source, pk, *_rest, due = row[:7]
    return -gain, due, source, pk


def counted(
    sources: Sequence[Pending], *, today: dt.date, last: dt.date
) -> list[tuple[int, int]]:
    """Return how many items of each are due today, and from tomorrow to `last`."""
    return [pending.between(None, last).counted(today) for pending in sources]


def gain_of_settled(
    asking: Asking, weighing: Weighing, settled: Mapping[str, Collection[str]]
) -> Decimal:
    """Return what settled items were expected to gain, by source and key.

    One query for each source that calls settling "Done": that a mail needs no answer,
    or that a deal may wait, gains nothing.
    """
    total = ZERO
    for source in agendas.sources_for(asking.user):
        if source.key not in settled or source.done != agendas.DONE:
            continue
        items = import_string(source.query)(asking)
        found = Pending.of(source.key, items, weighing).named(settled[source.key])
        total += sum((to_cents(row[0]) for row in found.ranked()), ZERO)
    return total
