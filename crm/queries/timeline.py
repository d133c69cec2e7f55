"""Everything that happened with one account, in one statement, newest first."""

import base64
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    DecimalField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from crm import policy
from crm.choices import (
    Channel,
    Direction,
    OrderStatus,
    Outcome,
    Role,
    TaskStatus,
    TouchpointSource,
)
from crm.models import (
    Account,
    LifeEvent,
    Order,
    OrderLine,
    Task,
    Touchpoint,
    User,
)

PAGE_SIZE = 25
KINDS = {"contact": "Contacts", "order": "Orders", "event": "Events", "task": "Tasks"}
ICONS = {
    Channel.PHONE: "phone",
    Channel.EMAIL: "mail",
    Channel.MEETING: "users",
    Channel.VISIT: "map-pin",
    Channel.MESSAGE: "message-square",
    Channel.POST: "mailbox",
    Channel.WEB: "globe",
    Channel.CHAT: "messages-square",
    Channel.SOCIAL: "share-2",
    Channel.EVENT: "ticket",
    Channel.NOTE: "notebook-pen",
    "order": "shopping-cart",
    "event": "calendar",
    "task": "circle-check",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of the timeline, whatever it is."""

    kind: str
    pk: int
    at: dt.datetime
    channel: str
    direction: str
    text: str
    person: str
    who: str
    who_id: int | None
    outcome: str
    minutes: int | None
    amount: Decimal | None
    stored_at: dt.datetime | None

    @property
    def title(self) -> str:
        """Say what it is in two or three words."""
        if self.kind == "event":
            return self.channel
        if self.kind == "task":
            return "Task done"
        if self.kind == "order":
            is_off = self.outcome == OrderStatus.CANCELLED
            return "Order, cancelled" if is_off else "Order"
        label = str(Channel(self.channel).label)
        return f"{label}, incoming" if self.direction == Direction.IN else label

    @property
    def icon(self) -> str:
        key = self.channel if self.kind == "contact" else self.kind
        return ICONS.get(key, "circle")

    @property
    def has_time(self) -> bool:
        """Orders and events know their day only."""
        return self.kind in {"contact", "task"}

    @property
    def outcome_label(self) -> str:
        is_said = self.kind == "contact" and self.outcome
        return str(Outcome(self.outcome).label) if is_said else ""

    @property
    def is_bad(self) -> bool:
        return self.outcome == Outcome.BAD

    @property
    def cursor(self) -> str:
        raw = json.dumps([self.at.isoformat(), self.kind, self.pk]).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def can_be_undone_by(self, user: User) -> bool:
        """Tell whether `user` may still take this contact back."""
        if self.kind != "contact" or self.stored_at is None:
            return False
        is_fresh = timezone.now() - self.stored_at < policy.UNDO_WITHIN
        is_theirs = self.who_id == user.pk or Role.MANAGER in user.roles
        return is_fresh and (is_theirs or user.is_superuser)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One happening, and what the reader may do with it."""

    item: Happening
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of happenings; `older` is the next page's cursor or empty."""

    rows: list[TimelineRow]
    kind: str
    older: str
    is_first: bool

    @property
    def key(self) -> str:
        """Name this part among others on the page."""
        if not self.rows:
            return "empty"
        first = self.rows[0].item
        return f"{first.kind}-{first.pk}"


def timeline(
    account: Account, *, user: User, kind: str = "", before: str = "", size: int = 0
) -> Timeline:
    """Return what happened with `account`, newest first, one query.

    `kind` keeps one of KINDS; `before` is a cursor that an earlier page gave out. An
    unreadable kind or cursor is ignored, so that an old link still opens.
    """
    kind = kind if kind in KINDS else ""
    position = _read_cursor(before)
    size = size or PAGE_SIZE
    arms = [
        _beyond(arm(account), name, position)
        for name, arm in ARMS.items()
        if kind in {"", name}
    ]
    rows = arms[0].union(*arms[1:], all=True) if len(arms) > 1 else arms[0]
    ordered = rows.order_by("-t_at", "-t_kind", "-t_pk")
    found = [Happening(*row) for row in ordered[: size + 1]]
    shown = found[:size]
    return Timeline(
        rows=[TimelineRow(item, item.can_be_undone_by(user)) for item in shown],
        kind=kind,
        older=shown[-1].cursor if len(found) > size else "",
        is_first=position is None,
    )


Rows = QuerySet[Any, tuple[Any, ...]]
COLUMNS: dict[str, Any] = {
    "channel": CharField(),
    "direction": CharField(),
    "text": TextField(),
    "person": CharField(),
    "who": CharField(),
    "who_id": IntegerField(),
    "outcome": CharField(),
    "minutes": IntegerField(),
    "amount": DecimalField(max_digits=14, decimal_places=2),
    "stored_at": DateTimeField(),
}


def _contacts(account: Account) -> Rows:
    rows = Touchpoint.objects.standing().filter(account=account)
    # Undo belongs to what was typed here; other sources have doors of their own.
    typed_at = Case(When(source=TouchpointSource.TYPED, then=F("created_at")))
    return _columns(
        rows,
        kind="contact",
        at=F("occurred_at"),
        channel=F("channel"),
        direction=F("direction"),
        text=F("note"),
        person=_text("contact__name"),
        who=_text("user__name"),
        who_id=F("user_id"),
        outcome=F("outcome"),
        minutes=F("minutes"),
        stored_at=typed_at,
    )


def _orders(account: Account) -> Rows:
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    rows = Order.objects.filter(account=account)
    return _columns(
        rows,
        kind="order",
        at=_midnight("ordered_on"),
        text=_text("external_id"),
        outcome=_text("status"),
        minutes=Subquery(lines.annotate(n=Count("pk")).values("n")),
        amount=Subquery(lines.annotate(n=Sum("revenue")).values("n")),
    )


def _events(account: Account) -> Rows:
    return _columns(
        LifeEvent.objects.filter(account=account),
        kind="event",
        at=_midnight("occurred_on"),
        channel=F("type__name"),
        text=F("note"),
        person=_text("contact__name"),
        who=_text("created_by__name"),
    )


def _tasks(account: Account) -> Rows:
    return _columns(
        Task.objects.filter(account=account, status=TaskStatus.DONE),
        kind="task",
        at=F("done_at"),
        text=_text("title"),
        who=_text("owner__name"),
    )


ARMS: dict[str, Callable[[Account], Rows]] = {
    "contact": _contacts,
    "order": _orders,
    "event": _events,
    "task": _tasks,
}


def _columns(rows: QuerySet[Any], *, kind: str, at: Any, **given: Any) -> Rows:
    """Return the rows as tuples in Happening's order; columns not given are empty.

    They take names of their own, because annotations may not shadow fields.
    """
    columns = {
        "t_kind": Value(kind, output_field=CharField()),
        "t_pk": F("pk"),
        "t_at": at,
    }
    for name, output in COLUMNS.items():
        is_text = isinstance(output, CharField | TextField)
        empty = Value("" if is_text else None, output_field=output)
        wanted = given.get(name, empty)
        columns[f"t_{name}"] = Cast(wanted, TextField() if is_text else output)
    named: Rows = rows.order_by().annotate(**columns).values_list(*columns)
    return named


def _text(path: str) -> Coalesce:
    return Coalesce(Cast(F(path), TextField()), Value("", output_field=TextField()))


def _midnight(field: str) -> Func:
    """Place a day at its first moment in the company's time zone."""
    return Func(
        Value(settings.TIME_ZONE),
        F(field),
        template="timezone(%(expressions)s::timestamp)",
        output_field=DateTimeField(),
    )


def _beyond(
    rows: Rows, kind: str, position: tuple[dt.datetime, str, int] | None
) -> Rows:
    """Keep the rows of `kind` that come after `position` in the timeline's order."""
    if position is None:
        return rows
    at, its_kind, pk = position
    if kind == its_kind:
        return rows.filter(Q(t_at__lt=at) | Q(t_at=at, t_pk__lt=pk))
    return rows.filter(t_at__lte=at) if kind < its_kind else rows.filter(t_at__lt=at)


def _read_cursor(cursor: str) -> tuple[dt.datetime, str, int] | None:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, kind, pk = json.loads(raw)
        moment = dt.datetime.fromisoformat(at)
        known = kind in KINDS and moment.tzinfo is not None
        return (moment, kind, int(pk)) if known else None
    except (ValueError, TypeError):
        return None
