"""Questions about worth: who brings most, who fell, where value sits."""

import datetime as dt

from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import Asked, Column, Draw, Question, Row
from campaigns.queries.questions.buying import ACCOUNT, OF_BASE, customers, few
from clv.models import ValuationRun
from common.templatetags.display import count, counted, day, money, share, signed_money
from segments.choices import WorthClass

FAMILY = "Where value is and what moves it"

# -- Q4: the most profitable -----------------------------------------------------------

MEASURE = parameters.choice(
    "measure",
    "Measure",
    (
        ("realised_profit", "profit so far"),
        ("clv", "CLV"),
        ("period_profit", "profit in the period"),
    ),
)
COSTED = "coalesce(l.cost, l.revenue * (1 - %(rate)s::numeric))"


def _profitable_base(asked: Asked) -> str:
    return f"""
    SELECT * FROM (
        SELECT v.account_id, v.realised_profit, v.clv, v.future_low, v.future_high,
            coalesce(p.profit, 0) AS period_profit, coalesce(p.margin, 0) AS margin,
            coalesce(p.cost, 0) AS cost
        FROM clv_valuation v JOIN seen s ON s.id = v.account_id AND s.member = s.id
        LEFT JOIN (
            SELECT s.id, sum(margin) AS margin, sum(cost) AS cost,
                sum(margin) - sum(cost) AS profit
            FROM (
                SELECT l.account_id, l.revenue - {COSTED} AS margin, 0::numeric AS cost
                FROM crm_orderline l WHERE l.status = 'confirmed'
                    AND l.ordered_on BETWEEN %(since)s AND %(until)s
                UNION ALL
                SELECT r.account_id, CASE WHEN l.cost IS NULL
                    THEN -r.refund * %(rate)s::numeric
                    ELSE r.cost_recovered - r.refund END, 0
                FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
                WHERE l.status = 'confirmed'
                    AND r.returned_on BETWEEN %(since)s AND %(until)s
                UNION ALL
                SELECT e.account_id, 0, e.amount FROM crm_ledgerentry e
                WHERE e.account_id IS NOT NULL
                    AND e.incurred_on BETWEEN %(since)s AND %(until)s
            ) facts JOIN seen s ON s.member = facts.account_id
            GROUP BY s.id
        ) p ON p.id = v.account_id
        WHERE v.run_id = %(run)s AND v.order_days > 0
    ) every ORDER BY {asked.values["measure"]} DESC, account_id LIMIT %(n)s
    """


def _say_profitable(asked: Asked, total: Row) -> str:
    if not total["customers"]:
        return "Nobody has ordered yet."
    if total["most"] <= 0:
        return (
            f"None of {customers(total['everybody'])} is above zero by "
            f"{asked.said['measure']}; nearest is {total['first']} with "
            f"{money(total['most'])}."
        )
    if total["everybody"] == 1:
        return (
            f"There is one customer only, {total['first']}, with "
            f"{money(total['most'])} by {asked.said['measure']}."
        )
    return (
        f"The {count(total['customers'])} most profitable of "
        f"{customers(total['everybody'])} by {asked.said['measure']}: together "
        f"{money(total['total'])}; first is {total['first']} with "
        f"{money(total['most'])}."
    )


MOST_PROFITABLE = Question(
    key="most-profitable",
    number="Q4",
    family=FAMILY,
    words=(
        "Which {n} customers of {worth_class}, owned by {owner}, are the most "
        "profitable by "
        "{measure}, from {since} to {until}?"
    ),
    parameters=(
        parameters.whole("n", "How many", initial=20, least=1, most=10_000),
        parameters.CLASS,
        parameters.OWNER,
        MEASURE,
        *parameters.period(),
    ),
    columns=(
        ACCOUNT,
        Column("realised_profit", "Profit so far", "money"),
        Column("clv", "CLV", "money"),
        Column("future_low", "Future value, from", "money"),
        Column("future_high", "Future value, to", "money"),
        Column("margin", "Margin in the period", "money"),
        Column("cost", "Costs in the period", "money"),
        Column("period_profit", "Profit in the period", "money"),
    ),
    base=_profitable_base,
    table=lambda asked: (
        f"{OF_BASE} ORDER BY b.{asked.values['measure']} DESC, b.account_id"
    ),
    totals=lambda asked: (
        f"""
    SELECT count(*) AS customers, sum(b.{asked.values["measure"]}) AS total,
        max(b.{asked.values["measure"]}) AS most,
        (SELECT a.name FROM base f JOIN crm_account a ON a.id = f.account_id
         ORDER BY f.{asked.values["measure"]} DESC, f.account_id LIMIT 1) AS first,
        (SELECT count(*) FROM clv_valuation v JOIN seen s ON s.id = v.account_id
         AND s.member = s.id WHERE v.run_id = %(run)s AND v.order_days > 0)
            AS everybody
    FROM base b"""
    ),
    say=_say_profitable,
    draw=lambda asked: Draw(
        asked.said["measure"].capitalize(), "account", (asked.values["measure"],)
    ),
    needs_run=True,
    method=(
        "Profit is margin less all costs. A line without a known cost has the assumed "
        "margin. Future value lies between the two figures with 90 %. The period "
        "counts "
        "for the profit in the period alone."
    ),
)

