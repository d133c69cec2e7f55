"""Customers that cost more than they bring: who, why, and at what expense."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from clv.models import Valuation
from clv.policy import DAYS_OF_YEAR_SUMS
from common.clock import day_ends_at
from common.kept import kept
from common.money import ZERO
from common.paging import Page, Sort, keyset_page
from crm.choices import CostKind
from crm.models import Account, LedgerEntry, Touchpoint
from segments.choices import WorthClass
from segments.queries.scope import Scope

ROWS_PER_PAGE = 50
DEEPEST_FIRST = Sort(
    "result", "result", descending=False, parse=Decimal, tie_breaker="account_id"
)
GOODS = "Goods sold below cost"
# Costs and contacts of a merged account count for the one that it went into.
SURVIVOR = Coalesce("account__merged_into_id", "account_id")


@dataclass(frozen=True, slots=True)
class NetLoss:
    """One customer who cost more within a year than their orders earned."""

    value: Valuation
    worth_class: WorthClass | None
    cause: str
    cause_amount: Decimal
    minutes: int
    result: Decimal

    @property
    def cost_per_revenue(self) -> Decimal | None:
        revenue = self.value.revenue_year
        return self.value.cost_year / revenue if revenue > 0 else None


@dataclass(frozen=True, slots=True)
class LossTotals:
    """All losing customers of a page together, beside those who earn."""

    accounts: int
    result: Decimal
    revenue: Decimal
    customers: int


@dataclass(frozen=True, slots=True)
class BelowTheLine:
    """What the period's costs were for accounts that are never profitable.

    Of `accounts` each bore something in the end; what was taken back again is nobody's.
    """

    accounts: int
    spent: Decimal
    all_spent: Decimal
    kinds: Sequence[tuple[str, str, Decimal]]

    @property
    def part(self) -> Decimal | None:
        return self.spent / self.all_spent if self.all_spent > 0 else None


def losing(scope: Scope) -> QuerySet[Valuation]:
    """Return what the night says of losing customers, with `result`, below zero."""
    rows = scope.values().annotate(result=F("margin_year") - F("cost_year"))
    return rows.filter(margin_year__lt=F("cost_year"))


def loss_totals(scope: Scope) -> LossTotals:
    return kept(("loss totals", *scope.key), lambda: _loss_totals(scope))


def _loss_totals(scope: Scope) -> LossTotals:
    sums = losing(scope).aggregate(
        n=Count("account_id"), loss=Sum("result"), revenue=Sum("revenue_year")
    )
    return LossTotals(
        sums["n"],
        sums["loss"] or ZERO,
        sums["revenue"] or ZERO,
        scope.values().filter(order_days__gt=0).count(),
    )


def net_losses(scope: Scope, cursor: str) -> Page[Any]:
    """Return one page of losing customers, the dearest first, each with its cause."""
    page = kept(
        ("net losses", *scope.key, cursor),
        lambda: keyset_page(
            losing(scope), sort=DEEPEST_FIRST, cursor=cursor, size=ROWS_PER_PAGE
        ),
    )
    keys = [one.account_id for one in page.rows]
    accounts = Account.objects.select_related("owner").in_bulk(keys)
    for one in page.rows:
        one.account = accounts[one.account_id]
    as_of = scope.run.as_of if scope.run else scope.day
    costs, minutes = _costs(keys, as_of), _minutes(keys, as_of)
    held = scope.memberships().filter(account__in=keys)
    classes = dict(held.values_list("account", "worth_class"))
    told = [
        _told(one, classes.get(one.account_id), costs, minutes) for one in page.rows
    ]
    return Page(told, page.next, page.previous)


def _told(
    value: Any,
    worth_class: str | None,
    costs: Mapping[int, Mapping[str, Decimal]],
    minutes: Mapping[int, int],
) -> NetLoss:
    causes = dict(costs.get(value.account_id, {}))
    if value.margin_year < 0:
        causes[GOODS] = -value.margin_year
    cause = max(causes, key=lambda name: (causes[name], name), default="")
    return NetLoss(
        value=value,
        worth_class=WorthClass(worth_class) if worth_class else None,
        cause=cause,
        cause_amount=causes.get(cause, ZERO),
        minutes=minutes.get(value.account_id, 0),
        result=value.result,
    )


def _members(keys: Sequence[int]) -> list[int]:
    """Return the accounts and those that were merged into them, which have no others.

    By number, so that their rows are looked up instead of all rows joined.
    """
    merged = Account.objects.filter(merged_into__in=keys).order_by()
    return [*keys, *merged.values_list("pk", flat=True)]


def _costs(keys: Sequence[int], as_of: dt.date) -> dict[int, dict[str, Decimal]]:
    since = as_of - dt.timedelta(days=DAYS_OF_YEAR_SUMS)
    rows = (
        LedgerEntry.objects.annotate(bearer=SURVIVOR)
        .filter(account__in=_members(keys))
        .filter(incurred_on__gt=since, incurred_on__lte=as_of)
        .order_by()
        .values_list("bearer", "kind")
        .annotate(amount=Sum("amount"))
    )
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for key, kind, amount in rows:
        found[key][str(CostKind(kind).label)] = amount
    return found


def _minutes(keys: Sequence[int], as_of: dt.date) -> dict[int, int]:
    since = as_of - dt.timedelta(days=DAYS_OF_YEAR_SUMS)
    rows = (
        Touchpoint.objects.standing()
        .annotate(bearer=SURVIVOR)
        .filter(account__in=_members(keys))
        .filter(occurred_at__gte=day_ends_at(since), occurred_at__lt=day_ends_at(as_of))
        .order_by()
        .values_list("bearer")
        .annotate(minutes=Sum("minutes"))
    )
    return {key: minutes or 0 for key, minutes in rows}


def bearers(costs: QuerySet[LedgerEntry]) -> QuerySet[Any]:
    """Return the accounts whose costs are not 0 together, one row for each."""
    by_account = costs.order_by().values("account_id").annotate(amount=Sum("amount"))
    return by_account.exclude(amount=0).values("account_id")


def below_the_line(scope: Scope) -> BelowTheLine:
    """Return what was spent in the period on accounts that never pay."""
    return kept(("below the line", *scope.key), lambda: _below_the_line(scope))


def _below_the_line(scope: Scope) -> BelowTheLine:
    costs = LedgerEntry.objects.of_accounts().filter(
        incurred_on__range=(scope.period.since, scope.period.until)
    )
    if not scope.is_whole_firm:
        costs = costs.filter(account__in=scope.accounts())
    low = scope.memberships().filter(worth_class=WorthClass.NEVER_PROFITABLE)
    spent = costs.filter(account__in=low.values("account")).order_by()
    by_kind = dict(spent.values_list("kind").annotate(amount=Sum("amount")))
    return BelowTheLine(
        accounts=bearers(spent).count(),
        spent=sum(by_kind.values(), ZERO),
        all_spent=costs.aggregate(s=Sum("amount"))["s"] or ZERO,
        kinds=[
            (kind.value, str(kind.label), by_kind[kind.value])
            for kind in CostKind
            if by_kind.get(kind.value)
        ],
    )
