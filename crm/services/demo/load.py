"""Loading the demo firm: block by block, so that memory does not grow with it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db import DatabaseError, connection, models, transaction

from crm.choices import AllocationDriver, CostKind
from crm.errors import DemoRefusedError
from crm.models import (
    Account,
    AllocationRule,
    Competitor,
    CompetitorPresence,
    Consent,
    Contact,
    EventType,
    Holding,
    LedgerEntry,
    LifeEvent,
    Order,
    OrderLine,
    OrderReturn,
    Product,
    StatedValue,
    Task,
    Touchpoint,
    Usage,
    User,
    WalletEstimate,
)
from crm.services.demo import team
from crm.services.demo.accounts import FIRST_NUMBER
from crm.services.demo.block import Block, FirstIds, draw_block, revenue_between
from crm.services.demo.cases import store_cases
from crm.services.demo.catalogue import ITEMS, LIVES, REASONS, make_shelf
from crm.services.demo.copying import Pool, copy_rows
from crm.services.demo.costs import apportion_cents
from crm.services.demo.deals import store_deals
from crm.services.demo.rapport import store_rapport
from crm.services.demo.signs import store_signs
from crm.services.demo.store import SOURCE, store_block
from crm.services.demo.targets import store_targets
from crm.services.demo.truth import WINDOW_DAYS, Ints, Truth
from crm.services.demo.wallet import store_competitors, store_wallet

BLOCK = 25_000  # accounts
ACCOUNTS_PER_REP = 2_000  # what is beyond, the web shop serves without a rep
TRUSTED = 20_000  # accounts, from which on the database need not check foreign keys
MOST_ACCOUNTS = 10_000_000
FAIR_DAYS = tuple(WINDOW_DAYS - n for n in (46, 411, 776))
FAIR_COST_PER_ACCOUNT = 1_150  # cents
YEAR = 365
NUMBERED: tuple[type[models.Model], ...] = (
    Account,
    Contact,
    Order,
    OrderLine,
    Holding,
    Touchpoint,
)
LOADED: tuple[type[models.Model], ...] = (
    *NUMBERED,
    CompetitorPresence,
    Consent,
    LedgerEntry,
    LifeEvent,
    OrderReturn,
    Product,
    StatedValue,
    Task,
    Usage,
    WalletEstimate,
)


@dataclass(frozen=True, slots=True)
class Firm:
    """What is to be made."""

    accounts: int
    seed: int
    as_of: dt.date

    @property
    def begin(self) -> np.datetime64:
        """Return the first day of the 36 months that end on `as_of`."""
        return np.datetime64(self.as_of, "D") - (WINDOW_DAYS - 1)


def refuse_used_database() -> None:
    """Raise DemoRefusedError if anybody or anything is in the database already."""
    if User.objects.exists():
        raise DemoRefusedError(
            "This database has users. The demo firm is only loaded into an empty one."
        )
    if any(model._default_manager.exists() for model in (Account, Product)):
        raise DemoRefusedError(
            "This database has accounts or products. The demo firm is only loaded "
            "into an empty one."
        )


def customer_number(account_id: int) -> str:
    return f"K-{FIRST_NUMBER + account_id}"


def load_facts(
    firm: Firm,
    model: Truth,
    *,
    password: str,
    on_block: Callable[[Block], None],
) -> None:
    """Store people, products, accounts and their 36 months; all or nothing.

    `on_block` is called with each block after its facts are stored. Call it inside a
    transaction; the tables are analysed at the end.

    Raises
    ------
    DemoRefusedError
        If the database is in use.
    """
    refuse_used_database()
    _check_less(firm.accounts)
    indexes = _drop_indexes() if firm.accounts > TRUSTED else []
    reps = team.hire(password)
    _store_products()
    types = dict(EventType.objects.values_list("key", "pk"))
    shelf, first = make_shelf(), FirstIds()
    rivals = store_competitors()
    fairs: list[list[Ints]] = [[] for _ in FAIR_DAYS]
    for number, start in enumerate(range(0, firm.accounts, BLOCK)):
        rng = np.random.default_rng([firm.seed, number])
        place = np.arange(start, min(start + BLOCK, firm.accounts))
        is_owned = place < ACCOUNTS_PER_REP * len(reps)
        block = draw_block(rng, model, shelf, first, is_owned, firm.begin)
        store_block(block, reps, types)
        # Chance of its own, so that all else stays as it is.
        store_wallet(block, np.random.default_rng([firm.seed, number, 1]), rivals)
        store_signs(block, np.random.default_rng([firm.seed, number, 2]), types)
        on_block(block)
        for kept, day in zip(fairs, FAIR_DAYS, strict=True):
            kept.append(revenue_between(block, day - YEAR, day))
        first = first.after(block)
    _store_shared_costs(firm, [np.concatenate(kept) for kept in fairs])
    store_rapport(firm.seed, firm.as_of)
    store_deals(firm.seed, firm.as_of)
    store_targets()
    store_cases(firm.seed, firm.as_of)
    _finish(indexes)


def _check_less(accounts: int) -> None:
    """Check foreign keys per statement; for a big firm not at all if we may."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        if accounts <= TRUSTED:
            return
        try:
            with transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
        except DatabaseError:
            return  # needs a superuser; it is only slower without


