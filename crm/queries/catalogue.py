"""The catalogue: what we sell, who has it, and what is bought together."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from common.clock import business_today
from common.paging import Page, Sort, keyset_page
from crm import policy
from crm.choices import OrderStatus
from crm.models import Account, Complement, Holding, OrderLine, Product, User

PAGE_SIZE = 50
BY_NAME = Sort("name", "name", descending=False)
YEAR = dt.timedelta(days=365)

# Of the accounts that a user may see: how many have it, bought it, bought it again.
OWNERS = """
    WITH days AS (
        SELECT l.account_id, count(DISTINCT l.ordered_on) AS n
        FROM crm_orderline l JOIN crm_account a ON a.id = l.account_id
        WHERE l.product_id = %(product)s AND l.status = 'confirmed'
            AND a.merged_into_id IS NULL
            AND (%(owner)s::bigint IS NULL OR a.owner_id = %(owner)s)
        GROUP BY 1
    )
    SELECT (SELECT count(*) FROM days), (SELECT count(*) FROM days WHERE n > 1),
        (SELECT count(DISTINCT h.account_id) FROM crm_holding h
         JOIN crm_account a ON a.id = h.account_id
         WHERE h.product_id = %(product)s AND h.status = 'active'
            AND a.merged_into_id IS NULL
            AND (%(owner)s::bigint IS NULL OR a.owner_id = %(owner)s))
"""

# Accounts of the last year that bought the product, the other one, and both.
TOGETHER = """
    WITH bought AS MATERIALIZED (
        SELECT DISTINCT account_id, product_id FROM crm_orderline
        WHERE status = 'confirmed' AND ordered_on > %(since)s
            AND product_id IS NOT NULL
    ),
    mine AS (SELECT account_id FROM bought WHERE product_id = %(product)s),
    sums AS (SELECT product_id, count(*) AS n FROM bought GROUP BY 1)
    SELECT b.product_id, count(*) AS n_both, s.n,
        (SELECT count(*) FROM mine), (SELECT count(DISTINCT account_id) FROM bought)
    FROM bought b JOIN mine USING (account_id) JOIN sums s USING (product_id)
    WHERE b.product_id <> %(product)s
    GROUP BY b.product_id, s.n HAVING count(*) >= %(fewest)s
"""


@dataclass(frozen=True, slots=True)
class Owners:
    """How many accounts bought a product, bought it again, and have it now."""

    bought: int
    bought_again: int
    have_now: int


@dataclass(frozen=True, slots=True)
class Together:
    """How often two products are bought by the same accounts within a year.

    lift = P(both) / (P(one) P(other)) = both x all / (one x other): 1 if they have
    nothing to do with each other, 2 if who buys one is twice as likely to buy the
    other (Brin, Motwani, Ullman & Tsur 1997, there called interest).
    """

    other: Product
    both: int
    one_count: int
    other_count: int
    accounts: int

    @property
    def lift(self) -> float:
        return self.both * self.accounts / (self.one_count * self.other_count)


def product_page(
    *, search: str = "", category: str = "", retired: bool = False, cursor: str = ""
) -> Page[Product]:
    """Return the catalogue by name; retired products only if asked for."""
    rows = Product.objects.select_related("upgrade_to")
    if not retired:
        rows = rows.filter(is_active=True)
    if category:
        rows = rows.filter(category=category)
    if search:
        rows = matching(rows, search)
    return keyset_page(rows, sort=BY_NAME, cursor=cursor, size=PAGE_SIZE)


def matching(rows: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Keep the products with the text in their name or number."""
    return rows.filter(Q(name__icontains=text) | Q(sku__icontains=text))


def complements(product: Product) -> QuerySet[Complement]:
    rows = Complement.objects.filter(from_product=product)
    return rows.select_related("to_product").order_by("to_product__name", "pk")


def owners(product: Product, user: User) -> Owners:
    """Count the accounts that `user` may see."""
    owner = None if user.sees_every_account else user.pk
    with connection.cursor() as cursor:
        cursor.execute(OWNERS, {"product": product.pk, "owner": owner})
        bought, again, now = cursor.fetchone()
    return Owners(bought, again, now)


def owning_accounts(product: Product, user: User, *, cursor: str = "") -> Page[Account]:
    """Return the accounts that bought or have `product`, by name."""
    lines = OrderLine.objects.filter(
        account=OuterRef("pk"), product=product, status=OrderStatus.CONFIRMED
    )
    held = Holding.objects.on_hand().filter(account=OuterRef("pk"), product=product)
    rows = (
        Account.objects.active()
        .visible_to(user)
        .annotate(has_now=Exists(held))
        .filter(Q(Exists(lines)) | Q(has_now=True))
        .select_related("owner")
    )
    return keyset_page(rows, sort=BY_NAME, cursor=cursor, size=PAGE_SIZE)


def bought_together(product: Product) -> list[Together]:
    """Return what is bought together with `product` and is no complement yet."""
    params: dict[str, Any] = {
        "product": product.pk,
        "since": business_today() - YEAR,
        "fewest": policy.FEWEST_BUYING_BOTH,
    }
    with connection.cursor() as cursor:
        cursor.execute(TOGETHER, params)
        found = cursor.fetchall()
    linked = {row.to_product_id for row in complements(product)}
    linked |= set(product.upgrades_from.values_list("pk", flat=True))
    if product.upgrade_to_id is not None:
        linked.add(product.upgrade_to_id)
    known = Product.objects.filter(is_active=True).exclude(pk__in=linked)
    products = known.in_bulk([row[0] for row in found])
    rows = [
        Together(products[pk], both, one, other, accounts)
        for pk, both, other, one, accounts in found
        if pk in products
    ]
    strong = [row for row in rows if row.lift >= policy.LEAST_LIFT]
    strong.sort(key=lambda row: (-row.lift, row.other.pk))
    return strong[: policy.MOST_SUGGESTIONS]


def unit_margin(product: Product) -> Decimal | None:
    """Return list price less cost, empty while one is not known."""
    if product.list_price is None or product.unit_cost is None:
        return None
    return product.list_price - product.unit_cost
