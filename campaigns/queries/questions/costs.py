"""Questions about what customers cost."""

from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import (
    STANDS,
    Asked,
    Column,
    Draw,
    Question,
    Row,
    seen,
)
from campaigns.queries.questions.buying import (
    GROUPS,
    customers,
    few,
    label_sql,
)
from common.templatetags.display import counted, money, share
from crm.choices import CostKind, Source
from segments.choices import WorthClass

FAMILY = "What customers cost"
_KINDS = " ".join(f"WHEN '{one.value}' THEN '{one.label}'" for one in CostKind)
LEDGER = """
    SELECT s.id AS account_id, e.kind AS part, sum(e.amount) AS amount
    FROM crm_ledgerentry e JOIN seen s ON s.member = e.account_id
    WHERE e.incurred_on BETWEEN %(since)s AND %(until)s
    GROUP BY s.id, e.kind
"""
BY_KIND = f"""
    SELECT part, CASE part {_KINDS} ELSE part END AS label, sum(amount) AS amount,
        (sum(amount) / nullif((SELECT sum(amount) FROM base), 0))::float AS share,
        count(*) AS customers
    FROM base GROUP BY part ORDER BY amount DESC, part
"""
KIND_COLUMNS = (
    Column("label", "Kind of cost"),
    Column("amount", "Cost", "money"),
    Column("share", "Share", "share"),
    Column("customers", "Accounts", "count", names="true"),
)

# -- Below the line --------------------------------------------------------------------

BELOW = Question(
    key="spend-below-line",
    family=FAMILY,
    words=(
        "How much did we spend on customers of {worth_class} from {since} to {until}?"
    ),
    parameters=(
        parameters.choice(
            "worth_class",
            "Class",
            (*parameters.CLASSES, ("", "any class")),
            initial=WorthClass.NEVER_PROFITABLE,
        ),
        *parameters.period(),
    ),
    columns=KIND_COLUMNS,
    base=LEDGER,
    table=BY_KIND,
    totals=lambda asked: (
        f"""
    SELECT count(DISTINCT account_id) AS customers, coalesce(sum(amount), 0) AS amount,
        ({seen(asked, of_any_class=True)}
         SELECT coalesce(sum(e.amount), 0) FROM crm_ledgerentry e
         JOIN seen s ON s.member = e.account_id
         WHERE e.incurred_on BETWEEN %(since)s AND %(until)s) AS everything
    FROM base"""
    ),
    say=lambda asked, total: (
        "Nothing was spent on such customers in this time."
        if not total["customers"]
        else f"{money(total['amount'])} on {customers(total['customers'])}"
        + (
            f": {share(total['amount'] / total['everything'])} of all that customers "
            "cost."
            if total["everything"] > 0
            else "."
        )
    ),
    draw=Draw("Cost by kind", "label", ("amount",)),
    notes=lambda asked, total: few(total["customers"], "accounts"),
    method=(
        "Costs charged to accounts in this time, reversals taken off, by the class of "
        "today. Shared costs count once they are spread over accounts. The share is of "
        "what customers of all classes cost, of those that the filter keeps."
    ),
)

# -- Cost to serve by group ------------------------------------------------------------

SERVED = "('acquisition', 'onboarding')"

COST_TO_SERVE = Question(
    key="cost-to-serve",
    family=FAMILY,
    words="What do customers cost to serve, by {by}, from {since} to {until}?",
    parameters=(
        parameters.choice(
            "by",
            "Group",
            (
                ("class", "class"),
                ("type", "type of relationship"),
                ("source", "source"),
            ),
        ),
        *parameters.period(),
    ),
    columns=(
        Column("label", "Customers of"),
        Column("customers", "Accounts", "count", names="true"),
        Column("amount", "Cost to serve", "money"),
        Column("each", "Each, on average", "money"),
        Column("margin", "Revenue less goods", "money"),
        Column("share", "Of that", "share"),
    ),
    base=lambda asked: (
        f"""
    SELECT c.id AS account_id, {GROUPS[asked.values["by"]]} AS part,
        sum(c.amount) AS amount, sum(c.margin) AS margin
    FROM (
        SELECT s.id, e.amount, 0::numeric AS margin FROM crm_ledgerentry e
        JOIN seen s ON s.member = e.account_id
        WHERE e.incurred_on BETWEEN %(since)s AND %(until)s
            AND e.kind NOT IN {SERVED}
        UNION ALL
        SELECT s.id, 0, l.revenue - l.cost FROM crm_orderline l
        JOIN seen s ON s.member = l.account_id
        WHERE l.status = 'confirmed' AND l.cost IS NOT NULL
            AND l.ordered_on BETWEEN %(since)s AND %(until)s
    ) c JOIN crm_account a ON a.id = c.id
    LEFT JOIN segments_membership m ON m.account_id = a.id AND {STANDS}
    GROUP BY 1, 2
    """
    ),
    table=lambda asked: (
        f"""
    SELECT part, {label_sql(asked, "part")} AS label, count(*) AS customers,
        sum(amount) AS amount, sum(amount) / count(*) AS each, sum(margin) AS margin,
        (sum(amount) / nullif(sum(margin), 0))::float AS share
    FROM base GROUP BY part ORDER BY amount DESC, part
    """
    ),
    totals="""SELECT count(*) AS customers, coalesce(sum(amount), 0) AS amount,
        coalesce(sum(margin), 0) AS margin FROM base""",
    say=lambda asked, total: (
        "Nothing was sold and nothing was spent in this time."
        if not total["customers"]
        else f"Serving {customers(total['customers'])} cost {money(total['amount'])}"
        + (
            f", {share(total['amount'] / total['margin'])} of what they left after the "
            "cost of goods."
            if total["margin"] > 0
            else "."
        )
    ),
    draw=Draw("Cost to serve", "label", ("amount",)),
    method=(
        "All costs of accounts but those of winning and starting them. Lines without a "
        "known cost of goods leave nothing here."
    ),
)

