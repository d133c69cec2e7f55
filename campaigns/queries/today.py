"""What needs somebody today, by expected gain, and what marketing sends."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from campaigns import policy
from campaigns.choices import OwnerRole, TouchStatus
from campaigns.models import PlannedTouch, SettledItem, Snooze, TouchTemplate
from campaigns.queries.agenda import (
    TASK,
    TOUCH,
    Ranked,
    counted,
    due_touches,
    everything,
    gain_of_settled,
    kept_agenda,
    ranked,
    said_now,
    with_items,
)
from campaigns.queries.weighing import Reasons, Weighing
from common import agendas
from common.agendas import Asking
from common.clock import day_ends_at
from common.money import ZERO
from crm.choices import TaskStatus
from crm.models import Account, Task, User
from segments.choices import WorthClass

# "Show them" shows so many at once; nobody reads further.
MOST_SHOWN = 500
# A quiet day shows what comes next, up to so many rows.
FILLED_UP_TO = 8
# Who has no account yet.
FIRM, PERSON = "firm", "person"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: a touch of a plan, a task, or what another source brings."""

    source: str
    key: str
    touch: PlannedTouch | None
    task: Task | None
    account: Account | None
    due_on: dt.date
    is_late: bool
    worth_class: WorthClass | None
    label: str
    title: str
    why: str
    url: str
    reasons: Reasons | None

    @property
    def gain(self) -> Decimal:
        return self.reasons.gain if self.reasons else ZERO

    @property
    def mark(self) -> str:
        """Name it in forms, as services read it."""
        return f"{self.source}:{self.key}"

    @property
    def action(self) -> str:
        source = agendas.source_named(self.source)
        return source.action if source else ""

    @property
    def done(self) -> str:
        source = agendas.source_named(self.source)
        return source.done if source else agendas.DONE


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody finished today, and what that is expected to gain."""

    count: int
    gain: Decimal


@dataclass(frozen=True, slots=True)
class NextTouches:
    """The first day ahead on which plans ask for something, where none is due yet."""

    day: dt.date
    count: int


@dataclass(frozen=True, slots=True)
class Todo:
    """The rows to show, honest counts of what is not shown, and what is done."""

    due: list[Item]
    ahead: list[Item]
    hidden: int
    ahead_count: int
    done: Done
    next_touches: NextTouches | None

    @property
    def is_empty(self) -> bool:
        return not (self.due or self.ahead)

    @property
    def late_count(self) -> int:
        return sum(item.is_late for item in self.due)

    @property
    def gain(self) -> Decimal:
        """Return what all that is shown as due is expected to gain."""
        return sum((item.gain for item in self.due), ZERO)


@dataclass(frozen=True, slots=True)
class Sending:
    """One touch that marketing does for many accounts at once."""

    template: TouchTemplate
    worth_class: WorthClass | None
    due: int
    late: int
    ahead: int
    oldest_on: dt.date
    cost: Decimal


def todo(
    *,
    user: User,
    today: dt.date,
    owner: User | None = None,
    is_ahead: bool = False,
    rows: int = policy.TODAY_ROWS,
) -> Todo:
    """Return what the reps among those that `user` sees have to do.

    One queue of what is due, by expected gain over all of it. With `owner` only that
    person's. What falls due within the planning horizon comes after, by day: up to
    `rows` more with `is_ahead`, else a few where there is room.
    """
    weighing = Weighing()
    asking = Asking(user, owner, today)
    found = kept_agenda(
        asking,
        weighing,
        ("placed", rows, is_ahead),
        lambda: _placed(asking, weighing, rows, is_ahead=is_ahead),
    )
    items = _items([*found.due, *found.ahead], weighing, today)
    return Todo(
        due=items[: len(found.due)],
        ahead=items[len(found.due) :],
        hidden=found.due_count - len(found.due),
        ahead_count=found.ahead_count - len(found.ahead),
        done=_done(owner or user, today, weighing),
        next_touches=found.next_touches,
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    """What is shown, in its place, and how much there is."""

    due: list[Ranked]
    ahead: list[Ranked]
    due_count: int
    ahead_count: int
    next_touches: NextTouches | None


def _placed(
    asking: Asking, weighing: Weighing, rows: int, *, is_ahead: bool
) -> _Placed:
    today = asking.today
    tomorrow = today + dt.timedelta(days=1)
    horizon = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    sources = everything(asking, weighing)
    # Most sources have nothing: those are counted, but not weighed.
    counts = counted(sources, today=today, last=horizon)
    some = [one for one, (now, _) in zip(sources, counts, strict=True) if now]
    due = ranked(some, first=None, last=today, size=rows)
    room = rows if is_ahead else FILLED_UP_TO - len(due)
    ahead: list[Ranked] = []
    if room > 0:
        some = [one for one, (_, later) in zip(sources, counts, strict=True) if later]
        ahead = ranked(some, first=tomorrow, last=horizon, size=MOST_SHOWN)
        ahead = sorted(ahead, key=lambda one: one.due_on)[:room]
    touches_due, touches_ahead = counts[0]
    is_later = touches_ahead and not touches_due
    return _Placed(
        due,
        ahead,
        due_count=sum(now for now, _ in counts),
        ahead_count=sum(later for _, later in counts),
        next_touches=_next_touches(asking) if is_later else None,
    )


def _next_touches(asking: Asking) -> NextTouches | None:
    """Say when plans ask for something next: on a Sunday they ask for nothing."""
    tomorrow = asking.today + dt.timedelta(days=1)
    horizon = asking.today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    rows = due_touches(asking).rows.filter(due_on__range=(tomorrow, horizon))
    day = rows.order_by("due_on").values_list("due_on", flat=True).first()
    return NextTouches(day, rows.filter(due_on=day).count()) if day else None


def due_now(
    *, user: User, today: dt.date, owner: User, rows: int = policy.TODAY_ROWS
) -> list[Item]:
    """Return what `todo` shows as due, without what it counts besides."""
    weighing = Weighing()
    asking = Asking(user, owner, today)
    due = kept_agenda(
        asking,
        weighing,
        ("due", rows),
        lambda: ranked(everything(asking, weighing), first=None, last=today, size=rows),
    )
    return _items(due, weighing, today)


def _done(user: User, today: dt.date, weighing: Weighing) -> Done:
    """Return what `user` did of plans, promised, or settled today."""
    begun = day_ends_at(today - dt.timedelta(days=1))
    touches: QuerySet[Any] = PlannedTouch.objects.filter(
        closed_by=user, status=TouchStatus.DONE, closed_at__gte=begun
    )
    touches = touches.select_related("template").annotate(
        d_margin=weighing.margin_year("account_id")
    )
    tasks: QuerySet[Any] = Task.objects.filter(
        owner=user, status=TaskStatus.DONE, done_at__gte=begun
    ).annotate(
        d_margin=weighing.margin_year("account_id"),
        d_class=weighing.class_of("account_id"),
    )
    found = [
        *(weighing.touch(one.template, one.d_margin) for one in touches),
        *(weighing.other(one.d_class, one.d_margin) for one in tasks),
    ]
    settled: dict[str, set[str]] = defaultdict(set)
    for one in SettledItem.objects.filter(settled_by=user, settled_at__gte=begun):
        settled[one.source].add(one.item)
    gain = gain_of_settled(Asking(user, None, today), weighing, settled)
    return Done(
        count=len(found) + sum(len(items) for items in settled.values()),
        gain=sum((one.gain for one in found if one), gain),
    )


def lacks_accounts(user: User) -> str:
    """Return who has no account yet, the firm or only `user`; empty if both do."""
    if Account.objects.visible_to(user).exists():
        return ""
    return PERSON if Account.objects.exists() else FIRM


def put_off(*, user: User, today: dt.date) -> int:
    """Return how many items `user` put off, which come back by themselves."""
    return Snooze.objects.filter(user=user, until__gt=today).count()


def sendings(*, today: dt.date) -> list[Sending]:
    """Return marketing's touches due, one row for each touch of a class."""
    horizon = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    groups = (
        PlannedTouch.objects.due()
        .not_being_mailed()
        .filter(owner_role=OwnerRole.MARKETER, assigned_to=None, due_on__lte=horizon)
        .order_by()
        .values("template")
        .annotate(
            due=Count("pk", filter=Q(due_on__lte=today)),
            late=Count("pk", filter=Q(due_on__lt=today)),
            ahead=Count("pk", filter=Q(due_on__gt=today)),
            oldest_on=Min("due_on"),
        )
    )
    found = {group["template"]: group for group in groups}
    templates = TouchTemplate.objects.filter(pk__in=found)
    return [
        Sending(
            template=template,
            worth_class=_class_of(template),
            due=found[template.pk]["due"],
            late=found[template.pk]["late"],
            ahead=found[template.pk]["ahead"],
            oldest_on=found[template.pk]["oldest_on"],
            cost=(template.unit_cost or ZERO) * found[template.pk]["due"],
        )
        for template in templates.select_related("version__plan", "campaign").order_by(
            "version__plan", "campaign", "position", "pk"
        )
    ]


