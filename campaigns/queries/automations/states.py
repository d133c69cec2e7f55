"""Triggers that are states: looked at once a day, by the values of the night."""

from campaigns.queries import wallet
from campaigns.queries.automations import options
from campaigns.queries.automations.base import (
    Search,
    Statement,
    Trigger,
    Values,
    day_of,
)
from campaigns.queries.automations.params import Kind, Param

# A day that was missed by more than so is over: nobody is wished well a month late.
LATE_DAYS = 30


def day_words(expression: str) -> str:
    """Return SQL that writes a date as people do."""
    return f"to_char({expression}, 'FMDD Mon YYYY')"


def _silent(values: Values, search: Search) -> Statement:
    """Find customers whose last order is so many days ago; once for each silence."""
    return Statement(
        f"""
        SELECT v.account_id, 'silent:' || v.last_on || ':' || %(days)s AS cause,
            (v.last_on + %(days)s::int)::timestamptz AS at,
            format('No order for %%s days; the last one was on %%s.',
                %(today)s::date - v.last_on, {day_words("v.last_on")}) AS text
        FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
        WHERE v.run_id = %(run)s AND a.stage <> 'former'
            AND v.last_on BETWEEN %(started_on)s::date - %(days)s::int
                AND %(today)s::date - %(days)s::int
            {search.only("v.account_id")}
            AND NOT EXISTS (
                SELECT FROM crm_order o WHERE o.account_id = v.account_id
                    AND o.status = 'confirmed' AND o.ordered_on > v.last_on)
        """,
        {"days": values["days"]},
    )


def _alive_below(values: Values, search: Search) -> Statement:
    """Find customers who have probably left; once until they order again."""
    return Statement(
        f"""
        SELECT v.account_id, 'alive:' || v.last_on || ':' || %(percent)s AS cause,
            now() AS at,
            format('Still a customer with %%s %%%%, below %%s %%%%.',
                floor(100 * v.probability_alive), %(percent)s) AS text
        FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
        WHERE v.run_id = %(run)s AND a.stage <> 'former' AND v.order_days > 0
            AND v.probability_alive < %(percent)s::float8 / 100
            {search.only("v.account_id")}
        """,
        {"percent": values["percent"]},
    )


def _holding_ends(values: Values, search: Search) -> Statement:
    """Find what ends soon; what was entered late, on the day it was entered."""
    return Statement(
        f"""
        SELECT h.account_id, 'holding:' || h.id || ':' || h.ends_on AS cause,
            due.day::timestamptz AS at,
            left(format('%%s ends on %%s.', p.name, {day_words("h.ends_on")}), 400)
                AS text
        FROM crm_holding h JOIN crm_product p ON p.id = h.product_id
        CROSS JOIN LATERAL (
            SELECT greatest(h.ends_on - %(days)s::int, {day_of("h.created_at")}) AS day
        ) due
        WHERE h.status = 'active'
            AND h.ends_on BETWEEN %(today)s::date - {LATE_DAYS}
                AND %(today)s::date + %(days)s::int
            AND due.day BETWEEN %(started_on)s AND %(today)s
            AND (%(product)s = '' OR h.product_id::text = %(product)s)
            {search.only("h.account_id")}
        """,
        {"days": values["days"], "product": values["product"]},
    )


def _say_holding_ends(values: Values) -> str:
    what = _product.said(values["product"]) if values["product"] else "something"
    return f"{what} that a customer has ends in {values['days']} days"


# Each year's day of an account's own date; the 29th of February is the 28th in others.
_TURNS = """
    CROSS JOIN LATERAL (
        SELECT ({day} + make_interval(years => years))::date AS day, years
        FROM generate_series(
            greatest((extract(year FROM %(today)s::date)
                - extract(year FROM {day}))::int - 1, {first}),
            (extract(year FROM %(today)s::date) - extract(year FROM {day}))::int + 1
        ) AS years
    ) turn
"""
_DUE = f"""
    turn.day - %(days)s::int BETWEEN
        greatest(%(started_on)s, {{entered}}, %(today)s::date - {LATE_DAYS})
        AND %(today)s
"""


