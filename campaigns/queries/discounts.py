"""Discounts of deals against what is left to spend on their accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from campaigns.queries.wallet import Wallet, wallets
from common.money import ZERO
from crm.models import Account, Deal, DealLine


@dataclass(frozen=True, slots=True)
class DiscountWeighed:
    """What a deal gives away, beside the wallet of its account.

    A discount is margin given away: it counts against what is left like any spend,
    although the ledger does not hold it. Before the first order what winning may cost
    is the measure instead, and `wallet` is None.
    """

    discount: Decimal
    wallet: Wallet | None

    @property
    def left_after(self) -> Decimal | None:
        """Return what is left after the discount, below 0 when it is too much."""
        if self.wallet is None:
            return None
        spend = self.wallet.spend
        return spend.limit - spend.used - self.discount

    @property
    def is_over(self) -> bool:
        return self.discount > 0 and self.left_after is not None and self.left_after < 0


def discounts_weighed(deals: Iterable[Deal]) -> dict[int, DiscountWeighed]:
    """Return the weighed discount of each deal, by its id; a few queries in all."""
    found = list(deals)
    lines = DealLine.objects.filter(deal__in=[deal.pk for deal in found if deal.pk])
    sums = dict(
        lines.order_by()
        .values("deal")
        .annotate(given=Sum("discount"))
        .values_list("deal", "given")
    )
    purses = _of_customers({deal.account_id for deal in found})
    return {
        deal.pk: DiscountWeighed(sums.get(deal.pk, ZERO), purses.get(deal.account_id))
        for deal in found
    }


def weigh_discount(account: Account, discount: Decimal) -> DiscountWeighed:
    """Return a discount that a deal with an account would give, weighed."""
    return DiscountWeighed(discount, _of_customers({account.pk}).get(account.pk))


def _of_customers(account_ids: set[int]) -> dict[int, Wallet]:
    found = wallets(account_ids).items()
    return {key: wallet for key, wallet in found if wallet.has_ordered}
