"""What stands on which day: tasks, planned touches, contacts, events, decisions."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import OwnerRole
from campaigns.engine.costs import cost_of_one
from campaigns.models import PlannedTouch
from campaigns.queries.costs import hourly_costs
from common.clock import business_today, day_ends_at
from common.money import ZERO
from common.zones import own_zone
from crm.choices import Channel, TaskKind, TaskStatus
from crm.models import Account, Deal, LifeEvent, Task, Touchpoint, User

DAY, WEEK, MONTH = "day", "week", "month"
VIEWS = {DAY: "Day", WEEK: "Week", MONTH: "Month"}
MOST_OF_A_KIND = 500  # in one view; a person has fewer, a team's view says when cut
SEEN_IN_PERSON = (Channel.VISIT, Channel.MEETING)
TASK_ICONS = {
    TaskKind.CALL: "phone",
    TaskKind.EMAIL: "mail",
    TaskKind.MEETING: "users",
    TaskKind.VISIT: "map-pin",
}
CHANNEL_ICONS = {
    Channel.PHONE: "phone",
    Channel.EMAIL: "mail",
    Channel.VISIT: "map-pin",
    Channel.MEETING: "users",
    Channel.POST: "mailbox",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on one day. `at` is the time of day in the company's zone."""

    kind: str  # task, touch, contact, event, deal
    pk: int
    word: str
    title: str
    day: dt.date
    url: str
    icon: str
    account: Account | None = None
    at: dt.time | None = None
    minutes: int | None = None
    plan: str = ""
    cost: Decimal | None = None
    owner: str = ""
    is_done: bool = False
    is_late: bool = False
    is_high: bool = False
    may_move: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.pk}"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day with its entries, those without a time first."""

    day: dt.date
    entries: Sequence[Entry]
    is_today: bool

    @property
    def minutes(self) -> int:
        return sum(one.minutes or 0 for one in self.entries)

    @property
    def has_visits(self) -> bool:
        return any(one.icon == "map-pin" and one.may_move for one in self.entries)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of one view, and where the views before and after begin."""

    view: str
    on: dt.date
    days: Sequence[CalendarDay]
    previous: dt.date
    next: dt.date
    is_cut: bool

    @property
    def first(self) -> dt.date:
        return self.days[0].day

    @property
    def last(self) -> dt.date:
        return self.days[-1].day

    @property
    def has_entries(self) -> bool:
        return any(day.entries for day in self.days)


def calendar(
    *, user: User, view: str, on: dt.date, whose: User | None = None
) -> Calendar:
    """Return the days of `view` around `on`; with `whose` only that person's."""
    first, last = span(view, on)
    source = _Source(user, first, last, whose)
    by_day: dict[dt.date, list[Entry]] = {}
    is_cut = False
    for entries in source.all():
        found = list(entries)
        is_cut = is_cut or len(found) >= MOST_OF_A_KIND
        for entry in found:
            by_day.setdefault(entry.day, []).append(entry)
    today = business_today()
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return Calendar(
        view=view,
        on=on,
        days=[CalendarDay(d, _in_order(by_day.get(d, [])), d == today) for d in days],
        previous=span(view, first - dt.timedelta(days=1))[0],
        next=last + dt.timedelta(days=1),
        is_cut=is_cut,
    )


def entries_between(
    *, user: User, first: dt.date, last: dt.date, whose: User | None
) -> list[Entry]:
    """Return every entry from `first` to `last`, by kind."""
    source = _Source(user, first, last, whose)
    return [entry for entries in source.all() for entry in entries]


