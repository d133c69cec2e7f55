"""Questions about what customers buy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import TextChoices

from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import (
    SMALL,
    STANDS,
    Asked,
    Cell,
    Column,
    Draw,
    Matrix,
    Question,
    Row,
    read,
    with_base,
)
from common.templatetags.display import count, money, number, share
from crm.choices import RelationshipType, Source
from segments.choices import WorthClass

FAMILY = "What customers buy"
ACCOUNT = Column("account", "Customer", "account")
OF_BASE = """SELECT b.*, a.name AS account FROM base b
    JOIN crm_account a ON a.id = b.account_id"""


def customers(found: int, verb: str = "") -> str:
    """Say how many customers, such as "1 customer" or "no customer"."""
    noun = "customer" if found == 1 else "customers"
    said = f"{count(found)} {noun}" if found else "No customer"
    return f"{said} {verb}".strip()


def few(found: int, what: str = "customers") -> Sequence[str]:
    """Warn where an answer rests on few."""
    if not 0 < found < SMALL:
        return ()
    named = what.removesuffix("s") if found == 1 else what
    return (f"Only {found} {named}: too few to read much into it.",)


def _between(asked: Asked) -> str:
    return f"from {asked.said['since']} to {asked.said['until']}"


# -- Q1, Q2: how many bought it, and again ---------------------------------------------

BOUGHT = """
    SELECT s.id AS account_id, count(DISTINCT l.order_id) AS orders,
        sum(l.quantity) AS quantity, sum(l.revenue) AS revenue,
        min(l.ordered_on) AS first_on, max(l.ordered_on) AS last_on
    FROM crm_orderline l JOIN seen s ON s.member = l.account_id
    WHERE l.status = 'confirmed' AND l.product_id = %(product)s
        AND l.ordered_on BETWEEN %(since)s AND %(until)s
    GROUP BY s.id
"""
EVER = """
    (SELECT min(l.ordered_on) FROM crm_orderline l JOIN seen s ON s.member =
        l.account_id
     WHERE l.status = 'confirmed' AND l.product_id = %(product)s) AS first_ever
