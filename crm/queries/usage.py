"""How one account uses what it has: a trend per product and metric."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from common.clock import business_today
from crm import policy
from crm.choices import HoldingStatus
from crm.models import Account, Usage

MONTHS_SHOWN = 24
MONTHS_COMPARED = 6
FEWEST_MONTHS = 3
WIDTH, HEIGHT = 100, 30


@dataclass(frozen=True, slots=True)
class Trend:
    """One metric of one holding, oldest month first, and its line for a drawing."""

    product: str
    metric: str
    months: list[Usage]
    newest: Usage
    usual: Decimal | None
    is_low: bool
    value_note: str
    polyline: str


def usage_trends(account: Account) -> list[Trend]:
    """Return the trends of what `account` has on hand, low use first, one query."""
    first = business_today().replace(day=1) - dt.timedelta(days=31 * MONTHS_SHOWN)
    rows = (
        Usage.objects.filter(
            holding__account=account,
            holding__status=HoldingStatus.ACTIVE,
            month__gte=first,
        )
        .select_related("holding__product")
        .order_by("holding__product__name", "holding_id", "metric", "month")
    )
    groups: dict[tuple[int, str], list[Usage]] = defaultdict(list)
    for row in rows:
        groups[row.holding_id, row.metric].append(row)
    trends = [_trend(months[-MONTHS_SHOWN:]) for months in groups.values()]
    return sorted(trends, key=lambda t: not t.is_low)


def _trend(months: list[Usage]) -> Trend:
    newest = months[-1]
    before = [row.value for row in months[:-1]][-MONTHS_COMPARED:]
    usual = sum(before, Decimal(0)) / len(before) if before else None
    is_judged = usual is not None and len(before) >= FEWEST_MONTHS
    notes = [row.value_note for row in months if row.value_note]
    return Trend(
        product=newest.holding.product.name,
        metric=newest.metric,
        months=months,
        newest=newest,
        usual=usual,
        is_low=bool(
            is_judged
            and usual
            and newest.value < usual * Decimal(str(policy.LOW_USE_SHARE))
        ),
        value_note=notes[-1] if notes else "",
        polyline=_polyline([float(row.value) for row in months]),
    )


def _polyline(values: list[float]) -> str:
    """Return SVG points in a box of WIDTH × HEIGHT, zero at the bottom."""
    top = max([*values, 0.0]) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    points = [
        f"{i * step:.1f},{HEIGHT - max(value, 0.0) / top * HEIGHT:.1f}"
        for i, value in enumerate(values)
    ]
    return " ".join(points)
