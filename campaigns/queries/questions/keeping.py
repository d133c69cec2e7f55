"""Questions about keeping customers: who comes back, who leaves, why, to whom."""

from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import Column, Draw, Question
from campaigns.queries.questions.buying import (
    ACCOUNT,
    OF_BASE,
    customers,
    few,
    label_sql,
)
from common.templatetags.display import count, counted, money, share
from crm.choices import LossReason

FAMILY = "Who stays and who leaves"


def wilson(kept: str, everybody: str, sign: str) -> str:
    """Return SQL for one end of Wilson's 95 % interval of a share (Wilson, 1927)."""
    n, p, z = f"{everybody}::float", f"({kept}::float / {everybody})", "1.959964"
    middle = f"({p} + {z}^2 / (2 * {n}))"
    spread = f"{z} * sqrt({p} * (1 - {p}) / {n} + {z}^2 / (4 * {n}^2))"
    return f"({middle} {sign} {spread}) / (1 + {z}^2 / {n})"


# -- Retention -------------------------------------------------------------------------

BY = parameters.choice(
    "by",
    "Group",
    (("class", "class"), ("type", "type of relationship"), ("source", "source")),
)
THEN_CLASS = """coalesce((SELECT m.worth_class FROM segments_membership m
    WHERE m.account_id = c.id AND m.since <= %(day)s::date - 365
    AND (m.until IS NULL OR m.until > %(day)s::date - 365)), 'unknown')"""
GROUPS = {
    "class": THEN_CLASS,
    "type": "coalesce(nullif(a.relationship_type, ''), 'unknown')",
    "source": "coalesce(nullif(a.source, ''), 'unknown')",
}

RETENTION = Question(
    key="retention",
    family=FAMILY,
    words=(
        "What share of customers of the year before bought again in the year to "
        "{day}, by {by}?"
    ),
    parameters=(parameters.one_day("day", "Last day"), BY),
    columns=(
        Column("label", "Customers of"),
        Column("customers", "Bought the year before", "count", names="true"),
        Column("kept", "Bought again", "count", names="is_kept"),
        Column("share", "Kept", "share"),
        Column("low", "95 % between", "share"),
        Column("high", "and", "share"),
    ),
    base=lambda asked: (
        f"""
    SELECT c.id AS account_id, {GROUPS[asked.values["by"]]} AS part, c.is_kept
    FROM (
        SELECT s.id, bool_or(l.ordered_on > %(day)s::date - 365) AS is_kept
        FROM crm_orderline l JOIN seen s ON s.member = l.account_id
        WHERE l.status = 'confirmed' AND l.ordered_on <= %(day)s
            AND l.ordered_on > %(day)s::date - 730
        GROUP BY s.id
        HAVING bool_or(l.ordered_on <= %(day)s::date - 365)
    ) c JOIN crm_account a ON a.id = c.id
    """
    ),
    table=lambda asked: (
        f"""
    SELECT t.*, kept::float / customers AS share,
        {wilson("kept", "customers", "-")} AS low,
        {wilson("kept", "customers", "+")} AS high
    FROM (SELECT part, {label_sql(asked, "part")} AS label, count(*) AS customers,
              count(*) FILTER (WHERE is_kept) AS kept FROM base GROUP BY part) t
    ORDER BY customers DESC, part
    """
    ),
    totals="""SELECT count(*) AS customers, count(*) FILTER (WHERE is_kept) AS kept
        FROM base""",
    say=lambda asked, total: (
        "Nobody bought in the year before that, so there was nobody to keep."
        if not total["customers"]
        else f"{count(total['kept'])} of {customers(total['customers'])} of the year "
        f"before bought again: {share(total['kept'] / total['customers'])}."
    ),
    draw=Draw("Share kept", "label", ("share",)),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Who ordered between two years and one year before the day, and whether they "
        "ordered in the year up to it. The class is that of a year before, not of "
        "today, which would count those who stayed twice. Intervals are Wilson's."
    ),
)

# -- Payback by rep --------------------------------------------------------------------

MEDIAN = """nullif(percentile_disc(0.5) WITHIN GROUP (
    ORDER BY coalesce(days, 999999)), 999999)"""

