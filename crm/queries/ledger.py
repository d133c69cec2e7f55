"""The ledger as people look at it: rows by where they come from, and sums that meet."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from common.money import ZERO
from common.paging import Page, Sort, keyset_page
from crm.choices import CostOrigin
from crm.models import Account, LedgerEntry, User
from crm.models.ledger import LedgerEntryQuerySet
from crm.queries.merged import member_ids, of_any

ROWS_PER_PAGE = 50
NEWEST_FIRST = Sort(
    "day", "incurred_on", descending=True, parse=dt.date, tie_turns=True
)
CONTACT_SOURCE = "touchpoint"
TOUCH_SOURCE = "plan"
NOT_IMPORTED = ("typed", CONTACT_SOURCE, TOUCH_SOURCE, "allocation", "reversal")

# Where a row comes from; each row has exactly one origin.
_TAKEN_BACK = Q(reverses__isnull=False)
_PART = Q(allocated_from__isnull=False, reverses=None)
_OWN = Q(allocated_from=None, reverses=None)
ORIGINS: Mapping[str, Q] = {
    CostOrigin.CONTACT: _OWN & Q(source=CONTACT_SOURCE),
    CostOrigin.TOUCH: _OWN & Q(source=TOUCH_SOURCE),
    CostOrigin.MANUAL: _OWN & Q(source="typed"),
    CostOrigin.IMPORT: _OWN & ~Q(source__in=NOT_IMPORTED),
    CostOrigin.ALLOCATION: _PART,
    CostOrigin.REVERSAL: _TAKEN_BACK,
}


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What to show; empty means all."""

    account: Account | None = None
    kind: str = ""
    origin: str = ""
    document: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    is_shared: bool = False
    allocation: int | None = None
    among: QuerySet[Any] | None = None  # ids of accounts

    @property
    def is_of_accounts(self) -> bool:
        return self.account is not None or self.among is not None


@dataclass(frozen=True, slots=True)
class KindSum:
    """One kind of cost: what was posted, and who bears it."""

    kind: str
    label: str
    posted: Decimal
    borne: Decimal
    rows: int

    @property
    def unspread(self) -> Decimal:
        return self.posted - self.borne


@dataclass(frozen=True, slots=True)
class LedgerSums:
    """posted = borne by accounts + not spread yet, to the cent, for every filter."""

    kinds: Sequence[KindSum]

    @property
    def posted(self) -> Decimal:
        return sum((one.posted for one in self.kinds), ZERO)

    @property
    def borne(self) -> Decimal:
        return sum((one.borne for one in self.kinds), ZERO)

    @property
    def unspread(self) -> Decimal:
        return self.posted - self.borne

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.kinds)


def entries(user: User, wanted: LedgerFilter) -> LedgerEntryQuerySet:
    """Return the rows that `user` may see and the filter keeps."""
    rows = LedgerEntry.objects.visible_to(user)
    if wanted.account is not None:
        rows = rows.filter(account__in=member_ids(wanted.account))
    if wanted.among is not None:
        rows = rows.filter(of_any(wanted.among))
    if wanted.origin:
        rows = rows.filter(ORIGINS[wanted.origin])
    if wanted.is_shared:
        rows = rows.filter(account=None)
    given = {
        "kind": wanted.kind,
        "document__istartswith": wanted.document,
        "incurred_on__gte": wanted.since,
        "incurred_on__lte": wanted.until,
        "allocation": wanted.allocation,
    }
    return rows.filter(**{name: value for name, value in given.items() if value})


def entry_page(rows: LedgerEntryQuerySet, cursor: str) -> Page[LedgerEntry]:
    """Return one page, newest first, with all that a row tells."""
    told = rows.select_related(
        "account",
        "touchpoint",
        "created_by",
        "rule",
        "allocation__version",
        "import_job",
        "reverses",
        "reversed_by__created_by",
    )
    return keyset_page(told, sort=NEWEST_FIRST, cursor=cursor, size=ROWS_PER_PAGE)


def sums_of(rows: QuerySet[LedgerEntry]) -> LedgerSums:
    """Return sums by kind; a part of a shared cost was posted with that cost."""
    posted = Q(allocated_from=None)
    found: list[Any] = list(
        rows.order_by()
        .values_list("kind")
        .annotate(
            posted=Sum("amount", filter=posted),
            borne=Sum("amount", filter=Q(account__isnull=False)),
            n=Count("pk"),
        )
        .order_by("kind")
    )
    labels = dict(LedgerEntry._meta.get_field("kind").flatchoices)
    kinds = [
        KindSum(kind, str(labels[kind]), paid or ZERO, borne or ZERO, n)
        for kind, paid, borne, n in found
    ]
    return LedgerSums(sorted(kinds, key=lambda one: -abs(one.posted)))


def origin_of(entry: LedgerEntry) -> CostOrigin:
    """Say where a row comes from."""
    if entry.reverses_id:
        return CostOrigin.REVERSAL
    if entry.allocated_from_id:
        return CostOrigin.ALLOCATION
    named = {
        CONTACT_SOURCE: CostOrigin.CONTACT,
        TOUCH_SOURCE: CostOrigin.TOUCH,
        "typed": CostOrigin.MANUAL,
    }
    return named.get(entry.source, CostOrigin.IMPORT)
