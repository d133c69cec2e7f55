"""The duplicate-effort radar: who else was just in touch with the same customer."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm import policy
from crm.choices import Channel, Direction, TouchpointSource
from crm.models import Account, Touchpoint, User
from crm.models.touchpoints import TouchpointQuerySet
from crm.queries.merged import member_ids

MOST_NAMED = 3
DID = {
    Channel.PHONE: "called",
    Channel.EMAIL: "wrote an e-mail",
    Channel.MEETING: "met them",
    Channel.VISIT: "visited",
    Channel.MESSAGE: "wrote a message",
    Channel.POST: "sent post",
    Channel.WEB: "met them on the web",
    Channel.CHAT: "chatted",
    Channel.SOCIAL: "wrote on social media",
    Channel.EVENT: "met them at an event",
    Channel.GIFT: "gave a gift",
}
RECEIVED = {
    Channel.PHONE: "took their call",
    Channel.EMAIL: "got their e-mail",
    Channel.MESSAGE: "got their message",
    Channel.POST: "got their post",
}
# Contacts of a merged account stay with it, and count for the one it went into.
SURVIVOR = Coalesce("account__merged_into_id", "account_id")
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lately:
    """One contact of somebody else with a customer, told in a line."""

    touchpoint: Touchpoint
    now: dt.datetime

    def __str__(self) -> str:
        row = self.touchpoint
        plan = " (planned touch)" if row.source == TouchpointSource.PLAN else ""
        words = f": {row.note}" if row.note else ""
        return f"{row.user} {did(row)} {_ago(self.now - row.occurred_at)}{plan}{words}"


@dataclass(frozen=True, slots=True)
class Overlap:
    """One account that several people contacted within the window.

    `minutes` were spent within the window after somebody else's contact; of
    `unknown_count` such contacts nobody said how long they took.
    """

    account: Account
    contacts: Sequence[Touchpoint]
    minutes: int
    again_count: int
    unknown_count: int

    @property
    def people(self) -> str:
        names = (str(row.user) for row in reversed(self.contacts))
        return ", ".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Totals:
    """What all overlaps of the period come to."""

    account_count: int
    again_count: int
    minutes: int
    unknown_count: int

    @property
    def hours(self) -> float:
        return self.minutes / 60


def contacts() -> TouchpointQuerySet:
    """Return contacts by our people that reached somebody and stand."""
    return (
        Touchpoint.objects.standing()
        .filter(user__isnull=False)
        .exclude(channel__in=policy.CHANNELS_WITHOUT_CONTACT)
        .exclude(outcome__in=policy.OUTCOMES_WITHOUT_CONTACT)
    )


def lately(account: Account, *, user: User) -> list[Lately]:
    """Return who else contacted `account` within the window, newest first."""
    now = timezone.now()
    rows = contacts().filter(
        account__in=member_ids(account),
        occurred_at__gt=now - policy.DUPLICATE_WINDOW,
        occurred_at__lte=now,
    )
    rows = rows.exclude(user=user).select_related("user")
    return [Lately(row, now) for row in rows[:MOST_NAMED]]


def did(row: Touchpoint) -> str:
    """Return what was done, as the verb of a sentence."""
    channel = Channel(row.channel)
    if row.direction == Direction.IN and channel in RECEIVED:
        return RECEIVED[channel]
    return DID.get(channel, "contacted them")


def again(user: User | None, *, until: dt.datetime | None = None) -> TouchpointQuerySet:
    """Return contacts of the period that followed one by somebody else too soon.

    Those that `user` may see; without a user all of them, to be summed up only.
    """
    until = until or timezone.now()
    earlier = (
        contacts()
        .filter(
            occurred_at__gte=OuterRef("occurred_at") - policy.DUPLICATE_WINDOW,
            occurred_at__lte=OuterRef("occurred_at"),
        )
        .filter(
            Q(occurred_at__lt=OuterRef("occurred_at")) | Q(pk__lt=OuterRef("pk")),
        )
        .exclude(user=OuterRef("user"))
    )
    since = until - policy.OVERLAP_REPORTED
    seen = contacts() if user is None else contacts().visible_to(user)
    rows = seen.annotate(survivor_id=SURVIVOR)
    rows = rows.filter(occurred_at__gt=since, occurred_at__lte=until)
    # The day of the last contact is on the account: it spares reading most of them.
    rows = rows.filter(account__last_contact_on__gte=since.date() - DAY)
    # Two questions, of which each is looked up; as one it reads every contact.
    same = earlier.filter(account=OuterRef("survivor_id"))
    merged = earlier.filter(account__merged_into=OuterRef("survivor_id"))
    return rows.filter(Exists(same) | Exists(merged))


def overlap_totals(user: User) -> Totals:
    """Return what all overlaps of the period come to."""
    found = again(user).aggregate(
        account_count=Count(SURVIVOR, distinct=True),
        again_count=Count("pk"),
        minutes_sum=Sum("minutes"),
        unknown_count=Count("pk", filter=Q(minutes=None)),
    )
    minutes = found.pop("minutes_sum") or 0
    return Totals(minutes=minutes, **found)


def overlaps(user: User, *, most: int | None = None) -> list[Overlap]:
    """Return the accounts contacted by several, most minutes spent twice first.

    `contacts` of each are those within the window of a contact by somebody else,
    newest first.
    """
    groups = (
        again(user)
        .order_by()
        .values(survivor=SURVIVOR)
        .annotate(
            spent=Coalesce(Sum("minutes"), 0),
            again_count=Count("pk"),
            unknown_count=Count("pk", filter=Q(minutes=None)),
            last_at=Max("occurred_at"),
        )
        .order_by("-spent", "-last_at", "survivor")
    )
    chosen = list(groups[:most] if most else groups)
    keys = [group["survivor"] for group in chosen]
    accounts = Account.objects.select_related("owner").in_bulk(keys)
    rows = _contacts_of(keys)
    return [
        Overlap(
            account=accounts[group["survivor"]],
            contacts=rows[group["survivor"]],
            minutes=group["spent"],
            again_count=group["again_count"],
            unknown_count=group["unknown_count"],
        )
        for group in chosen
    ]


def _contacts_of(keys: Sequence[int]) -> dict[int, list[Touchpoint]]:
    now = timezone.now()
    since = now - policy.OVERLAP_REPORTED - policy.DUPLICATE_WINDOW
    rows = contacts().filter(
        Q(account__in=keys) | Q(account__merged_into__in=keys),
        occurred_at__gt=since,
        occurred_at__lte=now,
    )
    by_account: dict[int, list[Touchpoint]] = defaultdict(list)
    for row in rows.select_related("user", "account").order_by("occurred_at", "pk"):
        by_account[row.account.merged_into_id or row.account_id].append(row)
    return {key: list(_close(by_account[key]))[::-1] for key in keys}


def _close(rows: Sequence[Touchpoint]) -> Iterator[Touchpoint]:
    """Keep contacts that stand within the window of one by somebody else.

    With three people the nearest other one need not be the neighbour, so each is
    compared with all around it; the rows of one account and month are few.
    """
    for row in sorted(rows, key=attrgetter("occurred_at", "pk")):
        if any(
            other.user_id != row.user_id
            and abs(other.occurred_at - row.occurred_at) <= policy.DUPLICATE_WINDOW
            for other in rows
        ):
            yield row


def _ago(span: dt.timedelta) -> str:
    if span < HOUR:
        return f"{max(int(span.total_seconds() // 60), 1)} min ago"
    if span < DAY:
        return f"{span // HOUR} h ago"
    return "1 day ago" if span < 2 * DAY else f"{span // DAY} days ago"
