"""Questions about the next order: what is missing, what is late, how it began."""

from campaigns import policy
from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import Asked, Column, Draw, Question, Row
from campaigns.queries.questions.buying import (
    ACCOUNT,
    FAMILY,
    GROUPS,
    OF_BASE,
    customers,
    few,
    label_sql,
)
from common.templatetags.display import count, counted, money, share

# Who has what by the day that is asked about; what is on hand only today is told.
HAS = """SELECT account_id, product_id FROM crm_orderline
                WHERE status = 'confirmed' AND ordered_on <= %(today)s
            UNION ALL
            SELECT account_id, product_id FROM crm_holding
                WHERE status = 'active' AND acquired_on <= %(today)s"""

# -- Cross-sell ------------------------------------------------------------------------

WITHOUT = Question(
    key="one-without-other",
    family=FAMILY,
    words="Which customers have {product} but not {other}, and what could it bring?",
    parameters=(
        parameters.product(),
        parameters.product("other", "Product they lack", rank=1),
    ),
    columns=(
        ACCOUNT,
        Column("probability", "Chance within a year", "share"),
        Column("yearly_gain", "A year with it brings", "money"),
        Column("amount", "Expected margin", "money"),
        Column("clv", "CLV", "money"),
    ),
    base=f"""
    SELECT c.id AS account_id, e.probability, e.yearly_gain, e.amount, v.clv
    FROM (SELECT DISTINCT s.id FROM seen s JOIN (
            {HAS}
          ) has ON has.account_id = s.member AND has.product_id = %(product)s) c
    LEFT JOIN clv_expansionoffer e ON e.account_id = c.id AND e.offered_id = %(other)s
    LEFT JOIN clv_valuation v ON v.account_id = c.id AND v.run_id = %(run)s
    WHERE %(product)s <> %(other)s AND NOT EXISTS (
        SELECT 1 FROM seen s JOIN (
            {HAS}
        ) has ON has.account_id = s.member AND has.product_id = %(other)s
        WHERE s.id = c.id)
    """,
    table=f"""{OF_BASE} ORDER BY b.amount DESC NULLS LAST, b.clv DESC NULLS LAST,
        b.account_id""",
    totals="""SELECT count(*) AS customers, count(amount) AS offers,
        coalesce(sum(amount), 0) AS amount FROM base""",
    say=lambda asked, total: (
        "These are the same product. Choose two."
        if asked.values["product"] == asked.values["other"]
        else f"{customers(total['customers'])} "
        f"{'has' if total['customers'] <= 1 else 'have'} {asked.said['product']} "
        "but not "
        f"{asked.said['other']}; with {count(total['offers'])} of them it is expected "
        f"to bring {money(total['amount'])} of margin within a year."
    ),
    draw=Draw("Expected margin", "account", ("amount",)),
    method=(
        "Who ever bought a product or has it on hand has it. The expected margin is "
        "chance times gain, as the last night learnt from accounts like them; a dash "
        "where it learnt nothing of the two products."
    ),
)

# -- Late for the usual order ----------------------------------------------------------