# -- Whose value moved, and why --------------------------------------------------------

DIRECTION = parameters.choice(
    "way", "Fell or rose", (("fell", "fell"), ("rose", "rose"))
)


def earlier_run(asked: Asked) -> ValuationRun | None:
    """Return the night that the change is counted from."""
    if asked.run is None:
        return None
    since = asked.run.as_of - dt.timedelta(days=asked.values["days"])
    runs = ValuationRun.objects
    found = runs.as_of(since) or runs.kept().order_by("as_of").first()
    return found if found and found.pk != asked.run.pk else None


def _moved_base(asked: Asked) -> str:
    before = earlier_run(asked)
    sign = "<" if asked.values["way"] == "fell" else ">"
    return f"""
    SELECT v.account_id, w.clv AS was, v.clv, v.clv - w.clv AS change,
        v.realised_profit - w.realised_profit AS profit,
        v.expected_margin - w.expected_margin AS margin,
        w.expected_cost - v.expected_cost AS cost,
        w.probability_alive AS alive_was, v.probability_alive AS alive
    FROM clv_valuation v
    JOIN clv_valuation w ON w.account_id = v.account_id
        AND w.run_id = {before.pk if before else 0}
    JOIN seen s ON s.id = v.account_id AND s.member = s.id
    WHERE v.run_id = %(run)s AND v.clv {sign} w.clv
    """


def _say_moved(asked: Asked, total: Row) -> str:
    before = earlier_run(asked)
    if before is None:
        return "There is only one night so far, and nothing to compare it with."
    way = asked.values["way"]
    if not total["customers"]:
        return f"Nobody's CLV {way} since {day(before.as_of)}."
    return (
        f"The CLV of {counted(total['accounts'], 'account')} {way} since "
        f"{day(before.as_of)}, by {money(abs(total['change']))} together; most at "
        f"{total['first']}, {signed_money(total['most'])}."
    )


def _moved_notes(asked: Asked, _total: Row) -> list[str]:
    before = earlier_run(asked)
    if before is None or asked.run is None:
        return []
    if (asked.run.as_of - before.as_of).days < asked.values["days"]:
        return [
            f"The first night kept is of {day(before.as_of)}; it counts from there."
        ]
    return []


VALUE_MOVED = Question(
    key="value-moved",
    family=FAMILY,
    words=(
        "Whose CLV {way} most in the last {days} days among customers of "
        "{worth_class}, owned by {owner}, and why?"
    ),
    parameters=(
        DIRECTION,
        parameters.whole("days", "Days", initial=30, least=1, most=3650),
        parameters.CLASS,
        parameters.OWNER,
    ),
    columns=(
        ACCOUNT,
        Column("change", "Change of CLV", "money"),
        Column("why", "Mostly by"),
        Column("profit", "Realised profit", "money"),
        Column("margin", "Margin expected", "money"),
        Column("cost", "Cost expected", "money"),
        Column("alive_was", "Still a customer, then", "share"),
        Column("alive", "now", "share"),
        Column("clv", "CLV now", "money"),
    ),
    base=_moved_base,
    table=lambda asked: (
        f"""
    SELECT t.*, CASE
        WHEN abs(t.margin) >= greatest(abs(t.profit), abs(t.cost)) THEN
            CASE WHEN abs(coalesce(t.alive, 0) - coalesce(t.alive_was, 0)) >= 0.1
            THEN 'how likely they still buy' ELSE 'what they are expected to buy' END
        WHEN abs(t.profit) >= abs(t.cost) THEN 'what they bought and cost'
        ELSE 'what they are expected to cost' END AS why
    FROM ({OF_BASE}) t
    ORDER BY t.change {"ASC" if asked.values["way"] == "fell" else "DESC"}, t.account_id
    """
    ),
    totals=lambda asked: (
        f"""
    SELECT count(*) AS customers, count(*) AS accounts, sum(b.change) AS change,
        {"min" if asked.values["way"] == "fell" else "max"}(b.change) AS most,
        (SELECT a.name FROM base f JOIN crm_account a ON a.id = f.account_id
         ORDER BY abs(f.change) DESC, f.account_id LIMIT 1) AS first
    FROM base b"""
    ),
    say=_say_moved,
    draw=Draw("Change of CLV", "account", ("change",)),
    notes=_moved_notes,
    needs_run=True,
    method=(
        "The change is that of realised profit, of the margin expected and of the cost "
        "expected, and equals their sum to the cent."
    ),
)

# -- Concentration ---------------------------------------------------------------------


