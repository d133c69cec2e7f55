"""Everything that happened with one account, in one statement, newest first."""

import base64
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from common import timelines
from common.clock import business_today
from common.zones import own_zone
from crm import policy
from crm.choices import Channel, Direction, OrderStatus, Outcome, Role
from crm.models import Account, PinnedContact, User
from crm.queries.entries import (
    Entries,
    Position,
    between,
    cut,
    first_ones,
    kept,
    told,
)
from crm.queries.merged import member_ids

PAGE_SIZE = 25
# From how many days on months are said, and from how many years.
DAYS_SAID, DAYS_A_MONTH, DAYS_A_YEAR = 60, 30, 365.25
CONTACT = "contact"
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
    Channel.GIFT: "gift",
    Channel.NOTE: "notebook-pen",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is empty keeps everything.

    `person` begins a word of the name of somebody at the customer's, and `product` is
    a part of a product's name, so that a filter means something on every account.
    `who` is "me", "others", or the id of a person of ours. `days` counts back from
    today, and `since` and `until` are dates.
    """

    kinds: Sequence[str] = ()
    channels: Sequence[str] = ()
    product: str = ""
    person: str = ""
    who: str = ""
    days: int | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    text: str = ""

    @property
    def is_everything(self) -> bool:
        return self == Wanted()


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of the timeline, whatever it is."""

    key: str
    pk: int
    at: dt.datetime
    is_day: bool
    channel: str
    direction: str
    said_title: str
    text: str
    person: str
    who: str
    who_id: int | None
    outcome: str
    minutes: int | None
    count: int | None
    amount: Decimal | None
    link_id: int | None
    stored_at: dt.datetime | None

    @property
    def source(self) -> timelines.Source:
        found = timelines.source_named(self.key)
        assert found is not None  # noqa: S101  rows come from registered sources
        return found

    @property
    def kind(self) -> str:
        return self.source.kind

    @property
    def title(self) -> str:
        """Say what it is in two or three words."""
        if self.key != CONTACT:
            return self.said_title or self.source.word
        label = str(Channel(self.channel).label)
        return f"{label}, incoming" if self.direction == Direction.IN else label

    @property
    def icon(self) -> str:
        return ICONS.get(self.channel, self.source.icon)  # type: ignore[call-overload,no-any-return]

    @property
    def url(self) -> str:
        """Return the address of the page about it, or nothing."""
        if not self.source.url_name or self.link_id is None:
            return ""
        return reverse(self.source.url_name, args=[self.link_id])

    @property
    def is_contact(self) -> bool:
        return self.key == CONTACT

    @property
    def has_time(self) -> bool:
        """Orders and events know their day only."""
        return not self.is_day

    @property
    def day(self) -> dt.date:
        return timezone.localtime(self.at).date()

    @property
    def outcome_label(self) -> str:
        is_said = self.key == CONTACT and self.outcome
        return str(Outcome(self.outcome).label) if is_said else ""

    @property
    def is_bad(self) -> bool:
        return self.key == CONTACT and self.outcome == Outcome.BAD

    @property
    def is_void(self) -> bool:
        return self.key == "order" and self.outcome == OrderStatus.CANCELLED

    @property
    def cursor(self) -> str:
        raw = json.dumps([self.at.isoformat(), self.key, self.pk]).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def can_be_undone_by(self, user: User) -> bool:
        """Tell whether `user` may still take this contact back."""
        if self.key != CONTACT or self.stored_at is None:
            return False
        is_fresh = timezone.now() - self.stored_at < policy.UNDO_WITHIN
        return is_fresh and self.is_theirs(user)

    def is_theirs(self, user: User) -> bool:
        """Tell whether `user` logged it, or may speak for whoever did."""
        is_own = self.who_id == user.pk or Role.MANAGER in user.roles
        return is_own or user.is_superuser


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One happening, what the reader may do with it, and whether a month begins."""

    item: Happening
    can_undo: bool
    begins_month: bool
    ago: str
    can_correct: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of happenings; `older` is the next page's cursor or empty."""

    rows: list[TimelineRow]
    older: str
    is_first: bool

    @property
    def key(self) -> str:
        """Name this part among others on the page."""
        if not self.rows:
            return "empty"
        first = self.rows[0].item
        return f"{first.key}-{first.pk}"


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where an account's timeline begins: its first entry and its first contact."""

    on: dt.date
    contact_on: dt.date | None
    contact_channel: str
    contact_person: str


def timeline(
    account: Account,
    *,
    user: User,
    wanted: Wanted | None = None,
    before: str = "",
    size: int = 0,
) -> Timeline:
    """Return what happened, newest first, in two queries beside that for its mergers.

    `before` is a cursor that an earlier page gave out, or a year to begin at the end
    of. An unreadable one is ignored, so that an old link still opens.
    """
    position = read_cursor(before)
    size = size or PAGE_SIZE
    arms = _arms(account, user, wanted or Wanted())
    places = cut(arms, size=size + 1, position=position)
    found = [Happening(*row) for row in told(arms, places)]
    shown = found[:size]
    return Timeline(
        rows=_rows(shown, user, position),
        older=shown[-1].cursor if len(found) > size else "",
        is_first=position is None,
    )


