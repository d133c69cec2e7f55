"""Putting items of Today off, and settling them, one or many at once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.module_loading import import_string

from campaigns import policy
from campaigns.errors import CannotPutOffError, GateUndecidedError, ItemGoneError
from campaigns.models import PlannedTouch, SettledItem, Snooze
from campaigns.queries.agenda import TASK, TOUCH, found_items
from campaigns.services import touch_gate, touches
from common import agendas
from common.agendas import Asking, Source
from common.clock import business_today
from crm.models import Task, User
from crm.services import audit, tasks

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Mark:
    """One item as pages and callers name it: its source and its key there."""

    source: str
    item: str

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Return what a form's `source:item` names."""
        source, _, item = text.partition(":")
        return cls(source, item)


@transaction.atomic
def snooze(
    *, actor: User, marks: Sequence[Mark], until: dt.date, reason: str = ""
) -> int:
    """Put items off for the actor until a day, on which they come back by themselves.

    All of them or none; an item that is put off already gets the new day. Nobody else's
    list changes.

    Raises
    ------
    CannotPutOffError
        If nothing or too much is chosen, or the day is not ahead or too far.
    ItemGoneError
        If one of the items is not there any more, or not for the actor.
    """
    today = business_today()
    if until <= today:
        raise CannotPutOffError("Choose a day ahead.", field="until")
    if until > today + dt.timedelta(days=policy.FURTHEST_SNOOZE_DAYS):
        raise CannotPutOffError("Put it off for a year at most.", field="until")
    for mark in _checked(actor, marks):
        Snooze.objects.update_or_create(
            user=actor,
            source=mark.source,
            item=mark.item,
            defaults={"until": until, "reason": reason.strip()[:300]},
        )
    audit.record(
        actor=actor,
        action="today.snoozed",
        items=[f"{mark.source}:{mark.item}" for mark in marks],
        until=until.isoformat(),
    )
    return len(marks)


def wake(*, actor: User, marks: Sequence[Mark] = ()) -> int:
    """Bring back at once what the actor put off, or only `marks`; return how many."""
    rows = Snooze.objects.filter(user=actor, until__gt=business_today())
    if marks:
        named = (Q(source=mark.source, item=mark.item) for mark in marks)
        rows = rows.filter(reduce(or_, named))
    return rows.delete()[0]


@transaction.atomic
def settle(*, actor: User, marks: Sequence[Mark]) -> int:
    """Settle items, all of them or none; return how many.

    A touch is done with the plan's minutes and cost, a task is done, and of anything
    else is kept who settled it when.

    Raises
    ------
    CannotPutOffError
        If nothing or too much is chosen, something that only its own page ends, or a
        letter that does not pay and about which nobody decided.
    ItemGoneError
        If one of the items is not there any more, or not for the actor.
    """
    for mark in _checked(actor, marks):
        source = agendas.source_named(mark.source)
        if source is not None and not source.done:
            raise CannotPutOffError(
                f"{source.label}: open it to bring it to an end, or put it off here."
            )
        if mark.source == TOUCH:
            touch = PlannedTouch.objects.visible_to(actor).get(pk=int(mark.item))
            _complete(actor, touch)
        elif mark.source == TASK:
            task = Task.objects.visible_to(actor).get(pk=int(mark.item))
            tasks.complete_task(actor=actor, task=task)
        else:
            _keep_settled(actor, mark, source)
    return len(marks)


def _complete(actor: User, touch: PlannedTouch) -> None:
    try:
        touch_gate.complete_touch(actor=actor, touch=touch)
    except GateUndecidedError as error:
        raise CannotPutOffError(
            f"{touch.account}: {error.message} Press “Posted” there to decide."
        ) from error


@transaction.atomic
def unsettle(*, actor: User, marks: Sequence[Mark]) -> int:
    """Take back what the actor settled, all of it or nothing; return how many.

    A touch is opened again with its cost reversed, a task is open again, and anything
    else stands in Today as before. What is open again already stays as it is.

    Raises
    ------
    CannotPutOffError
        If nothing or too much is chosen.
    ItemGoneError
        If the actor did not settle one of them, or it is not there any more.
    """
    if not 0 < len(marks) <= policy.MOST_AT_ONCE:
        raise CannotPutOffError(f"Name up to {policy.MOST_AT_ONCE} at once.")
    for mark in marks:
        if mark.source == TOUCH:
            done = PlannedTouch.objects.visible_to(actor)
            touches.undo(actor=actor, touch=_found(done, mark))
        elif mark.source == TASK:
            tasks.reopen_task(
                actor=actor, task=_found(Task.objects.visible_to(actor), mark)
            )
        else:
            _forget_settled(actor, mark)
    return len(marks)


def _found(rows: QuerySet[Row], mark: Mark) -> Row:
    row = rows.filter(pk=int(mark.item)).first() if mark.item.isdecimal() else None
    if row is None:
        raise ItemGoneError
    return row


def _keep_settled(actor: User, mark: Mark, source: Source | None) -> None:
    SettledItem.objects.get_or_create(
        source=mark.source, item=mark.item, defaults={"settled_by": actor}
    )
    if source is not None and source.on_settled:
        import_string(source.on_settled)(actor=actor, item=mark.item)
    audit.record(
        actor=actor, action="today.settled", source=mark.source, item=mark.item
    )


def _forget_settled(actor: User, mark: Mark) -> None:
    mine = SettledItem.objects.filter(source=mark.source, item=mark.item)
    if not mine.filter(settled_by=actor).delete()[0]:
        raise ItemGoneError
    source = agendas.source_named(mark.source)
    if source is not None and source.on_unsettled:
        import_string(source.on_unsettled)(actor=actor, item=mark.item)
    audit.record(
        actor=actor, action="today.unsettled", source=mark.source, item=mark.item
    )


def _checked(actor: User, marks: Sequence[Mark]) -> Sequence[Mark]:
    """Refuse what the actor does not have to do."""
    if not marks:
        raise CannotPutOffError("Tick what you mean first.")
    if len(marks) > policy.MOST_AT_ONCE:
        raise CannotPutOffError(f"At most {policy.MOST_AT_ONCE} at once.")
    asking = Asking(actor, None, business_today())
    by_source: dict[str, list[str]] = {}
    for mark in marks:
        by_source.setdefault(mark.source, []).append(mark.item)
    for source, items in by_source.items():
        if found_items(asking, source, items) != set(items):
            raise ItemGoneError
    return marks