PAYBACK = Question(
    key="payback-by-rep",
    family=FAMILY,
    words="Whose customers pay back fastest, of those won from {since} to {until}?",
    parameters=parameters.period(days=1095),
    columns=(
        Column("label", "Rep"),
        Column("customers", "Customers", "count", names="true"),
        Column("paid", "Paid back", "count", names="days IS NOT NULL"),
        Column("share", "Share", "share"),
        Column("median", "Half within … days", "days"),
        Column("within", "Within a year, of those old enough", "share"),
    ),
    base="""
    SELECT f.account_id, coalesce(a.owner_id::text, 'nobody') AS part, f.first_on,
        CASE WHEN f.paid_back_on IS NOT NULL
            THEN greatest(f.paid_back_on - f.first_on, 0) END AS days
    FROM clv_valuation f JOIN seen s ON s.id = f.account_id AND s.member = s.id
    JOIN crm_account a ON a.id = f.account_id
    WHERE f.run_id = %(run)s AND f.first_on BETWEEN %(since)s AND %(until)s
    """,
    table=f"""
    SELECT b.part, coalesce(u.name, 'Nobody') AS label, count(*) AS customers,
        count(days) AS paid, count(days)::float / count(*) AS share,
        {MEDIAN} AS median,
        avg((coalesce(days, 999999) <= 365)::int)
            FILTER (WHERE first_on <= %(as_of)s::date - 365)::float AS within
    FROM base b LEFT JOIN crm_user u ON u.id::text = b.part
    GROUP BY b.part, u.name ORDER BY median NULLS LAST, customers DESC, b.part
    """,
    totals=f"""SELECT count(*) AS customers, count(days) AS paid, {MEDIAN} AS median
        FROM base""",
    say=lambda asked, total: (
        "No customer ordered for the first time in this time."
        if not total["customers"]
        else f"{count(total['paid'])} of {customers(total['customers'])} "
        f"{'has' if total['customers'] == 1 else 'have'} paid for "
        "winning and serving them; "
        + (
            f"half of all did within {counted(total['median'], 'day')} of their first "
            "order."
            if total["median"] is not None
            else "less than half of all, so there is no usual time yet."
        )
    ),
    draw=Draw("Share that paid back within a year", "label", ("within",)),
    notes=lambda asked, total: few(total["customers"]),
    needs_run=True,
    method=(
        "By the owner of today. Paid back: margin so far has covered all costs "
        "for good "
        "as of the last night; who has not counts as later than everybody who has."
    ),
)

# -- Contracts that end ----------------------------------------------------------------

CONTRACTS = Question(
    key="contracts-ending",
    family=FAMILY,
    words=(
        "Which contracts of customers of {worth_class}, owned by {owner}, end in the "
        "next {days} days, and what are they worth?"
    ),
    parameters=(
        parameters.CLASS,
        parameters.OWNER,
        parameters.whole("days", "Days", initial=90, least=1, most=3650),
    ),
    columns=(
        ACCOUNT,
        Column("product", "Contract"),
        Column("ends_on", "Ends on", "day"),
        Column("probability_alive", "Still a customer", "share"),
        Column("expected_margin_year", "Margin expected this year", "money"),
        Column("clv", "CLV", "money"),
    ),
    base="""
    SELECT k.account_id, p.name AS product, k.ends_on, v.probability_alive,
        v.expected_margin_year, v.clv
    FROM clv_contractvaluation k
    JOIN seen s ON s.id = k.account_id AND s.member = s.id
    JOIN crm_account a ON a.id = k.account_id AND a.stage <> 'former'
    JOIN crm_product p ON p.id = k.product_id
    JOIN clv_valuation v ON v.account_id = k.account_id AND v.run_id = k.run_id
    WHERE k.run_id = %(run)s AND NOT k.has_ended
        AND k.ends_on BETWEEN %(today)s AND %(today)s::date + %(days)s::int
    """,
    table=f"{OF_BASE} ORDER BY b.ends_on, b.expected_margin_year DESC, b.account_id",
    totals="""SELECT count(*) AS customers, coalesce(sum(expected_margin_year), 0)
        AS margin, coalesce(sum(clv), 0) AS clv FROM base""",
    say=lambda asked, total: (
        f"No contract ends in the next {asked.said['days']} days."
        if not total["customers"]
        else f"{count(total['customers'])} "
        f"{'contract ends' if total['customers'] == 1 else 'contracts end'} in "
        "the next "
        f"{asked.said['days']} days; {money(total['margin'])} of margin is expected "
        f"this year of these customers, whose CLV is {money(total['clv'])}."
    ),
    draw=Draw("Margin expected this year", "account", ("expected_margin_year",)),
    needs_run=True,
    method=(
        "Of each customer the contract that ends last, as the last night had it; one "
        "without an end on record runs to its next anniversary."
    ),
)

# -- Why customers are lost ------------------------------------------------------------

_REASONS = " ".join(
    f"WHEN '{one.value}' THEN '{one.label}'" for one in LossReason if one.value
)