def _store_products() -> None:
    rows = [
        Product(
            pk=row + 1,
            sku=item.sku,
            name=item.name,
            category=item.category,
            list_price=Decimal(str(item.price)),
            unit_cost=Decimal(str(item.cost)) if item.is_cost_known else None,
            term_months=item.term_months,
            life_months=LIVES.get(item.sku),
        )
        for row, item in enumerate(ITEMS)
    ]
    Product.objects.bulk_create(rows)
    by_sku = {product.sku: product for product in rows}
    for item in ITEMS:
        product = by_sku[item.sku]
        for sku in item.complements:
            reason = REASONS.get((item.sku, sku), "")
            product.complements.add(by_sku[sku], through_defaults={"reason": reason})
        if item.upgrade:
            product.upgrade_to = by_sku[item.upgrade]
            product.upgrade_reason = REASONS.get((item.sku, item.upgrade), "")
    Product.objects.bulk_update(rows, ["upgrade_to", "upgrade_reason"])


def _store_shared_costs(firm: Firm, revenues: list[Ints]) -> None:
    """Spread each year's trade fair by revenue; leave the month's rent as it is."""
    rule = AllocationRule.objects.create(
        name="Trade fairs by revenue",
        kind=CostKind.MARKETING,
        driver=AllocationDriver.REVENUE,
    )
    for day, revenue in zip(FAIR_DAYS, revenues, strict=True):
        total = FAIR_COST_PER_ACCOUNT * firm.accounts
        if revenue.sum() > 0:
            _spread_fair(rule, firm.begin + day, total, revenue)
    rent = AllocationRule.objects.create(
        name="Warehouse by orders",
        kind=CostKind.DELIVERY,
        driver=AllocationDriver.ORDERS,
    )
    LedgerEntry.objects.create(
        kind=CostKind.DELIVERY,
        amount=Decimal(firm.accounts * 340) / 100,
        incurred_on=firm.as_of.replace(day=1),
        rule=rent,
        document=f"RENT-{firm.as_of:%Y-%m}",
        note="Warehouse rent, not spread yet",
        source=SOURCE,
    )


def _spread_fair(
    rule: AllocationRule, day: np.datetime64, total: int, revenue: Ints
) -> None:
    held_on = dt.date.fromisoformat(str(day))
    year = held_on.year
    fair = LedgerEntry.objects.create(
        kind=CostKind.MARKETING,
        amount=Decimal(total) / 100,
        incurred_on=held_on,
        rule=rule,
        document=f"FAIR-{year}",
        note=f"Trade fair Büro Nord {year}, stand and travel",
        source=SOURCE,
    )
    parts = apportion_cents(total, revenue)
    account = np.flatnonzero(parts)
    copy_rows(
        LedgerEntry,
        account=account + 1,
        kind=CostKind.MARKETING.value,
        amount=parts[account],
        incurred_on=np.full(len(account), day),
        rule=np.full(len(account), rule.pk),
        allocated_from=np.full(len(account), fair.pk),
        document=f"FAIR-{year}",
        note=Pool((f"Share of trade fair {year}, by revenue",), account * 0),
        source=SOURCE,
    )


def _drop_indexes() -> list[str]:
    """Drop what one sort makes again faster than row by row; return the statements.

    The tables are empty and the transaction undoes it all if something fails. Indexes
    behind constraints stay.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_get_indexdef(i.indexrelid), i.indexrelid::regclass::text
               FROM pg_index i
               WHERE i.indrelid = ANY (%s::regclass[]) AND NOT i.indisunique""",
            [[model._meta.db_table for model in LOADED]],
        )
        found = cursor.fetchall()
        for _, name in found:
            cursor.execute(f"DROP INDEX {name}")
    return [str(statement) for statement, _ in found]


def _finish(indexes: list[str]) -> None:
    """Make the indexes, move the sequences past the numbers given, tell the planner."""
    numbered: tuple[type[models.Model], ...] = (*NUMBERED, Product, Competitor)
    with connection.cursor() as cursor:
        for statement in indexes:
            cursor.execute(statement)
        for model in numbered:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) "
                f"FROM {model._meta.db_table} HAVING count(*) > 0",
                [model._meta.db_table],
            )
        for model in LOADED:
            analyse(model)


def analyse(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")
