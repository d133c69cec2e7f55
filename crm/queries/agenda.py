"""What a source of *Today* returns, and what the CRM itself brings."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from common.agendas import Asking
from common.clock import day_ends_at
from crm import policy
from crm.choices import Channel, Direction, Outcome, TouchpointSource
from crm.models import Meeting, Task, Touchpoint
from crm.queries.entries import joined, words


@dataclass(frozen=True, slots=True)
class Items:
    """Things to do: rows that `asking` may see, and what each says.

    account : column that holds the account's id; it may be empty
    due : expression of the day on which it needs somebody
    title, why : what it is, and why now, as text
    label : what sort of thing it is; the source's own label unless given
    item : the item's key as text; the row's id unless given
    link : id that the source's page takes; the account's unless given
    is_touches : touches of plans, each weighed by what its plan says of it; anything
        else counts as a mean touch of the plan of its account's class, at no cost
    """

    rows: QuerySet[Any]
    due: Combinable | str
    title: Combinable
    why: Combinable
    account: str = "account_id"
    label: Combinable | None = None
    item: Combinable | None = None
    link: Combinable | None = None
    is_touches: bool = False


WRITTEN = (Channel.EMAIL, Channel.MESSAGE, Channel.WEB, Channel.CHAT, Channel.SOCIAL)


def open_tasks(asking: Asking) -> Items:
    """Return what was promised; a rep's own, and everybody's for who sees the team."""
    rows = Task.objects.open().visible_to(asking.user)
    owner = asking.owner if asking.user.sees_every_account else asking.user
    if owner:
        rows = rows.filter(owner=owner)
    return Items(
        rows,
        due="due_on",
        title=F("title"),
        why=joined(Value("Promised by "), words("owner__name"), Value(".")),
    )


def _with_person() -> Case:
    return Case(
        When(contact=None, then=Value("")),
        default=joined(Value(" with "), words("contact__name")),
        output_field=TextField(),
    )


def _minutes() -> Case:
    return Case(
        When(minutes=None, then=Value("")),
        default=joined(Value(", "), words("minutes"), Value(" min")),
        output_field=TextField(),
    )


def captured(asking: Asking) -> Items:
    """Return calls and sent mails that other systems told of, to be confirmed.

    Somebody who says how one went has confirmed it; what came in waits for an answer
    among `unanswered`.
    """
    rows = Touchpoint.objects.standing().visible_to(asking.user)
    owner = asking.owner if asking.user.sees_every_account else asking.user
    if owner:
        rows = rows.filter(user=owner)
    since = day_ends_at(
        asking.today - dt.timedelta(days=policy.CAPTURES_LOOK_BACK_DAYS)
    )
    rows = rows.filter(
        source__in=[TouchpointSource.TELEPHONY, TouchpointSource.MAIL],
        outcome="",
        occurred_at__gte=since,
        account__merged_into=None,
    ).exclude(direction=Direction.IN, channel__in=WRITTEN)
    kind = Case(
        When(channel=Channel.PHONE, then=Value("Call")), default=Value("E-mail")
    )
    return Items(
        rows,
        due=TruncDate("occurred_at"),
        title=joined(kind, _with_person(), _minutes()),
        why=Value("Captured by itself. Say how it went, or confirm it as it is."),
        link=F("pk"),
    )


def meetings(asking: Asking) -> Items:
    """Return meetings that calendars tell of and that are over, to be logged.

    One that comes up again after a change in the calendar is another item.
    """
    rows = Meeting.objects.to_confirm().visible_to(asking.user)
    owner = asking.owner if asking.user.sees_every_account else asking.user
    if owner:
        rows = rows.filter(user=owner)
    since = day_ends_at(
        asking.today - dt.timedelta(days=policy.CAPTURES_LOOK_BACK_DAYS)
    )
    rows = rows.filter(ends_at__gte=since)
    named = Case(
        When(title="", then=Value("Nobody named it")),
        default=joined(Value("“"), words("title"), Value("”")),
        output_field=TextField(),
    )
    return Items(
        rows,
        due=TruncDate("ends_at"),
        title=joined(Value("Meeting"), _with_person(), _minutes()),
        why=joined(
            named, Value(" in the calendar. Confirm that you met, or say how it went.")
        ),
        item=joined(words("pk"), Value("-"), words("version")),
        link=F("pk"),
    )


def unanswered(asking: Asking) -> Items:
    """Return accounts that wrote to us and heard nothing since, by their last word.

    One of which somebody said how it went was dealt with when it was logged.
    """
    rows = Touchpoint.objects.standing().visible_to(asking.user)
    if asking.owner:
        rows = rows.filter(account__owner=asking.owner)
    since = day_ends_at(asking.today - dt.timedelta(days=policy.REPLIES_LOOK_BACK_DAYS))
    later = Touchpoint.objects.standing().filter(account=OuterRef("account"))
    later = later.filter(
        Q(occurred_at__gt=OuterRef("occurred_at"))
        | Q(occurred_at=OuterRef("occurred_at"), pk__gt=OuterRef("pk"))
    )
    is_answer = Q(direction=Direction.OUT) & ~Q(outcome=Outcome.NO_ANSWER)
    is_written = Q(direction=Direction.IN, channel__in=WRITTEN)
    rows = rows.filter(
        is_written, outcome="", occurred_at__gte=since, account__merged_into=None
    ).exclude(Exists(later.filter(is_answer | is_written)))
    channels = [
        When(channel=channel.value, then=Value(str(channel.label).lower()))
        for channel in WRITTEN
    ]
    return Items(
        rows,
        due=TruncDate("occurred_at"),
        title=Case(
            When(note="", then=Value("Answer what they sent")),
            default=F("note"),
            output_field=TextField(),
        ),
        why=joined(
            Case(
                When(contact=None, then=Value("Wrote by ")),
                default=joined(words("contact__name"), Value(" wrote by ")),
                output_field=TextField(),
            ),
            Case(*channels, default=Value("message")),
            Value(" and has no answer yet."),
        ),
    )