def span(view: str, on: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of the view that holds `on`."""
    if view == DAY:
        return on, on
    if view == WEEK:
        monday = on - dt.timedelta(days=on.weekday())
        return monday, monday + dt.timedelta(days=6)
    first = on.replace(day=1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    return first, after - dt.timedelta(days=1)


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.at or dt.time(), one.kind, one.pk))


class _Source:
    """Reads each kind of entry of one span; one query each."""

    def __init__(
        self, user: User, first: dt.date, last: dt.date, whose: User | None
    ) -> None:
        self.user, self.first, self.last, self.whose = user, first, last, whose
        self.today = business_today()
        self.days = Q(due_on__range=(first, last))

    def all(self) -> Iterator[Iterable[Entry]]:
        yield self.tasks()
        yield self.touches()
        yield self.contacts()
        yield self.events()
        yield self.decisions()

    def tasks(self) -> Iterator[Entry]:
        rows = Task.objects.visible_to(self.user).filter(self.days)
        rows = rows.exclude(status=TaskStatus.CANCELLED)
        if self.whose:
            rows = rows.filter(owner=self.whose)
        for task in rows.select_related("account", "owner")[:MOST_OF_A_KIND]:
            is_open = task.status == TaskStatus.OPEN
            yield Entry(
                kind="task",
                pk=task.pk,
                word=task.get_kind_display(),
                title=task.title,
                day=task.due_on,
                at=task.due_at,
                minutes=task.minutes,
                url=reverse("crm:task_edit", args=[task.pk]),
                icon=TASK_ICONS.get(TaskKind(task.kind), "circle"),
                account=task.account,
                owner=task.owner.name,
                is_done=not is_open,
                is_late=is_open and task.due_on < self.today,
                is_high=task.priority == "high",
                may_move=is_open,
            )

    def touches(self) -> Iterator[Entry]:
        rows = PlannedTouch.objects.due().visible_to(self.user).filter(self.days)
        rows = rows.filter(owner_role=OwnerRole.REP)
        if self.whose:
            rows = rows.filter(account__owner=self.whose)
        hourly = hourly_costs()
        rows = rows.select_related(
            "account__owner", "template__version__plan", "template__campaign"
        )
        for touch in rows[:MOST_OF_A_KIND]:
            template, owner = touch.template, touch.account.owner
            yield Entry(
                kind="touch",
                pk=touch.pk,
                word=template.channel_name,
                title=template.title,
                day=touch.due_on,
                minutes=template.minutes or None,
                url=reverse("campaigns:touch_done", args=[touch.pk]),
                icon=CHANNEL_ICONS.get(Channel(template.channel), "clipboard-list"),
                account=touch.account,
                plan=template.asked_by,
                cost=cost_of_one(
                    unit_cost=template.unit_cost or ZERO,
                    minutes=template.minutes,
                    hourly_cost=hourly[template.owner_role],
                ),
                owner=owner.name if owner else "",
                is_late=touch.due_on < self.today,
                may_move=True,
            )

    def contacts(self) -> Iterator[Entry]:
        """Yield visits and meetings that took place."""
        begin = day_ends_at(self.first - dt.timedelta(days=1))
        rows = (
            Touchpoint.objects.visible_to(self.user)
            .filter(
                occurred_at__gte=begin,
                occurred_at__lt=day_ends_at(self.last),
                channel__in=SEEN_IN_PERSON,
            )
            .standing()
        )
        if self.whose:
            rows = rows.filter(user=self.whose)
        for one in rows.select_related("account", "user")[:MOST_OF_A_KIND]:
            day = timezone.localdate(one.occurred_at)
            local = timezone.localtime(one.occurred_at, own_zone())
            yield Entry(
                kind="contact",
                pk=one.pk,
                word=one.get_channel_display(),
                title=f"{one.get_channel_display()} took place",
                day=day,
                at=local.time().replace(second=0, microsecond=0),
                minutes=one.minutes,
                url=reverse("crm:account_detail", args=[one.account_id])
                + "?tab=timeline",
                icon=CHANNEL_ICONS[Channel(one.channel)],
                account=one.account,
                owner=one.user.name if one.user else "",
                is_done=True,
            )

    def events(self) -> Iterator[Entry]:
        rows = (
            LifeEvent.objects.visible_to(self.user)
            .standing()
            .filter(occurred_on__range=(self.first, self.last))
        )
        if self.whose:
            rows = rows.filter(account__owner=self.whose)
        for one in rows.select_related("account", "type")[:MOST_OF_A_KIND]:
            yield Entry(
                kind="event",
                pk=one.pk,
                word="Event",
                title=str(one.type),
                day=one.occurred_on,
                url=reverse("crm:account_detail", args=[one.account_id])
                + "?tab=events",
                icon="calendar-heart",
                account=one.account,
            )

    def decisions(self) -> Iterator[Entry]:
        rows = (
            Deal.objects.open()
            .visible_to(self.user)
            .filter(close_on__range=(self.first, self.last))
        )
        if self.whose:
            rows = rows.filter(owner=self.whose)
        for deal in rows.select_related("account", "owner")[:MOST_OF_A_KIND]:
            yield Entry(
                kind="deal",
                pk=deal.pk,
                word="Decision",
                title=f"Decision: {deal.title}",
                day=deal.close_on or self.first,
                url=reverse("campaigns:deal_detail", args=[deal.pk]),
                icon="handshake",
                account=deal.account,
                owner=deal.owner.name,
                is_late=deal.close_on is not None and deal.close_on < self.today,
            )