def _class_of(template: TouchTemplate) -> WorthClass | None:
    """Return the class that a touch is for; None for that of newcomers."""
    worth_class = template.version.plan.worth_class
    return WorthClass(worth_class) if worth_class else None


def _items(found: Sequence[Ranked], weighing: Weighing, today: dt.date) -> list[Item]:
    """Return the items with the records that their rows show; three queries."""
    touches = PlannedTouch.objects.filter(pk__in=_keys(found, TOUCH))
    touches = touches.select_related(
        "template__version__plan",
        "template__campaign",
        "account__owner",
        "assigned_to",
    )
    tasks = Task.objects.filter(pk__in=_keys(found, TASK)).select_related(
        "owner", "account"
    )
    accounts = Account.objects.select_related("owner")
    known = (
        touches.in_bulk(),
        tasks.in_bulk(),
        accounts.in_bulk([one.account_id for one in found if one.account_id]),
    )
    return [_item(one, known, weighing, today) for one in said_now(found)]


Known = tuple[dict[int, PlannedTouch], dict[int, Task], dict[int, Account]]


def _item(one: Ranked, known: Known, weighing: Weighing, today: dt.date) -> Item:
    touches, tasks, accounts = known
    touch = touches.get(one.pk) if one.source == TOUCH else None
    worth_class = one.worth_class
    if touch is not None:
        if touch.template.campaign_id is None:
            worth_class = touch.template.version.plan.worth_class
        reasons = weighing.touch(touch.template, one.margin_year)
    else:
        reasons = weighing.other(worth_class, one.margin_year)
    return Item(
        source=one.source,
        key=one.item,
        touch=touch,
        task=tasks.get(one.pk) if one.source == TASK else None,
        account=accounts.get(one.account_id or 0),
        due_on=one.due_on,
        is_late=one.due_on < today,
        worth_class=WorthClass(worth_class) if worth_class else None,
        label=one.label,
        title=one.title,
        why=one.why,
        url=_url(one),
        reasons=reasons,
    )


def _keys(found: Sequence[Ranked], source: str) -> list[int]:
    return [one.pk for one in found if one.source == source]


def _url(one: Ranked) -> str:
    """Return the page that the item's button opens."""
    source = agendas.source_named(one.source)
    if source is None or one.link_id is None:
        return ""
    if source.in_query:
        return f"{reverse(source.url_name)}?account={one.link_id}"
    return reverse(source.url_name, args=[one.link_id])


def next_step(account: Account, *, user: User, today: dt.date) -> Item | None:
    """Return what is worth most to do next for `account`: late first, then by gain."""
    horizon = today + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    weighing = Weighing()
    sources = [
        one.of_account(account.pk).between(None, horizon)
        for one in everything(Asking(user, None, today), weighing)
    ]
    found = ranked(with_items(sources), first=None, last=horizon, size=MOST_SHOWN)
    items = _items(found, weighing, today)
    return min(items, key=lambda one: (not one.is_late, -one.gain), default=None)