LOSSES = Question(
    key="why-lost",
    family=FAMILY,
    words="Why did we lose customers from {since} to {until}?",
    parameters=parameters.period(),
    columns=(
        Column("label", "Reason"),
        Column("customers", "Lost customers", "count", names="true"),
        Column("share", "Share", "share"),
        Column("profit", "Profit they had brought", "money"),
        Column("years", "Years with us, on average", "number"),
    ),
    base="""
    SELECT a.id AS account_id, coalesce(nullif(a.loss_reason, ''), 'unknown') AS part,
        v.realised_profit AS profit, (a.lost_on - a.acquired_on) / 365.25 AS years
    FROM crm_account a JOIN seen s ON s.id = a.id AND s.member = s.id
    LEFT JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
    WHERE a.lost_on BETWEEN %(since)s AND %(until)s
    """,
    table=f"""
    SELECT part, CASE part {_REASONS} ELSE 'Not known' END AS label,
        count(*) AS customers,
        count(*)::float / (SELECT count(*) FROM base) AS share, sum(profit) AS profit,
        avg(years)::float AS years
    FROM base GROUP BY part ORDER BY customers DESC, part
    """,
    totals=f"""
    SELECT (SELECT count(*) FROM base) AS customers, m.n AS most,
        CASE m.part {_REASONS} ELSE 'not known' END AS reason
    FROM (SELECT 1) one LEFT JOIN (
        SELECT part, count(*) AS n FROM base GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1
    ) m ON true
    """,
    say=lambda asked, total: (
        "No customer was marked as lost in this time."
        if not total["customers"]
        else f"{customers(total['customers'])} "
        f"{'was' if total['customers'] == 1 else 'were'} lost; the commonest reason is "
        f"“{total['reason'].lower()}”, {share(total['most'] / total['customers'])}."
    ),
    draw=Draw("Lost customers", "label", ("customers",)),
    notes=lambda asked, total: few(total["customers"], "lost customers"),
    method="Accounts with a day of loss in this time, and the reason that was given.",
)

# -- Competitors -----------------------------------------------------------------------

COMPETITORS = Question(
    key="competitors",
    family=FAMILY,
    words="Which competitors take customers from us, from {since} to {until}?",
    parameters=parameters.period(days=730),
    columns=(
        Column("label", "Competitor"),
        Column("came", "Appeared at", "count", names="came"),
        Column("lost", "Of them lost", "count", names="came AND is_lost"),
        Column("share", "Lost", "share"),
        Column("clv", "CLV of those still here", "money"),
        Column("customers", "Present at", "count", names="true"),
    ),
    base="""
    SELECT s.id AS account_id, c.competitor_id::text AS part, c.competitor_id,
        bool_or(coalesce(c.since BETWEEN %(since)s AND %(until)s, false)) AS came,
        coalesce(a.lost_on BETWEEN %(since)s AND %(until)s, false) AS is_lost, v.clv
    FROM crm_competitorpresence c JOIN seen s ON s.member = c.account_id
    JOIN crm_account a ON a.id = s.id
    LEFT JOIN clv_valuation v ON v.account_id = s.id AND v.run_id = %(run)s
    WHERE (c.until IS NULL OR c.until >= %(since)s)
        AND (c.since IS NULL OR c.since <= %(until)s)
    GROUP BY s.id, c.competitor_id, a.lost_on, v.clv
    """,
    table="""
    SELECT b.part, k.name AS label, count(*) AS customers,
        count(*) FILTER (WHERE came) AS came,
        count(*) FILTER (WHERE came AND is_lost) AS lost,
        count(*) FILTER (WHERE came AND is_lost)::float
            / nullif(count(*) FILTER (WHERE came), 0) AS share,
        sum(clv) FILTER (WHERE NOT is_lost) AS clv
    FROM base b JOIN crm_competitor k ON k.id = b.competitor_id
    GROUP BY b.part, k.name ORDER BY lost DESC, came DESC, customers DESC, b.part
    """,
    totals="""
    SELECT count(DISTINCT account_id) AS customers,
        count(DISTINCT account_id) FILTER (WHERE came) AS came,
        count(DISTINCT account_id) FILTER (WHERE came AND is_lost) AS lost,
        (SELECT count(*) FROM crm_account a JOIN seen s ON s.id = a.id
         AND s.member = s.id WHERE a.lost_on BETWEEN %(since)s AND %(until)s
         AND a.loss_reason = 'competitor') AS told
    FROM base""",
    say=lambda asked, total: (
        "No competitor is written down at a customer in this time, and no customer was "
        "lost to one."
        if not total["came"] and not total["told"]
        else f"Competitors appeared at {customers(total['came']).lower()} in this "
        f"time; {count(total['lost']) if total['lost'] else 'none'} of those were "
        f"lost. By the reason given, competitors took "
        f"{customers(total['told']).lower()}."
    ),
    draw=Draw("Customers", "label", ("came", "lost")),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "What is written down of competitors at customers. A customer who was lost "
        "after a competitor appeared need not have gone there."
    ),
)

QUESTIONS = (
    RETENTION,
    PAYBACK,
    CONTRACTS,
    LOSSES,
    COMPETITORS,
)
