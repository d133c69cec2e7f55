"""Deals decided by competitor: how often we won, and what was won is worth."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from campaigns import policy
from clv.models import Valuation, ValuationRun
from clv.queries.deals import Weighing
from common.clock import months_later
from common.money import ZERO, to_cents
from crm.choices import DealStatus
from crm.models import Deal, User
from crm.models.deals import DealQuerySet

NOBODY = "-"  # the key of deals that name no competitor
MOST_DEALS = 200
MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Period:
    """Days of decision, both included."""

    since: dt.date
    until: dt.date


def last_year(today: dt.date) -> Period:
    """Return the twelve months up to `today`."""
    since = months_later(today, -MONTHS_SHOWN) + dt.timedelta(days=1)
    return Period(since, today)


@dataclass(slots=True)
class RivalRow:
    """One competitor in one period; `key` opens its deals.

    `clv_won` is what the customers of deals won are worth today, each counted once,
    and None before the first night. Deals without lines bring no margin.
    """

    key: str
    name: str
    is_catalogued: bool
    won: int = 0
    lost: int = 0
    margin_won: Decimal = ZERO
    margin_lost: Decimal = ZERO
    clv_won: Decimal | None = None
    clv_lost: Decimal | None = None
    accounts_won: set[int] = field(default_factory=set)
    accounts_lost: set[int] = field(default_factory=set)

    @property
    def decided(self) -> int:
        return self.won + self.lost

    @property
    def share_won(self) -> Decimal | None:
        """Return how many of the deals were won, None where too few say anything."""
        if self.decided < policy.FEWEST_DEALS_FOR_A_SHARE:
            return None
        return Decimal(self.won) / self.decided


@dataclass(frozen=True, slots=True)
class RivalReport:
    """Competitors by the CLV won from them, those without a name last."""

    period: Period
    rows: Sequence[RivalRow]
    as_of: dt.date | None

    @property
    def named(self) -> Sequence[RivalRow]:
        return [row for row in self.rows if row.key != NOBODY]

    @property
    def won(self) -> int:
        return sum(row.won for row in self.named)

    @property
    def lost(self) -> int:
        return sum(row.lost for row in self.named)


def rival_report(*, user: User, period: Period) -> RivalReport:
    """Return the deals of `period` that `user` may see, by competitor."""
    run = ValuationRun.objects.select_related("assumptions").current()
    weighing = Weighing(run)
    rows: dict[str, RivalRow] = {}
    deals = _decided(user, period).with_sums()
    deals = deals.annotate(margin=weighing.margin_of_lines()).order_by()
    columns = ("rival_id", "competitor", "status", "account_id", "margin")
    for rival, words, status, account, margin in deals.values_list(*columns):
        key = _key(rival, words)
        name = words or "No competitor named"
        row = rows.setdefault(key, RivalRow(key, name, rival is not None))
        _add(row, status, account, to_cents(margin))
    _value(rows.values(), run)
    ordered = sorted(
        rows.values(),
        key=lambda row: (row.key == NOBODY, -(row.clv_won or ZERO), -row.won, row.name),
    )
    return RivalReport(period, ordered, run.as_of if run else None)


def deals_against(*, user: User, period: Period, key: str) -> Sequence[Deal]:
    """Return the newest deals behind one row of the report."""
    deals = _decided(user, period).select_related("account", "loss_reason", "owner")
    if key == NOBODY:
        deals = deals.filter(competitor="")
    elif key.startswith("c") and key[1:].isdecimal():
        deals = deals.filter(rival_id=int(key[1:]))
    else:
        deals = deals.filter(rival=None, competitor__iexact=key.removeprefix("w"))
        deals = deals.exclude(competitor="")
    return list(deals.order_by("-closed_on", "-pk")[:MOST_DEALS])


def _decided(user: User, period: Period) -> DealQuerySet:
    deals = Deal.objects.visible_to(user).closed()
    return deals.filter(closed_on__range=(period.since, period.until))


def _key(rival: int | None, words: str) -> str:
    if rival is not None:
        return f"c{rival}"
    return f"w{words.lower()}" if words else NOBODY


def _add(row: RivalRow, status: str, account: int, margin: Decimal) -> None:
    if status == DealStatus.WON:
        row.won += 1
        row.margin_won += margin
        row.accounts_won.add(account)
    else:
        row.lost += 1
        row.margin_lost += margin
        row.accounts_lost.add(account)


def _value(rows: Iterable[RivalRow], run: ValuationRun | None) -> None:
    """Put the worth of the customers beside each row, of those that have one."""
    if run is None:
        return
    accounts = {one for row in rows for one in row.accounts_won | row.accounts_lost}
    known = Valuation.objects.of_run(run).filter(account_id__in=accounts)
    worth = dict(known.filter(order_days__gt=0).values_list("account_id", "clv"))
    for row in rows:
        row.clv_won = sum((worth.get(one, ZERO) for one in row.accounts_won), ZERO)
        row.clv_lost = sum((worth.get(one, ZERO) for one in row.accounts_lost), ZERO)
