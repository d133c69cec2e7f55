"""The one statement that turns orders, returns and ledger rows into sums per account.

Parameters of the SQL: ``as_of`` (the last day that counts), ``rate`` (margin share
taken where a line's cost is not known) and ``year_days``.
"""

# The sums, in the order of the select list; all are columns of AccountSummary.
SUMS = (
    "first_on",
    "last_on",
    "order_days",
    "order_count",
    "revenue",
    "margin_known",
    "revenue_cost_unknown",
    "revenue_year",
    "margin_known_year",
    "revenue_cost_unknown_year",
    "cost_to_win",
    "cost_per_order_kinds",
    "cost_over_time_kinds",
    "cost_year",
    "paid_back_on",
    "next_change_on",
)


def summary_select(dirty: str = "") -> str:
    """Return SQL for `account_id` and `SUMS`, one row per account.

    With the name of a relation in `dirty`, only its accounts are worked out.

    Each account's days (orders, returns, costs) are laid in a row with the profit up to
    and including each day. It has paid back on the day after the last one below zero.
    Days after ``as_of`` count for nothing but the day on which they will. Lines and
    ledger are read from their covering indexes alone, in the order in which they are
    needed; the three sources have the same column types so that they can be merged.
    """
    lines = _within(dirty, "account_id")
    returned = _within(dirty, "l.account_id")
    accounts = _within(dirty, "a.id")
    return f"""
    SELECT a.id AS account_id, s.first_on, s.last_on,
        coalesce(s.order_days, 0)::int AS order_days,
        coalesce(s.order_count, 0)::int AS order_count,
        {_zeros("revenue", "margin_known", "revenue_cost_unknown", "revenue_year")},
        {_zeros("margin_known_year", "revenue_cost_unknown_year", "cost_to_win")},
        {_zeros("cost_per_order_kinds", "cost_over_time_kinds", "cost_year")},
        s.paid_back_on, s.next_change_on
    FROM crm_account a LEFT JOIN (
        SELECT account_id,
            min(day) FILTER (WHERE past AND orders > 0) AS first_on,
            max(day) FILTER (WHERE past AND orders > 0) AS last_on,
            count(*) FILTER (WHERE past AND orders > 0) AS order_days,
            sum(orders) FILTER (WHERE past) AS order_count,
            sum(revenue) FILTER (WHERE past) AS revenue,
            sum(known) FILTER (WHERE past) AS margin_known,
            sum(unknown) FILTER (WHERE past) AS revenue_cost_unknown,
            sum(revenue) FILTER (WHERE recent) AS revenue_year,
            sum(known) FILTER (WHERE recent) AS margin_known_year,
            sum(unknown) FILTER (WHERE recent) AS revenue_cost_unknown_year,
            sum(to_win) FILTER (WHERE past) AS cost_to_win,
            sum(per_order) FILTER (WHERE past) AS cost_per_order_kinds,
            sum(over_time) FILTER (WHERE past) AS cost_over_time_kinds,
            sum(to_win + per_order + over_time) FILTER (WHERE recent) AS cost_year,
            CASE WHEN sum(known - to_win - per_order - over_time) FILTER (WHERE past)
                + round(%(rate)s * sum(unknown) FILTER (WHERE past), 2) >= 0
            THEN coalesce(
                max(next_day) FILTER (WHERE past AND profit < 0),
                min(day) FILTER (WHERE past)
            ) END AS paid_back_on,
            least(
                min(day) FILTER (WHERE recent) + %(year_days)s,
                min(day) FILTER (WHERE NOT past)
            ) AS next_change_on
        FROM (
            SELECT *, day <= %(as_of)s AS past,
                day <= %(as_of)s AND day > %(as_of)s - %(year_days)s AS recent,
                sum(known - to_win - per_order - over_time) OVER so_far
                    + round(%(rate)s * sum(unknown) OVER so_far, 2) AS profit,
                lead(day) OVER so_far AS next_day
            FROM (
                SELECT account_id, ordered_on AS day,
                    count(DISTINCT order_id) AS orders, sum(revenue) AS revenue,
                    coalesce(sum(revenue - cost), 0) AS known,
                    coalesce(sum(revenue) FILTER (WHERE cost IS NULL), 0) AS unknown,
                    0::numeric AS to_win, 0::numeric AS per_order,
                    0::numeric AS over_time
                FROM crm_orderline WHERE status = 'confirmed'{lines}
                GROUP BY account_id, ordered_on
                UNION ALL
                SELECT l.account_id, greatest(r.returned_on, l.ordered_on), 0::bigint,
                    -r.refund::numeric,
                    CASE WHEN l.cost IS NULL THEN 0
                        ELSE r.cost_recovered - r.refund END::numeric,
                    CASE WHEN l.cost IS NULL THEN -r.refund ELSE 0 END::numeric,
                    0::numeric, 0::numeric, 0::numeric
                FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
                WHERE l.status = 'confirmed'{returned}
                UNION ALL
                SELECT account_id, incurred_on, 0::bigint, 0::numeric, 0::numeric,
                    0::numeric,
                    {_costs("IN ('acquisition', 'onboarding')")},
                    {_costs("IN ('delivery', 'returns', 'credit')")},
                    {_costs(NOT_OVER_TIME)}
                FROM crm_ledgerentry WHERE account_id IS NOT NULL{lines}
            ) days
            WINDOW so_far AS (PARTITION BY account_id ORDER BY day)
        ) course
        GROUP BY account_id
    ) s ON s.account_id = a.id
    WHERE true{accounts}
    """


NOT_OVER_TIME = "NOT IN ('acquisition', 'onboarding', 'delivery', 'returns', 'credit')"


def _within(dirty: str, column: str) -> str:
    return f" AND {column} IN (SELECT account_id FROM {dirty})" if dirty else ""


def _zeros(*columns: str) -> str:
    return ", ".join(f"coalesce(s.{name}, 0) AS {name}" for name in columns)


def _costs(kinds: str) -> str:
    return f"CASE WHEN kind {kinds} THEN amount ELSE 0 END::numeric"


# What a run takes from the sums: the inputs stored beside each valuation. The margin
# of lines without a known cost is an assumption and enters here.
INPUTS = (
    "first_on",
    "last_on",
    "order_days",
    "order_count",
    "revenue",
    "revenue_cost_unknown",
    "margin",
    "revenue_year",
    "margin_year",
    "cost_to_win",
    "cost_per_order_kinds",
    "cost_over_time_kinds",
    "cost_year",
    "paid_back_on",
)


def inputs_select(summaries: str) -> str:
    """Return SQL for `account_id` and `INPUTS` of the accounts there on `as_of`.

    `summaries` is a relation with `account_id` and `SUMS`. The rule is the one of
    `queries.inputs.accounts_known_on`.
    """
    columns = ", ".join(PRICED.get(name, f"s.{name}") for name in INPUTS)
    return f"""
    SELECT s.account_id, {columns}
    FROM {summaries} s JOIN crm_account a ON a.id = s.account_id
    WHERE a.merged_into_id IS NULL
        AND (a.acquired_on <= %(as_of)s OR a.created_at < %(day_ends_at)s
            OR s.first_on IS NOT NULL)
    """


PRICED = {
    "margin": "s.margin_known + round(%(rate)s * s.revenue_cost_unknown, 2) AS margin",
    "margin_year": (
        "s.margin_known_year + round(%(rate)s * s.revenue_cost_unknown_year, 2)"
        " AS margin_year"
    ),
}
