"""How much of what a customer spends comes to us, and who gets the rest."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from common.clock import business_today
from common.money import ZERO
from crm.choices import OrderStatus
from crm.models import (
    Account,
    Competitor,
    CompetitorPresence,
    OrderLine,
    OrderReturn,
    User,
    WalletEstimate,
)

DAYS = 365


@dataclass(frozen=True, slots=True)
class WalletLine:
    """One category: what comes to us, what they spend in all if it is known."""

    category: str
    ours: Decimal
    estimate: WalletEstimate | None

    @property
    def amount(self) -> Decimal | None:
        return self.estimate.amount if self.estimate else None

    @property
    def share(self) -> float | None:
        """Return our part of the spend; unknown while the spend is."""
        if self.amount is None:
            return None
        return max(float(self.ours / self.amount), 0.0)

    @property
    def is_above_all(self) -> bool:
        """Tell that we sell more than they are thought to spend."""
        return self.amount is not None and self.ours > self.amount


@dataclass(frozen=True, slots=True)
class Wallet:
    """The wallet of one account; sums are over categories with an estimate only."""

    lines: list[WalletLine]
    competitors: list[CompetitorPresence]
    gone: list[CompetitorPresence]

    @property
    def known(self) -> list[WalletLine]:
        return [line for line in self.lines if line.amount is not None]

    @property
    def amount(self) -> Decimal | None:
        known = self.known
        return sum((line.amount or ZERO for line in known), ZERO) if known else None

    @property
    def ours(self) -> Decimal:
        return sum((line.ours for line in self.known), ZERO)

    @property
    def share(self) -> float | None:
        return None if not self.amount else max(float(self.ours / self.amount), 0.0)


def wallet(account: Account) -> Wallet:
    """Return the wallet by category, and competitors at `account`; four queries.

    Ours is the revenue of the last 365 days less what was refunded for it.
    """
    since = business_today() - dt.timedelta(days=DAYS)
    ours = _ours(account, since)
    estimates = {
        row.category: row
        for row in WalletEstimate.objects.filter(account=account)
        .select_related("created_by")
        .order_by("estimated_on", "pk")
    }
    presences = CompetitorPresence.objects.filter(account=account).select_related(
        "competitor", "product"
    )
    rows = list(presences.order_by("competitor__name", "pk"))
    names = sorted({*ours, *estimates}, key=lambda name: (-ours.get(name, ZERO), name))
    return Wallet(
        lines=[
            WalletLine(name, ours.get(name, ZERO), estimates.get(name))
            for name in names
        ],
        competitors=[row for row in rows if row.until is None],
        gone=[row for row in rows if row.until is not None],
    )


def _ours(account: Account, since: dt.date) -> dict[str, Decimal]:
    """Return our revenue by category of product; what names no product has none."""
    lines = OrderLine.objects.filter(
        account=account,
        status=OrderStatus.CONFIRMED,
        ordered_on__gt=since,
        product__isnull=False,
    ).exclude(product__category="")
    sold = lines.values_list("product__category").annotate(total=Sum("revenue"))
    result: dict[str, Decimal] = dict(sold.order_by("product__category"))
    back = (
        OrderReturn.objects.filter(account=account, line__in=lines)
        .values_list("line__product__category")
        .annotate(total=Sum("refund"))
        .order_by("line__product__category")
    )
    for category, refunded in back:
        result[category] -= refunded
    return result


@dataclass(frozen=True, slots=True)
class CompetitorRow:
    """One competitor, and at how many accounts it is known to be."""

    competitor: Competitor
    accounts: int


def competitors(user: User) -> list[CompetitorRow]:
    """Return the catalogue, those at most accounts that `user` may see first."""
    seen = CompetitorPresence.objects.visible_to(user).present()
    counts = dict(
        seen.values_list("competitor")
        .annotate(n=Count("account", distinct=True))
        .order_by("competitor")
    )
    rows = [
        CompetitorRow(one, counts.get(one.pk, 0)) for one in Competitor.objects.all()
    ]
    return sorted(
        rows,
        key=lambda row: (
            not row.competitor.is_active,
            -row.accounts,
            row.competitor.name,
        ),
    )
