"""Who gets what of shared costs: exact shares, worked out by one statement.

Costs of one month form a pool. A pool of 100.00 over weights w gives each account
100.00 × w / sum(w), rounded down to the cent; the odd cents go to the largest
remainders, among equal ones to the lower account number. Where a pool has costs and
credits, the smaller side is spread in full and the rest on top, so that nobody gets a
credit out of a pool that costs.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from common.clock import months_later
from common.money import ZERO
from crm.choices import AllocationSpan, CostKind
from crm.models import Account, Allocation, AllocationRule, LedgerEntry
from crm.models.ledger import AllocationTerms
from crm.queries.drivers import Params, Statement, in_scope, weights
from crm.queries.merged import WITH_SURVIVORS

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Pool:
    """Shared costs that are spread together, and when the driver is counted."""

    costs: Sequence[LedgerEntry]
    start: dt.date
    end: dt.date

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.costs), ZERO)

    @property
    def sides(self) -> tuple[Decimal, Decimal]:
        """Return what it costs and what it credits, both not below zero."""
        plus = sum((one.amount for one in self.costs if one.amount > 0), ZERO)
        return plus, plus - self.total

    @property
    def month(self) -> dt.date:
        return self.end.replace(day=1)


def month_end(day: dt.date) -> dt.date:
    return months_later(day.replace(day=1), 1) - dt.timedelta(days=1)


def pools_of(terms: AllocationTerms, costs: Iterable[LedgerEntry]) -> list[Pool]:
    """Group costs by calendar month; each month is spread by what was done in it."""
    ordered = sorted(costs, key=lambda one: (one.incurred_on, one.pk))
    pools = []
    for first, group in groupby(
        ordered, key=lambda one: one.incurred_on.replace(day=1)
    ):
        end = month_end(first)
        start = first
        if terms.span == AllocationSpan.YEAR:
            start = months_later(first, -11)
        pools.append(Pool(sorted(group, key=lambda one: one.pk), start, end))
    return pools


def unspread(
    rule: AllocationRule, start: dt.date, end: dt.date, chosen: Sequence[int] = ()
) -> list[LedgerEntry]:
    """Return the shared costs of the rule's kind within the days that nobody bears.

    With `chosen` only those of them.
    """
    rows = LedgerEntry.objects.shared().filter(
        kind=rule.kind, incurred_on__range=(start, end)
    )
    if chosen:
        rows = rows.filter(pk__in=chosen)
    return list(rows.order_by("incurred_on", "pk"))


def shares(terms: AllocationTerms, pool: Pool, *, name: str = "") -> Statement:
    """Return a SELECT of each account's cents on both sides of a pool.

    Columns: account_id, plus, minus (both whole cents, not below zero) and weight. It
    stands behind `merged.WITH_SURVIVORS`. The account's share is plus - minus.
    """
    weight = weights(terms, pool.start, pool.end, name=name)
    plus, minus = (int(side * 100) for side in pool.sides)
    rest, common = abs(plus - minus), min(plus, minus)
    on_plus, on_minus = ("rest", "0") if plus >= minus else ("0", "rest")
    odd = (
        "(row_number() OVER (ORDER BY mod(%({n}{x})s * weight, whole) DESC, account_id)"
        " <= sum(mod(%({n}{x})s * weight, whole)) OVER () / whole)::int"
    )
    odd_rest, odd_common = (odd.format(n=name, x=x) for x in ("rest", "common"))
    sql = f"""
        SELECT account_id, weight, common + {on_plus} AS plus,
            common + {on_minus} AS minus
        FROM (
            SELECT account_id, weight,
                div(%({name}rest)s * weight, whole) + {odd_rest} AS rest,
                div(%({name}common)s * weight, whole) + {odd_common} AS common
            FROM (
                SELECT account_id, weight, sum(weight) OVER () AS whole
                FROM ({weight.sql}) weighed
            ) known
        ) rounded"""
    amounts = {f"{name}rest": Decimal(rest), f"{name}common": Decimal(common)}
    return Statement(sql, weight.params | amounts)


@dataclass(frozen=True, slots=True)
class Share:
    """What one account would bear."""

    account: Account
    weight: Decimal
    amount: Decimal

    @property
    def revenue(self) -> Decimal:
        """Return a weight that is money, which is counted in cents."""
        return self.weight / 100


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying a rule would do; the shares sum to `total` to the cent."""

    pools: Sequence[Pool]
    total: Decimal
    charged: Decimal
    account_count: int
    without_count: int
    largest: Sequence[Share]
    empty_months: Sequence[dt.date]

    @property
    def cost_count(self) -> int:
        return sum(len(pool.costs) for pool in self.pools)

    @property
    def costs(self) -> list[LedgerEntry]:
        return [one for pool in self.pools for one in pool.costs]

    @property
    def others_amount(self) -> Decimal:
        """Return what accounts bear that are not named."""
        return self.charged - sum((one.amount for one in self.largest), ZERO)

    @property
    def others_count(self) -> int:
        return self.account_count - len(self.largest)

    @property
    def may_apply(self) -> bool:
        return bool(self.pools) and not self.empty_months