# -- Discounts -------------------------------------------------------------------------

DISCOUNT_BY = {
    "product": (
        "coalesce(l.product_id::text, 'none')",
        "p.name",
        "Not in the catalogue",
    ),
    "customer": ("s.id::text", "a.name", "?"),
    "rep": ("coalesce(a.owner_id::text, 'nobody')", "u.name", "Nobody"),
}


def _discount_columns(asked: Asked) -> tuple[Column, ...]:
    by = asked.values["by"]
    first = (
        Column("label", "Customer", "account")
        if by == "customer"
        else Column("label", asked.said["by"].capitalize())
    )
    return (
        first,
        Column("discount", "Discount given", "money"),
        Column("rate", "Of the price before", "share"),
        Column("revenue", "Revenue left", "money"),
        Column("orders", "Orders", "count"),
        Column("customers", "Customers", "count", names="true"),
    )


def _discount_table(asked: Asked) -> str:
    _, name, otherwise = DISCOUNT_BY[asked.values["by"]]
    joins = {
        "p.name": "LEFT JOIN crm_product p ON p.id::text = b.part",
        "a.name": "JOIN crm_account a ON a.id::text = b.part",
        "u.name": "LEFT JOIN crm_user u ON u.id::text = b.part",
    }[name]
    return f"""
    SELECT b.part, coalesce({name}, '{otherwise}') AS label,
        max(b.account_id) AS account_id, sum(b.discount) AS discount,
        (sum(b.discount) / nullif(sum(b.revenue + b.discount), 0))::float AS rate,
        sum(b.revenue) AS revenue, sum(b.orders) AS orders, count(*) AS customers
    FROM base b {joins}
    GROUP BY b.part, {name} ORDER BY discount DESC, b.part
    """


DISCOUNTS = Question(
    key="discounts",
    family=FAMILY,
    words="Which discounts cost most, by {by}, from {since} to {until}?",
    parameters=(
        parameters.choice(
            "by",
            "Group",
            (("product", "product"), ("customer", "customer"), ("rep", "rep")),
        ),
        *parameters.period(),
    ),
    columns=_discount_columns,
    base=lambda asked: (
        f"""
    SELECT s.id AS account_id, {DISCOUNT_BY[asked.values["by"]][0]} AS part,
        sum(l.discount) AS discount, sum(l.revenue) AS revenue,
        count(DISTINCT l.order_id) AS orders
    FROM crm_orderline l JOIN seen s ON s.member = l.account_id
    JOIN crm_account a ON a.id = s.id
    WHERE l.status = 'confirmed' AND l.discount > 0
        AND l.ordered_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2
    """
    ),
    table=_discount_table,
    totals="""SELECT count(DISTINCT account_id) AS customers,
        coalesce(sum(discount), 0) AS discount, coalesce(sum(revenue), 0) AS revenue
        FROM base""",
    say=lambda asked, total: (
        "No discount was given in this time."
        if not total["customers"]
        else f"{money(total['discount'])} of discount went to "
        f"{customers(total['customers'])}, "
        f"{share(total['discount'] / (total['discount'] + total['revenue']))} of the "
        "price before."
    ),
    draw=Draw("Discount given", "label", ("discount",)),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Lines of confirmed orders with a discount; the rate is of those lines alone."
    ),
)

# -- Returns ---------------------------------------------------------------------------


def _say_returns(asked: Asked, total: Row) -> str:
    if not total["returns"]:
        return "Nothing came back in this time."
    return (
        f"{counted(total['returns'], 'return')} of {customers(total['customers'])} cost"
        f" {money(total['lost'])} after what could be sold again; handling returns"
        f" cost another {money(total['handling'])}."
    )