def beginning(account: Account, *, user: User) -> Beginning | None:
    """Return where the timeline begins; None where nothing has happened."""
    arms = _arms(account, user, Wanted())
    rows = [Happening(*row) for row in told(arms, first_ones(arms))]
    if not rows:
        return None
    contact = next((row for row in rows if row.is_contact), None)
    return Beginning(
        on=rows[0].day,
        contact_on=contact.day if contact else None,
        contact_channel=contact.title if contact else "",
        contact_person=contact.person if contact else "",
    )


def read_cursor(cursor: str) -> Position | None:
    """Return the place that a cursor or a year names; None if it names none."""
    if cursor.isdecimal() and len(cursor) == len("2026"):
        return _end_of_year(int(cursor))
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, key, pk = json.loads(raw)
        moment = dt.datetime.fromisoformat(at)
        known = timelines.source_named(key) is not None and moment.tzinfo is not None
        return Position(moment, key, int(pk)) if known else None
    except (ValueError, TypeError, OverflowError):
        return None


def _end_of_year(year: int) -> Position | None:
    if not dt.MINYEAR < year < dt.MAXYEAR:
        return None
    first = timezone.make_aware(dt.datetime(year + 1, 1, 1))  # noqa: DTZ001
    return Position(first, "", 0)


def _arms(account: Account, user: User, wanted: Wanted) -> dict[str, Entries]:
    """Return the entries of each source that has something to say under the filter."""
    account_ids = member_ids(account)
    arms = {}
    for source in timelines.sources_for(user):
        if wanted.kinds and source.kind not in wanted.kinds:
            continue
        entries = _filtered(import_string(source.query)(account_ids), wanted, user)
        if entries is not None:
            arms[source.key] = entries
    return arms


def _filtered(entries: Entries, wanted: Wanted, user: User) -> Entries | None:
    """Keep what is asked for; None where the source cannot have it."""
    asked = (
        (bool(wanted.channels), entries.channel),
        (bool(wanted.product), entries.product),
        (bool(wanted.person), entries.person),
        (bool(wanted.who), entries.who),
        (bool(wanted.text), entries.searched),
    )
    if any(is_asked and not column for is_asked, column in asked):
        return None
    since = wanted.since
    if wanted.days:
        since = business_today() - dt.timedelta(days=wanted.days)
    known = _channel(entries, wanted) & _product(entries, wanted)
    known &= _person(entries, wanted) & _who(entries, wanted, user)
    known &= _text(entries, wanted)
    return between(kept(entries, known), since, wanted.until)


def _channel(entries: Entries, wanted: Wanted) -> Q:
    if not wanted.channels:
        return Q()
    return Q(**{f"{entries.channel}__in": list(wanted.channels)})


def _product(entries: Entries, wanted: Wanted) -> Q:
    if not wanted.product:
        return Q()
    # As a set of rows, so that an order with two such lines stays one entry.
    with_it = entries.rows.order_by().filter(
        **{f"{entries.product}__icontains": wanted.product}
    )
    return Q(pk__in=with_it.values("pk"))


def _person(entries: Entries, wanted: Wanted) -> Q:
    if not wanted.person:
        return Q()
    name = entries.person
    begins = Q(**{f"{name}__istartswith": wanted.person})
    return begins | Q(**{f"{name}__icontains": f" {wanted.person}"})


def _who(entries: Entries, wanted: Wanted, user: User) -> Q:
    column = entries.who
    if wanted.who == "me":
        return Q(**{column: user.pk})
    if wanted.who == "others":
        return Q(**{f"{column}__isnull": False}) & ~Q(**{column: user.pk})
    return Q(**{column: int(wanted.who)}) if wanted.who.isdecimal() else Q()


def _text(entries: Entries, wanted: Wanted) -> Q:
    found = Q()
    for word in wanted.text.split():
        anywhere = Q()
        for column in entries.searched:
            anywhere |= Q(**{f"{column}__icontains": word})
        found &= anywhere
    return found


def _rows(
    shown: Sequence[Happening], user: User, position: Position | None
) -> list[TimelineRow]:
    rows, last = [], None
    if position is not None and position.key:
        last = timezone.localtime(position.at).date().replace(day=1)
    for item in shown:
        month = item.day.replace(day=1)
        rows.append(
            TimelineRow(
                item=item,
                can_undo=item.can_be_undone_by(user),
                begins_month=month != last,
                ago=_ago(item),
                can_correct=item.is_contact and item.is_theirs(user),
            )
        )
        last = month
    return rows


def _ago(item: Happening) -> str:
    """Count by the days that stand beside it: of who reads where a time is known."""
    if not item.has_time:
        return ago(item.day, business_today())
    zone = own_zone()
    return ago(timezone.localdate(item.at, zone), timezone.localdate(timezone=zone))


def ago(day: dt.date, today: dt.date) -> str:
    """Say how long ago a day is, in the unit that a person would take."""
    days = (today - day).days
    if days < 0:
        return "tomorrow" if days == -1 else f"in {-days} days"
    if days <= 1:
        return "yesterday" if days else "today"
    if days < DAYS_SAID:
        return f"{days} days ago"
    if days < DAYS_A_YEAR:
        months = days // DAYS_A_MONTH
        return f"{months} month{'s' if months > 1 else ''} ago"
    return f"{days / DAYS_A_YEAR:.1f} years ago"


def pinned(account: Account) -> list[PinnedContact]:
    """Return what is pinned to the timeline, the newest pin first. One query."""
    rows = PinnedContact.objects.filter(account=account, touchpoint__voided_at=None)
    return list(
        rows.select_related("touchpoint__contact", "touchpoint__user", "pinned_by")
    )
