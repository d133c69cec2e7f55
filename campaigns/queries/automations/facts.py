"""What conditions look at: the facts of accounts, read for many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from campaigns.queries import wallet
from clv.models import Valuation, ValuationRun
from common.clock import business_today
from crm.models import Account, Contact
from segments.models import Membership


@dataclass(frozen=True, slots=True)
class Facts:
    """One account as conditions see it; what is not known is empty or None."""

    account: Account
    worth_class: str = ""
    clv: Decimal | None = None
    tag_ids: frozenset[str] = frozenset()
    wallet_left: Decimal | None = None
    needs: tuple[str, ...] = ()
    preferences: tuple[str, ...] = field(default=())


def facts_of(account_ids: Iterable[int]) -> Mapping[int, Facts]:
    """Return the facts of accounts that were not merged away; a few queries in all."""
    keys = list(account_ids)
    accounts = (
        Account.objects.active()
        .filter(pk__in=keys)
        .select_related("owner", "territory")
        .prefetch_related("tags")
    )
    classes = dict(
        Membership.objects.open()
        .filter(account__in=keys)
        .order_by()
        .values_list("account_id", "worth_class")
    )
    run = ValuationRun.objects.current()
    worth: dict[int, Decimal] = {}
    if run is not None:
        values = Valuation.objects.of_run(run).filter(account_id__in=keys)
        worth = dict(values.values_list("account_id", "clv"))
    wallets = wallet.wallets(keys)
    needs, preferences = _said(keys)
    return {
        account.pk: Facts(
            account=account,
            worth_class=classes.get(account.pk, ""),
            clv=worth.get(account.pk),
            tag_ids=frozenset(str(tag.pk) for tag in account.tags.all()),
            wallet_left=(
                wallets[account.pk].spend.left if account.pk in wallets else None
            ),
            needs=tuple(needs.get(account.pk, ())),
            preferences=tuple(preferences.get(account.pk, ())),
        )
        for account in accounts
    }


def _said(keys: list[int]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Return what people there need and like, of those who are still there."""
    there = Q(left_on=None) | Q(left_on__gt=business_today())
    rows = Contact.objects.filter(there, account__in=keys).order_by("pk")
    needs: dict[int, list[str]] = {}
    preferences: dict[int, list[str]] = {}
    for key, need, liking in rows.values_list("account_id", "needs", "preferences"):
        if need:
            needs.setdefault(key, []).append(need)
        if liking:
            preferences.setdefault(key, []).append(liking)
    return needs, preferences