def _say_top(asked: Asked, total: Row) -> str:
    if not total["everybody"]:
        return "Nobody has ordered yet."
    if not total["whole"]:
        return "No customer has a CLV above zero, so there is no share to speak of."
    if total["everybody"] == 1:
        return f"There is one customer only, with a CLV of {money(total['whole'])}."
    part = f"{share(total['top'] / total['whole'])} of all CLV above zero"
    return (
        f"The top {count(total['customers'])} of {customers(total['everybody'])} hold "
        f"{part}: {money(total['top'])} of {money(total['whole'])}."
    )


TOP_SHARE = Question(
    key="value-in-top",
    family=FAMILY,
    words="What share of our value sits with the top {n} customers?",
    parameters=(parameters.whole("n", "How many", initial=20, least=1, most=100_000),),
    columns=(
        ACCOUNT,
        Column("place", "Place", "count"),
        Column("clv", "CLV", "money"),
        Column("share", "Share", "share"),
        Column("so_far", "Share so far", "share"),
    ),
    base="""
    SELECT * FROM (
        SELECT v.account_id, v.clv, row_number() OVER (
            ORDER BY v.clv DESC, v.account_id) AS place
        FROM clv_valuation v JOIN seen s ON s.id = v.account_id AND s.member = s.id
        WHERE v.run_id = %(run)s AND v.order_days > 0
    ) ranked WHERE place <= %(n)s
    """,
    table="""
    SELECT b.*, a.name AS account, (greatest(b.clv, 0) / nullif(w.whole, 0))::float
            AS share,
        (sum(greatest(b.clv, 0)) OVER (ORDER BY b.place) / nullif(w.whole, 0))::float
            AS so_far
    FROM base b JOIN crm_account a ON a.id = b.account_id
    CROSS JOIN (SELECT sum(greatest(v.clv, 0)) AS whole FROM clv_valuation v
        JOIN seen s ON s.id = v.account_id AND s.member = s.id
        WHERE v.run_id = %(run)s AND v.order_days > 0) w
    ORDER BY b.place
    """,
    totals="""
    SELECT count(*) AS customers, coalesce(sum(greatest(clv, 0)), 0) AS top,
        (SELECT count(*) FROM clv_valuation v JOIN seen s ON s.id = v.account_id
         AND s.member = s.id WHERE v.run_id = %(run)s AND v.order_days > 0) AS
             everybody,
        (SELECT coalesce(sum(greatest(v.clv, 0)), 0) FROM clv_valuation v
         JOIN seen s ON s.id = v.account_id AND s.member = s.id
         WHERE v.run_id = %(run)s AND v.order_days > 0) AS whole
    FROM base""",
    say=_say_top,
    draw=Draw("Share so far", "place", ("so_far",), shape="area", x_title="Customers"),
    needs_run=True,
    method="Customers with a CLV below zero count as zero in the whole.",
)

# -- Moves between classes -------------------------------------------------------------

FROM_CLASS = parameters.choice(
    "from_class",
    "From class",
    parameters.CLASSES,
    initial=WorthClass.GENERAL,
)
TO_CLASS = parameters.choice(
    "to_class",
    "To class",
    parameters.CLASSES,
    initial=WorthClass.CURRENT_KEY,
)

MOVED_CLASS = Question(
    key="moved-class",
    family=FAMILY,
    words="Who moved from {from_class} to {to_class} from {since} to {until}?",
    parameters=(FROM_CLASS, TO_CLASS, *parameters.period(days=90)),
    columns=(
        ACCOUNT,
        Column("moved_on", "Moved on", "day"),
        Column("reason", "Because"),
        Column("clv", "CLV now", "money"),
    ),
    base="""
    SELECT m.account_id, m.since AS moved_on, m.reason, v.clv
    FROM segments_membership m
    JOIN segments_membership h ON h.account_id = m.account_id AND h.until = m.since
    JOIN seen s ON s.id = m.account_id AND s.member = s.id
    LEFT JOIN clv_valuation v ON v.account_id = m.account_id AND v.run_id = %(run)s
    WHERE m.worth_class = %(to_class)s AND h.worth_class = %(from_class)s
        AND m.since BETWEEN %(since)s AND %(until)s
    """,
    table=f"{OF_BASE} ORDER BY b.moved_on DESC, b.account_id",
    totals="""SELECT count(DISTINCT account_id) AS customers, count(*) AS moves,
        (SELECT sum(clv) FROM (SELECT DISTINCT account_id, clv FROM base) each) AS clv
        FROM base""",
    say=lambda asked, total: (
        "From a class to the same class nobody moves. Choose two."
        if asked.values["from_class"] == asked.values["to_class"]
        else f"Nobody moved from {asked.said['from_class']} to "
        f"{asked.said['to_class']} in this time."
        if not total["customers"]
        else f"{customers(total['customers'])} moved from {asked.said['from_class']} "
        f"to {asked.said['to_class']}, worth {money(total['clv'])} today."
    ),
    draw=Draw("CLV now", "account", ("clv",)),
    notes=lambda asked, total: few(total["customers"], "accounts"),
    method="Moves as the nights classed, or somebody decided; back and forth is two.",
)

QUESTIONS = (MOST_PROFITABLE, VALUE_MOVED, TOP_SHARE, MOVED_CLASS)