def all_shares(terms: AllocationTerms, pools: Sequence[Pool]) -> Statement:
    """Return a SELECT of account_id, weight and cents, summed over all pools."""
    parts = [shares(terms, pool, name=f"p{n}_") for n, pool in enumerate(pools)]
    union = " UNION ALL ".join(f"({one.sql})" for one in parts)
    params: Params = {}
    for one in parts:
        params |= one.params
    sql = f"""
        SELECT account_id, sum(weight) AS weight, sum(plus - minus) AS cents
        FROM ({union}) pooled GROUP BY account_id"""
    return Statement(sql, params)


def preview(terms: AllocationTerms, costs: Sequence[LedgerEntry]) -> Preview:
    """Return who would bear what of the costs; nothing is stored."""
    pools = pools_of(terms, costs)
    if not pools:
        return Preview((), ZERO, ZERO, 0, 0, (), ())
    everyone = all_shares(terms, pools)
    sums = _rows(
        f"{WITH_SURVIVORS} SELECT count(*), coalesce(sum(cents), 0)"
        f" FROM ({everyone.sql}) shared",
        everyone.params,
    )[0]
    return Preview(
        pools=pools,
        total=sum((pool.total for pool in pools), ZERO),
        charged=_money(sums[1]),
        account_count=int(sums[0]),
        without_count=_without(terms, pools),
        largest=_largest(everyone),
        empty_months=[pool.month for pool in pools if not _anybody(terms, pool)],
    )


def _largest(everyone: Statement) -> list[Share]:
    rows = _rows(
        f"{WITH_SURVIVORS} SELECT account_id, weight, cents"
        f" FROM ({everyone.sql}) shared"
        " ORDER BY abs(cents) DESC, account_id LIMIT %(most)s",
        everyone.params | {"most": MOST_NAMED},
    )
    accounts = Account.objects.in_bulk([pk for pk, _, _ in rows])
    return [Share(accounts[pk], weight, _money(cents)) for pk, weight, cents in rows]


def _without(terms: AllocationTerms, pools: Sequence[Pool]) -> int:
    """Count customers in scope that nothing could be charged to."""
    start, end = pools[0].start, pools[-1].end
    scope = in_scope(terms, start, end, name="s_")
    weight = weights(terms, start, end, name="w_")
    return int(
        _rows(
            f"{WITH_SURVIVORS} SELECT count(*) FROM ({scope.sql}) scope"
            f" WHERE account_id NOT IN (SELECT account_id FROM ({weight.sql}) weighed)",
            scope.params | weight.params,
        )[0][0]
    )


def _anybody(terms: AllocationTerms, pool: Pool) -> bool:
    weight = weights(terms, pool.start, pool.end)
    found = _rows(f"{WITH_SURVIVORS} SELECT EXISTS ({weight.sql})", weight.params)
    return bool(found[0][0])


def _money(cents: Any) -> Decimal:
    return (Decimal(cents) / 100).quantize(Decimal("0.01"))


def _rows(sql: str, params: Params) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class OpenCosts:
    """Shared costs of one kind and month that nobody bears yet."""

    kind: str
    label: str
    month: dt.date
    count: int
    amount: Decimal
    rules: Sequence[AllocationRule]


def open_costs() -> list[OpenCosts]:
    """Return what stands open, newest month first, with the rules that fit."""
    rules: dict[str, list[AllocationRule]] = {}
    for rule in AllocationRule.objects.filter(is_active=True).order_by("name"):
        rules.setdefault(rule.kind, []).append(rule)
    labels = {kind.value: str(kind.label) for kind in CostKind}
    rows = (
        LedgerEntry.objects.shared()
        .annotate(month=TruncMonth("incurred_on"))
        .order_by()
        .values_list("kind", "month")
        .annotate(n=Count("pk"), amount=Sum("amount"))
        .order_by("-month", "kind")
    )
    return [
        OpenCosts(kind, labels[kind], month, n, amount, rules.get(kind, ()))
        for kind, month, n, amount in rows
    ]


def first_open_month(rule: AllocationRule) -> dt.date | None:
    """Return the newest month in which costs of the rule's kind stand open."""
    rows = LedgerEntry.objects.shared().filter(kind=rule.kind).order_by("-incurred_on")
    newest = rows.values_list("incurred_on", flat=True).first()
    return newest.replace(day=1) if newest else None


def largest_of(allocation: Allocation) -> list[Share]:
    """Return who bears most of an allocation as it was applied."""
    rows = (
        LedgerEntry.objects.filter(allocation=allocation, reverses=None)
        .order_by()
        .values_list("account")
        .annotate(amount=Sum("amount"))
        .order_by("-amount", "account")[:MOST_NAMED]
    )
    found = list(rows)
    accounts = Account.objects.in_bulk([pk for pk, _ in found])
    return [Share(accounts[pk], ZERO, amount) for pk, amount in found]


def costs_of(allocation: Allocation) -> list[LedgerEntry]:
    """Return the shared costs that an allocation spread."""
    parts = LedgerEntry.objects.filter(allocation=allocation, reverses=None)
    rows = LedgerEntry.objects.filter(pk__in=parts.values("allocated_from"))
    return list(rows.order_by("incurred_on", "pk"))