"""
BOUGHT_COLUMNS = (
    ACCOUNT,
    Column("orders", "Orders", "count"),
    Column("quantity", "Quantity", "number"),
    Column("revenue", "Revenue", "money"),
    Column("first_on", "First in this time", "day"),
    Column("last_on", "Last", "day"),
)


def _never(asked: Asked, total: Row) -> str:
    if total["first_ever"] is None:
        return f"Nobody has ever bought {asked.said['product']}."
    return f"Nobody bought {asked.said['product']} {_between(asked)}."


def _say_bought(asked: Asked, total: Row) -> str:
    if not total["customers"]:
        return _never(asked, total)
    orders = "1 order" if total["orders"] == 1 else f"{count(total['orders'])} orders"
    return (
        f"{customers(total['customers'])} bought {asked.said['product']} "
        f"{_between(asked)}, in {orders} for {money(total['revenue'])}."
    )


def _say_again(asked: Asked, total: Row) -> str:
    if not total["buyers"]:
        return _never(asked, total)
    return (
        f"{customers(total['customers'])} of {count(total['buyers'])} who bought "
        f"{asked.said['product']} {_between(asked)} bought it more than once: a repeat "
        f"rate of {share(total['customers'] / total['buyers'])}."
    )


HOW_MANY_BOUGHT = Question(
    key="bought",
    number="Q1",
    family=FAMILY,
    words="How many customers bought {product} from {since} to {until}?",
    parameters=(parameters.product(), *parameters.period()),
    columns=BOUGHT_COLUMNS,
    base=BOUGHT,
    table=f"{OF_BASE} ORDER BY b.revenue DESC, b.account_id",
    totals=f"""SELECT count(*) AS customers, coalesce(sum(orders), 0) AS orders,
        coalesce(sum(revenue), 0) AS revenue, {EVER} FROM base""",
    say=_say_bought,
    draw=Draw(
        title="Customers by month",
        label="month",
        series=("customers",),
        x_title="Month",
        sql="""
        SELECT to_char(months.first, 'Mon YYYY') AS month,
            count(DISTINCT s.id) AS customers
        FROM generate_series(
            date_trunc('month', greatest(%(since)s::date,
                %(until)s::date - interval '10 years')),
            %(until)s::date, interval '1 month') AS months(first)
        LEFT JOIN crm_orderline l ON l.status = 'confirmed'
            AND l.product_id = %(product)s
            AND l.ordered_on BETWEEN %(since)s AND %(until)s
            AND date_trunc('month', l.ordered_on) = months.first
        LEFT JOIN seen s ON s.member = l.account_id
        GROUP BY months.first ORDER BY months.first
        """,
    ),
    notes=lambda asked, total: few(total["customers"]),
    method="Confirmed orders. A customer counts once, however often they bought.",
)

BOUGHT_AGAIN = Question(
    key="bought-again",
    number="Q2",
    family=FAMILY,
    words="How many customers bought {product} more than once from {since} to {until}?",
    parameters=(parameters.product(), *parameters.period()),
    columns=BOUGHT_COLUMNS,
    base=BOUGHT,
    named="orders > 1",
    table=f"{OF_BASE} WHERE b.orders > 1 ORDER BY b.orders DESC, b.account_id",
    totals=f"""SELECT count(*) FILTER (WHERE orders > 1) AS customers,
        count(*) AS buyers, {EVER} FROM base""",
    say=_say_again,
    draw=Draw(
        title="Customers by number of orders",
        label="times",
        series=("customers",),
        x_title="Orders with the product",
        sql="""
        SELECT CASE WHEN n = 10 THEN '10 and more' ELSE n::text END AS times,
            count(b.account_id) AS customers
        FROM generate_series(1, 10) AS n
        LEFT JOIN base b ON least(b.orders, 10) = n
        GROUP BY n ORDER BY n
        """,
    ),
    notes=lambda asked, total: few(total["buyers"]),
    method=(
        "Counts orders, not quantity: ten pieces in one order are one purchase. The "
        "repeat rate is the share of buyers with at least two orders in this time."
    ),
)


# -- Q6: who buys what -----------------------------------------------------------------

BY = parameters.choice(
    "by",
    "Group",
    (("class", "class"), ("type", "type of relationship"), ("source", "source")),
)
GROUPS = {
    "class": "coalesce(m.worth_class, 'unknown')",
    "type": "coalesce(nullif(a.relationship_type, ''), 'unknown')",
    "source": "coalesce(nullif(a.source, ''), 'unknown')",
}
KINDS: Mapping[str, type[TextChoices]] = {
    "class": WorthClass,
    "type": RelationshipType,
    "source": Source,
}
MATRIX_PRODUCTS = 12


def group_label(asked: Asked, key: str) -> str:
    """Return the name of one group of customers."""
    by = asked.values["by"]
    if key == "unknown":
        return "No class yet" if by == "class" else "Not known"
    return str(KINDS[by](key).label)


def label_sql(asked: Asked, column: str) -> str:
    """Return SQL for the name of a group, from its key."""
    by = asked.values["by"]
    names = [(key.value, str(key.label)) for key in KINDS[by] if key.value]
    otherwise = "'No class yet'" if by == "class" else "'Not known'"
    whens = " ".join(f"WHEN '{key}' THEN '{name}'" for key, name in names)
    return f"CASE {column} {whens} ELSE {otherwise} END"


def _who_buys_base(asked: Asked) -> str:
    return f"""
    SELECT s.id AS account_id, {GROUPS[asked.values["by"]]} AS grouped,
        l.product_id, {GROUPS[asked.values["by"]]} || ':' || l.product_id AS part,
        sum(l.revenue) AS revenue
    FROM crm_orderline l JOIN seen s ON s.member = l.account_id
    JOIN crm_account a ON a.id = s.id
    LEFT JOIN segments_membership m ON m.account_id = a.id AND {STANDS}
    WHERE l.status = 'confirmed' AND l.product_id IS NOT NULL
        AND l.ordered_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2, 3, 4
    """


def _who_buys_table(asked: Asked) -> str:
    return f"""
    SELECT t.part, {label_sql(asked, "t.grouped")} AS label, p.name AS product,
        t.customers, t.customers::float / g.customers AS share,
        (t.customers::float / g.customers)
            / nullif(o.customers::float / n.customers, 0) AS lift, t.revenue,
        t.grouped, t.product_id
    FROM (SELECT grouped, product_id, part, count(*) AS customers,
              sum(revenue) AS revenue FROM base GROUP BY 1, 2, 3) t
    JOIN (SELECT grouped, count(DISTINCT account_id) AS customers FROM base
          GROUP BY 1) g ON g.grouped = t.grouped
    JOIN (SELECT product_id, count(*) AS customers FROM base GROUP BY 1) o
        ON o.product_id = t.product_id
    CROSS JOIN (SELECT count(DISTINCT account_id) AS customers FROM base) n
    JOIN crm_product p ON p.id = t.product_id
    ORDER BY t.customers DESC, t.part
    """


def _who_buys_matrix(asked: Asked) -> Matrix | None:
    rows = read(with_base(asked, _who_buys_table(asked)), asked.sql)
    if not rows:
        return None
    reach: dict[Any, int] = {}
    for row in rows:
        reach[row["product_id"]] = reach.get(row["product_id"], 0) + row["customers"]
    shown = sorted(reach, key=lambda key: (-reach[key], key))[:MATRIX_PRODUCTS]
    names = {row["product_id"]: row["product"] for row in rows}
    at = {(row["grouped"], row["product_id"]): row for row in rows}
    most = max(row["share"] for row in rows if row["product_id"] in shown)
    return Matrix(
        title="Share of each group that bought the product",
        columns=[names[key] for key in shown],
        rows=[
            (
                group_label(asked, group),
                [_cell(at.get((group, key)), most) for key in shown],
            )
            for group in sorted({row["grouped"] for row in rows})
        ],
    )


def _cell(row: Row | None, most: float) -> Cell:
    """Return one field; the darkest of five levels is that of the largest share."""
    if row is None:
        return Cell("0", 0, "")
    level = min(5, 1 + int(5 * row["share"] / most))
    return Cell(share(row["share"]), level, row["part"])


def _say_who_buys(asked: Asked, total: Row) -> str:
    if not total["customers"]:
        return f"Nobody bought a product {_between(asked)}."
    return (
        f"{customers(total['customers'])} bought {count(total['products'])} different "
        f"products {_between(asked)}, {number(total['each'])} each on average."
    )


WHO_BUYS_WHAT = Question(
    key="who-buys-what",
    number="Q6",
    family=FAMILY,
    words="Which customers buy which products, by {by}, from {since} to {until}?",
    parameters=(BY, *parameters.period()),
    columns=(
        Column("label", "Customers of"),
        Column("product", "Product"),
        Column("customers", "Customers", "count", names="true"),
        Column("share", "Share of the group", "share"),
        Column("lift", "Against all", "ratio"),
        Column("revenue", "Revenue", "money"),
    ),
    base=_who_buys_base,
    table=_who_buys_table,
    totals="""SELECT count(DISTINCT account_id) AS customers,
        count(DISTINCT product_id) AS products,
        count(*)::float / nullif(count(DISTINCT account_id), 0) AS each FROM base""",
    say=_say_who_buys,
    matrix=_who_buys_matrix,
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Against all: the group's share of buyers divided by that of all customers who "
        "bought anything. Above 1, the group likes the product more than others do."
    ),
)

# -- Affinity --------------------------------------------------------------------------

BOUGHT_TOGETHER = Question(
    key="bought-with",
    family=FAMILY,
    words="What else do customers who bought {product} buy, from {since} to {until}?",
    parameters=(parameters.product(), *parameters.period()),
    columns=(
        Column("label", "Product"),
        Column("customers", "Bought both", "count", names="true"),
        Column("share", "Of its buyers", "share"),
        Column("share_all", "Of all customers", "share"),
        Column("lift", "Against all", "ratio"),
    ),
    base="""
    SELECT DISTINCT b.id AS account_id, o.product_id, o.product_id::text AS part
    FROM (SELECT DISTINCT s.id FROM crm_orderline l JOIN seen s
          ON s.member = l.account_id WHERE l.status = 'confirmed'
          AND l.product_id = %(product)s
          AND l.ordered_on BETWEEN %(since)s AND %(until)s) b
    JOIN seen s ON s.id = b.id
    JOIN crm_orderline o ON o.account_id = s.member AND o.status = 'confirmed'
        AND o.product_id IS NOT NULL AND o.ordered_on BETWEEN %(since)s AND %(until)s
    """,
    table="""
    SELECT t.part, p.name AS label, t.customers,
        t.customers::float / n.buyers AS share,
        w.customers::float / w.everybody AS share_all,
        (t.customers::float / n.buyers) / (w.customers::float / w.everybody) AS lift
    FROM (SELECT product_id, part, count(*) AS customers FROM base
          WHERE product_id <> %(product)s GROUP BY 1, 2) t
    CROSS JOIN (SELECT count(DISTINCT account_id) AS buyers FROM base) n
    JOIN (
        SELECT l.product_id, count(DISTINCT s.id) AS customers,
            (SELECT count(DISTINCT s.id) FROM crm_orderline l
             JOIN seen s ON s.member = l.account_id WHERE l.status = 'confirmed'
             AND l.ordered_on BETWEEN %(since)s AND %(until)s) AS everybody
        FROM crm_orderline l JOIN seen s ON s.member = l.account_id
        WHERE l.status = 'confirmed' AND l.ordered_on BETWEEN %(since)s AND %(until)s
        GROUP BY 1
    ) w ON w.product_id = t.product_id
    JOIN crm_product p ON p.id = t.product_id
    ORDER BY lift DESC, t.customers DESC, t.product_id
    """,
    totals=f"""SELECT count(DISTINCT account_id) AS customers, {EVER},
        count(DISTINCT account_id) FILTER (WHERE product_id <> %(product)s) AS more
        FROM base""",
    say=lambda asked, total: (
        _never(asked, total)
        if not total["customers"]
        else f"{customers(total['customers'])} bought {asked.said['product']} "
        f"{_between(asked)}; {count(total['more'])} of them bought something else too."
    ),
    draw=Draw("Share of its buyers", "label", ("share", "share_all")),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Against all: how much more often its buyers bought the other product than all "
        "customers who bought anything in this time."
    ),
)

QUESTIONS = (HOW_MANY_BOUGHT, BOUGHT_AGAIN, WHO_BUYS_WHAT, BOUGHT_TOGETHER)