LATE = Question(
    key="late-orders",
    family=FAMILY,
    words=(
        "Which customers of {worth_class}, owned by {owner}, are late for their "
        "usual order by "
        "more than {late} % of their interval?"
    ),
    parameters=(
        parameters.CLASS,
        parameters.OWNER,
        parameters.whole("late", "Late by", initial=50, least=1, most=1000),
    ),
    columns=(
        ACCOUNT,
        Column("usual_days", "Orders every … days", "days"),
        Column("since_days", "Days since the last", "days"),
        Column("last_on", "Last order", "day"),
        Column("probability_alive", "Still a customer", "share"),
        Column("expected_margin_year", "Margin expected this year", "money"),
    ),
    base=f"""
    SELECT v.account_id, usual.days AS usual_days, v.last_on,
        %(as_of)s::date - v.last_on AS since_days, v.probability_alive,
        v.expected_margin_year
    FROM clv_valuation v JOIN seen s ON s.member = v.account_id AND s.id = s.member
    JOIN crm_account a ON a.id = v.account_id AND a.stage <> 'former'
    CROSS JOIN LATERAL (
        SELECT (v.last_on - v.first_on)::float / nullif(v.order_days - 1, 0) AS days
    ) usual
    WHERE v.run_id = %(run)s AND v.order_days >= {policy.FEWEST_ORDERS_FOR_RHYTHM}
        AND usual.days >= {policy.SHORTEST_RHYTHM_DAYS}
        AND %(as_of)s::date - v.last_on > (1 + %(late)s / 100.0) * usual.days
        AND %(as_of)s::date - v.last_on <= {policy.REPEAT_LOST_AFTER} * usual.days
    """,
    table=f"{OF_BASE} ORDER BY b.expected_margin_year DESC, b.account_id",
    totals="""SELECT count(*) AS customers,
        coalesce(sum(expected_margin_year), 0) AS margin FROM base""",
    say=lambda asked, total: (
        "No customer is late for the usual order."
        if not total["customers"]
        else f"{customers(total['customers'])} "
        f"{'is' if total['customers'] == 1 else 'are'} late for the usual order; "
        f"{money(total['margin'])} of margin is still expected of them within a year."
    ),
    draw=Draw("Margin expected this year", "account", ("expected_margin_year",)),
    needs_run=True,
    method=(
        f"Customers with at least {policy.FEWEST_ORDERS_FOR_RHYTHM} days of orders. "
        "The interval is the time from the first to the last order divided by the "
        f"orders between; after {policy.REPEAT_LOST_AFTER:.0f} intervals an order "
        "is no "
        "longer late but lost."
    ),
)

# -- What brings new customers ---------------------------------------------------------


def _say_first(asked: Asked, total: Row) -> str:
    when = f"from {asked.said['since']} to {asked.said['until']}"
    if not total["customers"]:
        return f"No customer ordered for the first time {when}."
    return (
        f"{customers(total['customers'])} ordered for the first time {when}; more of "
        "them than with any other product, "
        f"{share(total['most'] / total['customers'])}, began with "
        f"{total['product']}."
    )


FIRST_PRODUCTS = Question(
    key="first-products",
    family=FAMILY,
    words="Which products bring new customers, from {since} to {until}?",
    parameters=parameters.period(),
    columns=(
        Column("label", "Product in the first order"),
        Column("customers", "New customers", "count", names="true"),
        Column("share", "Of all new ones", "share"),
        Column("again", "Ordered again", "share"),
        Column("clv", "CLV each, on average", "money"),
    ),
    base="""
    SELECT f.id AS account_id, coalesce(l.product_id::text, '0') AS part, l.product_id,
        bool_or(f.last_on > f.first_on) AS came_back, max(v.clv) AS clv
    FROM (SELECT s.id, min(l.ordered_on) AS first_on, max(l.ordered_on) AS last_on
          FROM crm_orderline l JOIN seen s ON s.member = l.account_id
          WHERE l.status = 'confirmed' AND l.ordered_on <= %(today)s GROUP BY s.id) f
    JOIN seen s ON s.id = f.id
    JOIN crm_orderline l ON l.account_id = s.member AND l.ordered_on = f.first_on
        AND l.status = 'confirmed'
    LEFT JOIN clv_valuation v ON v.account_id = f.id AND v.run_id = %(run)s
    WHERE f.first_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2, 3
    """,
    table="""
    SELECT b.part, coalesce(p.name, 'Not in the catalogue') AS label,
        count(*) AS customers,
        count(*)::float / (SELECT count(DISTINCT account_id) FROM base) AS share,
        avg(b.came_back::int)::float AS again, avg(b.clv) AS clv
    FROM base b LEFT JOIN crm_product p ON p.id = b.product_id
    GROUP BY b.part, p.name ORDER BY customers DESC, b.part
    """,
    totals="""
    SELECT (SELECT count(DISTINCT account_id) FROM base) AS customers,
        m.customers AS most, coalesce(p.name, 'something not in the catalogue')
            AS product
    FROM (SELECT product_id, part, count(*) AS customers FROM base
          GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT 1) m
    RIGHT JOIN (SELECT 1) one ON true LEFT JOIN crm_product p ON p.id = m.product_id
    """,
    say=_say_first,
    draw=Draw("New customers", "label", ("customers",)),
    notes=lambda asked, total: few(total["customers"], "new customers"),
    method="The products of the day of the first order; one order may hold several.",
)

