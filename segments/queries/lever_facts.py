"""What the last year says of each class: prices, products, contacts, costs by kind.

One set-based statement per subject; the class is that of the run's day. The key "" is
all customers together.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from clv.models import ValuationRun
from clv.policy import DAYS_OF_YEAR_SUMS
from common.kept import kept_rows

EVERYBODY = ""
PRODUCTS_KEPT = 12
OTHER_PRODUCTS = "All other products"

_CLASS = """
    LEFT JOIN segments_membership m ON m.account_id = x.account_id
        AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
"""
SALES = f"""
    SELECT coalesce(m.worth_class, 'none'), coalesce(p.name, ''),
        sum(x.revenue)::float8, sum(x.quantity)::float8
    FROM (
        SELECT account_id, product_id, sum(revenue) AS revenue,
            sum(quantity) AS quantity
        FROM crm_orderline
        WHERE status = 'confirmed' AND ordered_on > %(since)s AND ordered_on <= %(day)s
        GROUP BY 1, 2
    ) x {_CLASS} LEFT JOIN crm_product p ON p.id = x.product_id
    GROUP BY 1, 2
"""
ORDERS = f"""
    SELECT coalesce(m.worth_class, 'none'), sum(x.orders)::bigint
    FROM (
        SELECT account_id, count(*) AS orders FROM crm_order
        WHERE status = 'confirmed' AND ordered_on > %(since)s AND ordered_on <= %(day)s
        GROUP BY 1
    ) x {_CLASS} GROUP BY 1
"""
COSTS = f"""
    SELECT coalesce(m.worth_class, 'none'), x.kind, sum(x.amount)::float8
    FROM (
        SELECT account_id, kind, sum(amount) AS amount FROM crm_ledgerentry
        WHERE account_id IS NOT NULL AND incurred_on > %(since)s
            AND incurred_on <= %(day)s
        GROUP BY 1, 2
    ) x {_CLASS} GROUP BY 1, 2
"""
CONTACTS = f"""
    SELECT coalesce(m.worth_class, 'none'), x.channel, x.kind,
        sum(x.contacts)::bigint, sum(x.minutes)::bigint, sum(x.amount)::float8
    FROM (
        SELECT t.account_id, t.channel, c.kind, count(*) AS contacts,
            sum(t.minutes) AS minutes, sum(c.amount) AS amount
        FROM crm_touchpoint t JOIN (
            SELECT touchpoint_id, min(kind) AS kind, sum(amount) AS amount
            FROM crm_ledgerentry
            WHERE touchpoint_id IS NOT NULL AND incurred_on > %(since)s
                AND incurred_on <= %(day)s
            GROUP BY 1
        ) c ON c.touchpoint_id = t.id
        WHERE t.voided_at IS NULL AND t.minutes > 0
        GROUP BY 1, 2, 3
    ) x {_CLASS} GROUP BY 1, 2, 3
"""
CASES = f"""
    SELECT coalesce(m.worth_class, 'none'), x.channel, x.cases::bigint,
        x.entries::bigint, x.amount::float8
    FROM (
        SELECT k.account_id, e.channel, count(DISTINCT k.id) AS cases,
            count(*) AS entries, coalesce(sum(l.amount), 0) AS amount
        FROM crm_caseentry e JOIN crm_case k ON k.id = e.case_id
        LEFT JOIN crm_ledgerentry l ON l.id = e.cost_id
        WHERE e.channel <> '' AND k.account_id IS NOT NULL
            AND e.made_at > %(since)s::date AND e.made_at < %(day)s::date + 1
        GROUP BY 1, 2
    ) x {_CLASS}
"""
WON = f"""
    SELECT coalesce(m.worth_class, 'none'), count(*)
    FROM clv_valuation x {_CLASS}
    WHERE x.run_id = %(run)s AND x.first_on > %(since)s GROUP BY 1
"""
OFFERS = f"""
    SELECT coalesce(m.worth_class, 'none'), count(*), sum(x.amount)::float8
    FROM clv_expansionoffer x {_CLASS} GROUP BY 1
"""


def lever_facts(run: ValuationRun) -> dict[str, dict[str, Any]]:
    """Return the facts of each class, of accounts in none, and of all under ""."""
    params = {
        "run": run.pk,
        "day": run.as_of,
        "since": run.as_of.fromordinal(run.as_of.toordinal() - DAYS_OF_YEAR_SUMS),
    }
    found: dict[str, dict[str, Any]] = defaultdict(_nothing)
    for subject, sql in (
        (_add_sale, SALES),
        (_add_orders, ORDERS),
        (_add_cost, COSTS),
        (_add_contact, CONTACTS),
        (_add_cases, CASES),
        (_add_won, WON),
        (_add_offers, OFFERS),
    ):
        for key, *row in _rows(sql, params):
            for facts in (found[key], found[EVERYBODY]):
                subject(facts, *row)
    return {key: _shortened(facts) for key, facts in found.items()}


def no_facts() -> dict[str, Any]:
    """Return the facts of a class in which nothing happened."""
    return _shortened(_nothing())


def _nothing() -> dict[str, Any]:
    return {
        "products": {},
        "orders": 0,
        "costs": {},
        "contacts": {},
        "cases": {},
        "won": 0,
        "offers": [0, 0.0],
    }


def _add_sale(
    facts: dict[str, Any], product: str, revenue: float, units: float
) -> None:
    was = facts["products"].get(product, (0.0, 0.0))
    facts["products"][product] = (was[0] + revenue, was[1] + units)


def _add_orders(facts: dict[str, Any], orders: int) -> None:
    facts["orders"] += orders


def _add_cost(facts: dict[str, Any], kind: str, amount: float) -> None:
    facts["costs"][kind] = facts["costs"].get(kind, 0.0) + amount


def _add_contact(
    facts: dict[str, Any],
    channel: str,
    kind: str,
    contacts: int,
    minutes: int,
    amount: float,
) -> None:
    key = f"{channel}:{kind}"
    was = facts["contacts"].get(key, (0, 0, 0.0))
    facts["contacts"][key] = (was[0] + contacts, was[1] + minutes, was[2] + amount)


def _add_cases(
    facts: dict[str, Any], channel: str, cases: int, entries: int, amount: float
) -> None:
    was = facts["cases"].get(channel, (0, 0, 0.0))
    facts["cases"][channel] = (was[0] + cases, was[1] + entries, was[2] + amount)


def _add_won(facts: dict[str, Any], customers: int) -> None:
    facts["won"] += customers


def _add_offers(facts: dict[str, Any], count: int, amount: float) -> None:
    was = facts["offers"]
    facts["offers"] = [was[0] + count, was[1] + amount]


def _shortened(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts as JSON keeps them: the largest products, the others as one."""
    products = sorted(facts["products"].items(), key=lambda one: -one[1][0])
    named = [(name, *sums) for name, sums in products if name][:PRODUCTS_KEPT]
    kept = {name for name, *_ in named}
    rest = [sums for name, sums in products if name not in kept]
    if rest:
        others = [sum(column) for column in zip(*rest, strict=True)]
        named.append((OTHER_PRODUCTS, *others))
    return facts | {"products": [list(row) for row in named]}


def _rows(sql: str, params: Mapping[str, Any]) -> list[Any]:
    return kept_rows(sql, params)