def _yearly(values: Values, search: Search) -> Statement:
    """Find days that come back: once for each account, event and year."""
    if values["day"] == options.BECAME_CUSTOMER:
        return _customer_anniversary(values, search)
    turns = _TURNS.format(day="e.occurred_on", first=0)
    return Statement(
        f"""
        SELECT e.account_id, 'yearly:' || e.id || ':' || turn.day AS cause,
            (turn.day - %(days)s::int)::timestamptz AS at,
            left(format('%%s on %%s. %%s', t.name, {day_words("turn.day")}, e.note),
                400) AS text
        FROM crm_lifeevent e JOIN crm_eventtype t ON t.id = e.type_id {turns}
        WHERE e.voided_at IS NULL AND e.type_id = %(type)s
            AND {_DUE.format(entered=day_of("e.created_at"))}
            {search.only("e.account_id")}
        """,
        {"days": values["days"], "type": int(values["day"])},
    )


def _customer_anniversary(values: Values, search: Search) -> Statement:
    turns = _TURNS.format(day="a.acquired_on", first=1)
    return Statement(
        f"""
        SELECT a.id AS account_id, 'customer:' || turn.day AS cause,
            (turn.day - %(days)s::int)::timestamptz AS at,
            format('%%s years a customer on %%s.', turn.years, {day_words("turn.day")})
                AS text
        FROM crm_account a {turns}
        WHERE a.acquired_on IS NOT NULL AND a.merged_into_id IS NULL
            AND a.stage = 'customer'
            AND {_DUE.format(entered=day_of("a.created_at"))} {search.only("a.id")}
        """,
        {"days": values["days"]},
    )


def _say_yearly(values: Values) -> str:
    what = _yearly_day.said(values["day"])
    days = values["days"]
    return f"{what} is in {days} days" if days else f"it is the day: {what}"


def _wallet_empty(values: Values, search: Search) -> Statement:
    """Find customers on whom all that is justified was spent; once a year."""
    responses = wallet.Responses()
    justified = responses.justified_column()
    return Statement(
        f"""
        SELECT v.account_id, 'wallet:' || extract(year FROM %(today)s::date) AS cause,
            now() AS at,
            format('%%s of %%s justified within a year are spent.',
                to_char(u.amount, 'FM999,999,999,990.00'),
                to_char({justified}, 'FM999,999,999,990.00')) AS text
        FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
        JOIN used u ON u.account_id = v.account_id {responses.joins()}
        WHERE v.run_id = %(run)s AND a.stage <> 'former'
            AND {justified} > 0 AND u.amount >= {justified}
            {search.only("v.account_id")}
        """,
        wallet.window(search.today),
        opening=wallet.WITH_USED,
    )


_product = Param("product", "Product", Kind.CHOICE, options.products, is_optional=True)
_yearly_day = Param("day", "Which day", Kind.CHOICE, options.yearly_days)

STATES = (
    Trigger(
        "silent",
        "No order for some days",
        "Looked at each day. Once for each silence: again only after another order.",
        (
            Param(
                "days",
                "Days without an order",
                Kind.NUMBER,
                default=60,
                least=1,
                most=3_650,
            ),
        ),
        lambda values: f"no order comes for {values['days']} days",
        find=_silent,
        is_state=True,
    ),
    Trigger(
        "alive_below",
        "Probably lost",
        "The chance that they still are a customer falls below this. Once until they "
        "order again.",
        (
            Param(
                "percent",
                "Below, in per cent",
                Kind.PERCENT,
                default=50,
                least=1,
                most=99,
            ),
        ),
        lambda values: f"a customer is still one with less than {values['percent']} %",
        find=_alive_below,
        is_state=True,
        notes_past=True,
    ),
    Trigger(
        "holding_ends",
        "Something they have ends",
        "A contract or a product with an end on record.",
        (
            Param("days", "Days before", Kind.NUMBER, default=30, least=0, most=730),
            _product,
        ),
        _say_holding_ends,
        find=_holding_ends,
        is_state=True,
    ),
    Trigger(
        "yearly",
        "Birthday or anniversary",
        "Of events whose type comes back every year, and of becoming a customer.",
        (
            _yearly_day,
            Param("days", "Days before", Kind.NUMBER, default=0, least=0, most=180),
        ),
        _say_yearly,
        find=_yearly,
        is_state=True,
    ),
    Trigger(
        "wallet_empty",
        "The wallet is empty",
        "All that is justified within a year was spent. Once a calendar year.",
        (),
        lambda _values: "all is spent that is justified for a customer",
        find=_wallet_empty,
        is_state=True,
        notes_past=True,
    ),
)