RETURNS = Question(
    key="returns",
    family=FAMILY,
    words="What do returns cost, by product, from {since} to {until}?",
    parameters=parameters.period(),
    columns=(
        Column("label", "Product"),
        Column("returns", "Returns", "count"),
        Column("refund", "Refunded", "money"),
        Column("recovered", "Sold again for", "money"),
        Column("lost", "Cost", "money"),
        Column("rate", "Refunded, of revenue", "share"),
        Column("customers", "Customers", "count", names="true"),
    ),
    base="""
    SELECT s.id AS account_id, coalesce(l.product_id::text, 'none') AS part,
        l.product_id, count(*) AS returns, sum(r.refund) AS refund,
        sum(r.cost_recovered) AS recovered
    FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
    JOIN seen s ON s.member = r.account_id
    WHERE l.status = 'confirmed' AND r.returned_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2, 3
    """,
    table="""
    SELECT t.*, coalesce(p.name, 'Not in the catalogue') AS label,
        t.refund - t.recovered AS lost, (t.refund / nullif(w.revenue, 0))::float AS rate
    FROM (SELECT part, product_id, sum(returns) AS returns, sum(refund) AS refund,
              sum(recovered) AS recovered, count(*) AS customers
          FROM base GROUP BY 1, 2) t
    LEFT JOIN crm_product p ON p.id = t.product_id
    LEFT JOIN LATERAL (
        SELECT sum(l.revenue) AS revenue FROM crm_orderline l
        JOIN seen s ON s.member = l.account_id
        WHERE l.status = 'confirmed' AND l.product_id IS NOT DISTINCT FROM t.product_id
            AND l.ordered_on BETWEEN %(since)s AND %(until)s
    ) w ON true
    ORDER BY lost DESC, t.part
    """,
    totals="""
    SELECT count(DISTINCT account_id) AS customers, coalesce(sum(returns), 0) AS
        returns,
        coalesce(sum(refund - recovered), 0) AS lost,
        (SELECT coalesce(sum(e.amount), 0) FROM crm_ledgerentry e
         JOIN seen s ON s.member = e.account_id WHERE e.kind = 'returns'
         AND e.incurred_on BETWEEN %(since)s AND %(until)s) AS handling
    FROM base""",
    say=_say_returns,
    draw=Draw("Cost of returns", "label", ("lost",)),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Refunds less the value of what could be sold again. Handling is charged to "
        "accounts in the ledger, not to products, and stands in the sentence."
    ),
)

# -- Sources ---------------------------------------------------------------------------

SOURCES = Question(
    key="sources-worth",
    family=FAMILY,
    words=(
        "Which sources bring customers of worth, of those who first ordered from "
        "{since} to {until}?"
    ),
    parameters=parameters.period(days=1095),
    columns=(
        Column("label", "Source"),
        Column("customers", "Customers", "count", names="true"),
        Column("clv", "CLV each", "money"),
        Column("spread", "Standard error", "money"),
        Column("cost", "Cost to win each", "money"),
        Column("paid", "Paid back", "share"),
    ),
    base="""
    SELECT v.account_id, coalesce(nullif(a.source, ''), 'unknown') AS part, v.clv,
        v.cost_to_win, v.paid_back_on IS NOT NULL AS is_paid
    FROM clv_valuation v JOIN seen s ON s.id = v.account_id AND s.member = s.id
    JOIN crm_account a ON a.id = v.account_id
    WHERE v.run_id = %(run)s AND v.first_on BETWEEN %(since)s AND %(until)s
    """,
    table=lambda asked: (
        f"""
    SELECT part, {source_label()} AS label, count(*) AS customers, avg(clv) AS clv,
        (stddev_samp(clv) / sqrt(count(*)))::float AS spread,
        avg(cost_to_win) AS cost, avg(is_paid::int)::float AS paid
    FROM base GROUP BY part ORDER BY clv DESC, part
    """
    ),
    totals=lambda asked: (
        f"""
    SELECT (SELECT count(*) FROM base) AS customers, m.clv, m.label
    FROM (SELECT 1) one LEFT JOIN (
        SELECT {source_label()} AS label, avg(clv) AS clv FROM base
        GROUP BY part ORDER BY 2 DESC, 1 LIMIT 1) m ON true"""
    ),
    say=lambda asked, total: (
        "No customer ordered for the first time in this time."
        if not total["customers"]
        else f"Of {customers(total['customers'])}, those of “{total['label']}” are "
        f"worth {'most' if total['clv'] > 0 else 'most, and less than nothing'}: "
        f"{money(total['clv'])} each on average."
    ),
    draw=Draw("CLV each, on average", "label", ("clv",)),
    notes=lambda asked, total: few(total["customers"]),
    needs_run=True,
    method=(
        "CLV of the last night. The standard error says how far the average of so few "
        "customers may lie from that of all such customers: twice it, both ways."
    ),
)


def source_label() -> str:
    """Return SQL for the name of a source."""
    whens = " ".join(f"WHEN '{s.value}' THEN '{s.label}'" for s in Source if s.value)
    return f"CASE part {whens} ELSE 'Not known' END"


QUESTIONS = (BELOW, COST_TO_SERVE, DISCOUNTS, RETURNS, SOURCES)
