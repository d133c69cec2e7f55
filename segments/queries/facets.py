"""Key accounts of which we know nothing on some facet."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from clv.models import Valuation, ValuationRun
from common.lists.sets import account_set_url
from crm.models import Account, User
from crm.queries.completeness import Facet, facets_of
from segments.choices import WorthClass
from segments.models import Membership

KEY_CLASSES = (WorthClass.CURRENT_KEY, WorthClass.POTENTIAL_KEY)
LOOKED_AT = 500  # key accounts, those worth most first
SHOWN = 100


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """One key account, what it is worth, and how well we know it."""

    account: Account
    worth_class: WorthClass
    clv: Decimal
    facets: list[Facet]

    @property
    def empty(self) -> list[Facet]:
        return [facet for facet in self.facets if facet.is_empty]


@dataclass(frozen=True, slots=True)
class EmptyFacets:
    """Key accounts with an empty facet, and how many were looked at for them."""

    rows: list[KnownAccount]
    found: int
    looked_at: int

    @property
    def url(self) -> str:
        """Return the rows as a list of accounts, where a plan or a file takes them."""
        ids = ",".join(str(row.account.pk) for row in self.rows)
        return account_set_url("these", ids=ids) if ids else ""


def empty_facets(user: User, run: ValuationRun, today: dt.date) -> EmptyFacets:
    """Return key accounts of `user` with an empty facet, those worth most first."""
    mine = Account.objects.active().visible_to(user)
    held = Membership.objects.open().filter(worth_class__in=KEY_CLASSES)
    values = (
        Valuation.objects.of_run(run)
        .filter(account_id__in=held.values("account_id"), account__in=mine.values("pk"))
        .select_related("account__owner")
        .order_by("-clv", "account_id")[:LOOKED_AT]
    )
    looked_at = list(values)
    ids = [value.account_id for value in looked_at]
    classes = dict(
        held.filter(account_id__in=ids).values_list("account_id", "worth_class")
    )
    facets = facets_of(ids, today)
    rows = [
        KnownAccount(
            value.account,
            WorthClass(classes[value.account_id]),
            value.clv,
            facets[value.account_id],
        )
        for value in looked_at
    ]
    found = [row for row in rows if row.empty]
    return EmptyFacets(found[:SHOWN], len(found), len(looked_at))