# -- How long until the second order ---------------------------------------------------

BUCKETS = (30, 60, 90, 180, 365)


def _say_second(asked: Asked, total: Row) -> str:
    if not total["customers"]:
        return "No customer ordered for the first time in this time."
    if total["median"] is None:
        return (
            f"Less than half of {customers(total['customers'])} whose first order was "
            "in this time have ordered a second time so far."
        )
    return (
        f"Half of the {customers(total['customers'])} whose first order was in this "
        f"time ordered again within {counted(total['median'], 'day')}; "
        f"{share(total['again'] / total['customers'])} have by now."
    )


MEDIAN = """nullif(percentile_disc(0.5) WITHIN GROUP (
    ORDER BY coalesce(days, 999999)), 999999)"""

SECOND_ORDER = Question(
    key="second-order",
    family=FAMILY,
    words=(
        "How long until the second order, by {by}, of customers who first ordered from "
        "{since} to {until}?"
    ),
    parameters=(
        parameters.choice(
            "by", "Group", (("source", "source"), ("type", "type of relationship"))
        ),
        *parameters.period(days=730),
    ),
    columns=(
        Column("label", "Customers of"),
        Column("customers", "First orders", "count", names="true"),
        Column("again", "Ordered again", "count", names="days IS NOT NULL"),
        Column("share", "Share", "share"),
        Column("median", "Half within … days", "days"),
        Column("within", "Within 90 days, of those old enough", "share"),
    ),
    base=lambda asked: (
        f"""
    SELECT f.id AS account_id, {GROUPS[asked.values["by"]]} AS part, f.first_on,
        (SELECT min(l.ordered_on) FROM crm_orderline l JOIN seen s
         ON s.member = l.account_id WHERE s.id = f.id AND l.status = 'confirmed'
         AND l.ordered_on > f.first_on AND l.ordered_on <= %(today)s) - f.first_on
            AS days
    FROM (SELECT s.id, min(l.ordered_on) AS first_on FROM crm_orderline l
          JOIN seen s ON s.member = l.account_id
          WHERE l.status = 'confirmed' GROUP BY s.id) f
    JOIN crm_account a ON a.id = f.id
    WHERE f.first_on BETWEEN %(since)s AND %(until)s AND f.first_on <= %(today)s
    """
    ),
    table=lambda asked: (
        f"""
    SELECT part, {label_sql(asked, "part")} AS label, count(*) AS customers,
        count(days) AS again, count(days)::float / count(*) AS share,
        {MEDIAN} AS median,
        avg((coalesce(days, 999999) <= 90)::int)
            FILTER (WHERE first_on <= %(today)s::date - 90)::float AS within
    FROM base GROUP BY part ORDER BY customers DESC, part
    """
    ),
    totals=f"""SELECT count(*) AS customers, count(days) AS again, {MEDIAN} AS median
        FROM base""",
    say=_say_second,
    draw=Draw(
        title="Share that ordered again within so many days",
        label="within",
        series=("share",),
        shape="line",
        x_title="Days since the first order",
        sql=f"""
        SELECT d::text AS within, count(*) FILTER (WHERE days <= d)::float
            / nullif(count(account_id), 0) AS share
        FROM unnest(ARRAY{list(BUCKETS)}) AS d
        LEFT JOIN base ON first_on <= %(today)s::date - d
        GROUP BY d ORDER BY d
        """,
    ),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Days with orders count, so two orders on one day are one. Who has not come "
        "back counts as later than everybody who has. Each point of the chart takes "
        "only customers whose first order lies that far back."
    ),
)

QUESTIONS = (WITHOUT, LATE, FIRST_PRODUCTS, SECOND_ORDER)
