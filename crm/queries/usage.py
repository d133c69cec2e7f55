"""How one account uses what it has: a trend per product and metric."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from common.charts import Chart, Series
from common.clock import business_today, months_later
from common.templatetags.display import number, share
from crm import policy
from crm.models import Account, Holding, StatedValue, Usage, UsageTarget

MONTHS_SHOWN = 24
MONTHS_COMPARED = 6
FEWEST_MONTHS = 3
STATED_SHOWN = 50

# What others use of the same product a month and piece: the middle of their means over
# the last six months, and how many they are.
OTHERS = """
    SELECT product_id, metric,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY mean), count(*)
    FROM (
        SELECT h.product_id, u.metric, h.account_id,
            sum(u.value / h.quantity) / count(DISTINCT u.month) AS mean
        FROM crm_usage u JOIN crm_holding h ON h.id = u.holding_id
        WHERE h.product_id = ANY(%(products)s) AND h.account_id <> %(account)s
            AND h.status = 'active' AND u.month >= %(since)s
        GROUP BY 1, 2, 3
    ) each_one
    GROUP BY 1, 2 HAVING count(*) >= %(fewest)s
"""


@dataclass(frozen=True, slots=True)
class Trend:
    """One metric of one holding, oldest month first, and what is odd about it."""

    holding: Holding
    metric: str
    months: list[Usage]
    usual: Decimal | None
    target: Decimal | None
    others: Decimal | None
    other_accounts: int
    reasons: list[str]
    chart: Chart

    @property
    def newest(self) -> Usage:
        return self.months[-1]

    @property
    def is_low(self) -> bool:
        return bool(self.reasons)

    @property
    def value_note(self) -> str:
        notes = [row.value_note for row in self.months if row.value_note]
        return notes[-1] if notes else ""


@dataclass(frozen=True, slots=True)
class Use:
    """The use tab: trends with low use first, what is on hand, what they said."""

    trends: list[Trend]
    uncounted: list[Holding]
    stated: list[StatedValue]


def use(account: Account) -> Use:
    """Return how `account` uses what it has on hand; a flat number of queries."""
    held = list(
        Holding.objects.on_hand()
        .filter(account=account)
        .select_related("product")
        .order_by("product__name", "pk")
    )
    groups = _months(held)
    targets = {
        (row.holding_id, row.metric): row.value
        for row in UsageTarget.objects.filter(holding__in=held)
    }
    others = _others(account, held)
    by_pk = {row.pk: row for row in held}
    trends = [
        _trend(
            by_pk[pk],
            months[-MONTHS_SHOWN:],
            target=targets.get((pk, metric)),
            others=others.get((by_pk[pk].product_id, metric)),
        )
        for (pk, metric), months in groups.items()
    ]
    counted = {pk for pk, _ in groups}
    stated = StatedValue.objects.filter(account=account)
    return Use(
        trends=sorted(trends, key=lambda one: not one.is_low),
        uncounted=[row for row in held if row.pk not in counted],
        stated=list(
            stated.select_related("product", "contact", "created_by")[:STATED_SHOWN]
        ),
    )


def _months(held: Sequence[Holding]) -> dict[tuple[int, str], list[Usage]]:
    first = months_later(business_today().replace(day=1), -MONTHS_SHOWN)
    rows = Usage.objects.filter(holding__in=held, month__gte=first)
    groups: dict[tuple[int, str], list[Usage]] = defaultdict(list)
    for row in rows.order_by("holding__product__name", "holding_id", "metric", "month"):
        groups[row.holding_id, row.metric].append(row)
    return groups


def _others(
    account: Account, held: Sequence[Holding]
) -> dict[tuple[int, str], tuple[Decimal, int]]:
    params: dict[str, Any] = {
        "account": account.pk,
        "products": [row.product_id for row in held],
        "since": months_later(business_today().replace(day=1), -MONTHS_COMPARED),
        "fewest": policy.FEWEST_TO_COMPARE_USE,
    }
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, params)
        return {
            (pk, metric): (Decimal(repr(middle)), count)
            for pk, metric, middle, count in cursor.fetchall()
        }


def _trend(
    holding: Holding,
    months: list[Usage],
    *,
    target: Decimal | None,
    others: tuple[Decimal, int] | None,
) -> Trend:
    newest = months[-1]
    before = [row.value for row in months[:-1]][-MONTHS_COMPARED:]
    usual = sum(before, Decimal(0)) / len(before) if before else None
    expected = None if others is None else others[0] * holding.quantity
    known = {
        "their own usual": usual if len(before) >= FEWEST_MONTHS else None,
        "what was agreed": target,
        f"what {others[1] if others else 0} others use": expected,
    }
    return Trend(
        holding=holding,
        metric=newest.metric,
        months=months,
        usual=usual,
        target=target,
        others=expected,
        other_accounts=others[1] if others else 0,
        reasons=_low(newest.value, known),
        chart=_chart(holding, months, target),
    )


def _low(value: Decimal, known: Mapping[str, Decimal | None]) -> list[str]:
    """Say below what `value` lies by more than the policy bears."""
    limit = Decimal(str(policy.LOW_USE_SHARE))
    return [
        f"{share(value / other)} of {name}, {number(float(other), 0)}"
        for name, other in known.items()
        if other and value < other * limit
    ]


def _chart(holding: Holding, months: list[Usage], target: Decimal | None) -> Chart:
    """Draw every month from the first to the newest; a gap is a gap."""
    values = {row.month: float(row.value) for row in months}
    labels, month = [], months[0].month
    while month <= months[-1].month:
        labels.append(month)
        month = months_later(month, 1)
    newest, metric = months[-1], months[-1].metric
    series = [Series(metric, [values.get(one) for one in labels], "line")]
    if target is not None:
        goal = [float(target)] * len(labels)
        series.append(Series("Agreed", goal, "dashed", "chart-2"))
    return Chart(
        key=f"use-{holding.pk}-{newest.pk}",
        title=f"{holding.product}: {metric}",
        summary=f"{number(float(newest.value), 0)} {metric} in {newest.month:%b %Y}",
        labels=[f"{one:%b %Y}" for one in labels],
        series=series,
        x_title="Month",
        write=lambda value: number(value, 0),
    )


def last_month(today: dt.date) -> dt.date:
    """Return the first day of the newest month that is over."""
    return months_later(today.replace(day=1), -1)
