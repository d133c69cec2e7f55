"""The one statement that turns orders, returns and ledger rows into sums per account.

Parameters of the SQL: ``as_of`` (the last day that counts), ``rate`` (margin share
taken where a line's cost is not known) and ``year_days``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clv.choices import CostDriver
from clv.engine.groups import NO_GROUP
from clv.engine.likeness import TRAITS
from clv.policy import COST_DRIVERS, WINNING_KINDS
from crm.choices import CostKind, SizeBand, Source

KIND_COLUMNS = {kind: f"cost_{kind}" for kind in COST_DRIVERS}
KINDS = tuple(KIND_COLUMNS.values())

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
    "cost_year",
    "cost_to_win",
    *KINDS,
    "paid_back_on",
    "next_change_on",
)


# Which of them are no money. All others are in whole cents.
DAYS = frozenset({"first_on", "last_on", "paid_back_on", "next_change_on"})
COUNTS = frozenset({"order_days", "order_count"})


def summary_select(dirty: str = "", *, families: str = "", merged: bool = False) -> str:
    """Return SQL for `account_id` and `SUMS`, one row per account, money in cents.

    With the name of a relation in `dirty`, only its accounts are worked out. `families`
    names a relation of `account_id` and `member_id`: accounts that others were merged
    into, and all whose rows count for them, themselves included. They are left out,
    and with `merged` they alone are worked out.

    Each account's days (orders, returns, costs) are laid in a row with the profit up to
    and including each day. It has paid back on the day after the last one below zero.
    Days after ``as_of`` count for nothing but the day on which they will. Lines and
    ledger are read from their covering indexes alone, in the order in which they are
    needed; the three sources have the same column types so that they can be merged.
    Kinds of cost are summed beside the days, because ledger rows are few.
    """
    sources = _merged_sources(families) if merged else _own_sources(dirty, families)
    return f"""
    SELECT a.id AS account_id, s.first_on, s.last_on,
        coalesce(s.order_days, 0)::int AS order_days,
        coalesce(s.order_count, 0)::int AS order_count,
        {_whole("s", "revenue", "margin_known", "revenue_cost_unknown")},
        {_whole("s", "revenue_year", "margin_known_year")},
        {_whole("s", "revenue_cost_unknown_year", "cost_year")},
        {_whole("k", "cost_to_win", *KINDS)},
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
            sum(cost) FILTER (WHERE recent) AS cost_year,
            CASE WHEN {_profit("sum({}) FILTER (WHERE past)")} >= 0
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
                {_profit("sum({}) OVER so_far")} AS profit,
                lead(day) OVER so_far AS next_day
            FROM (
                SELECT account_id, day, orders, revenue,
                    revenue - unknown - bought AS known, unknown, 0::float8 AS cost
                FROM (
                    SELECT account_id, ordered_on AS day,
                        count(DISTINCT order_id)::int AS orders,
                        {_cents("sum(revenue)")} AS revenue,
                        {_cents("coalesce(sum(cost), 0)")} AS bought,
                        coalesce(
                            {_cents("sum(revenue) FILTER (WHERE cost IS NULL)")}, 0
                        ) AS unknown
                    FROM {sources.lines} l WHERE status = 'confirmed'{sources.only}
                    GROUP BY account_id, ordered_on
                ) bought_on
                UNION ALL
                SELECT l.account_id, greatest(r.returned_on, l.ordered_on), 0,
                    {_cents("-r.refund")},
                    CASE WHEN l.cost IS NULL THEN 0
                        ELSE {_cents("r.cost_recovered - r.refund")} END,
                    CASE WHEN l.cost IS NULL THEN {_cents("-r.refund")} ELSE 0 END,
                    0::float8
                FROM crm_orderreturn r JOIN {sources.lines} l ON l.id = r.line_id
                WHERE l.status = 'confirmed'{sources.only_of("r.account_id")}
                UNION ALL
                SELECT account_id, incurred_on, 0, 0::float8, 0::float8, 0::float8,
                    {_cents("amount")}
                FROM {sources.ledger} e WHERE account_id IS NOT NULL{sources.only}
            ) days
            WINDOW so_far AS (PARTITION BY account_id ORDER BY day)
        ) course
        GROUP BY account_id
    ) s ON s.account_id = a.id
    LEFT JOIN (
        SELECT account_id, {_kind_sums()}
        FROM {sources.ledger} e
        WHERE account_id IS NOT NULL AND incurred_on <= %(as_of)s{sources.only}
        GROUP BY account_id
    ) k ON k.account_id = a.id
    WHERE true{sources.accounts}
    """


def _cents(amount: str) -> str:
    """Whole cents as double precision: exact up to 2^53, and far faster to add up.

    The way over bigint is short; the direct one writes the number as text and reads it.
    """
    return f"(100 * ({amount}))::bigint::float8"


def _whole(relation: str, *columns: str) -> str:
    return ", ".join(
        f"coalesce({relation}.{name}, 0)::bigint AS {name}" for name in columns
    )


def _profit(summed: str) -> str:
    """Margin less costs in cents; the share of unknown margins is rounded half away.

    `summed` adds up the column in its braces. ``rate_e4`` is in ten-thousandths, so
    that all is done in whole numbers.
    """
    unknown = f"{summed.format('unknown')}::bigint"
    share = f"(abs({unknown}) * %(rate_e4)s + 5000) / 10000 * sign({unknown})"
    return f"{summed.format('known - cost')} + {share}"


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where rows come from, and which accounts are asked for."""

    lines: str
    ledger: str
    dirty: str
    accounts: str

    @property
    def only(self) -> str:
        return self.only_of("account_id")

    def only_of(self, column: str) -> str:
        return _within(self.dirty, column)


def _own_sources(dirty: str, families: str) -> _Sources:
    """Each account has the rows that name it; families are left out."""
    accounts = _within(dirty, "a.id")
    if families:
        accounts += f" AND a.id NOT IN (SELECT account_id FROM {families})"
    return _Sources("crm_orderline", "crm_ledgerentry", dirty, accounts)


def _merged_sources(families: str) -> _Sources:
    """Each row counts for the account that its own was merged into."""
    lines = "id, order_id, ordered_on, status, revenue, cost"
    ledger = "incurred_on, kind, amount"
    return _Sources(
        _renamed("crm_orderline", lines, families),
        _renamed("crm_ledgerentry", ledger, families),
        "",
        _within(families, "a.id"),
    )


def _renamed(table: str, columns: str, families: str) -> str:
    return (
        f"(SELECT f.account_id, {columns} FROM {table} t"
        f" JOIN {families} f ON f.member_id = t.account_id)"
    )


def _within(dirty: str, column: str) -> str:
    """Keep the accounts of a list; as an array, so that the index is walked for each.

    Joined as a relation, a few thousand accounts make the planner read every line.
    """
    if not dirty:
        return ""
    return f" AND {column} = ANY (ARRAY(SELECT account_id FROM {dirty}))"


def _kind_sums() -> str:
    """Sum each kind; what no kind of the list claims is `other`."""
    winning = ", ".join(f"'{kind}'" for kind in WINNING_KINDS)
    claimed = ", ".join(f"'{kind}'" for kind in COST_DRIVERS if kind != CostKind.OTHER)
    sums = [f"100 * sum(amount) FILTER (WHERE kind IN ({winning})) AS cost_to_win"]
    sums += [
        f"100 * sum(amount) FILTER (WHERE kind = '{kind}') AS {column}"
        for kind, column in KIND_COLUMNS.items()
        if kind != CostKind.OTHER
    ]
    sums.append(
        f"100 * sum(amount) FILTER (WHERE kind NOT IN ({winning}, {claimed}))"
        " AS cost_other"
    )
    return ", ".join(sums)


NO_GROUPS = "SELECT NULL::bigint AS account_id, NULL::int AS code LIMIT 0"

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
    *KINDS,
    "group_code",
    "trait_code",
)


def inputs_select(
    summaries: str, drivers: Mapping[str, str], groups: str = NO_GROUPS
) -> str:
    """Return SQL for `account_id` and `INPUTS` of the accounts there on `as_of`.

    `summaries` is a relation with `account_id` and `SUMS`, money in cents; inputs have
    it in currency units. `drivers` say which kinds of
    cost grow with orders and which with time; `groups` is a query of `account_id` and
    `code`, the group of each account on the day before. The rule is the one of
    `queries.inputs.accounts_known_on`.
    """
    money = [name for name in SUMS if name not in DAYS | COUNTS]
    taken = {name: f"s.{name} * 0.01" for name in money} | PRICED
    taken |= {
        "cost_per_order_kinds": f"({driven_by(CostDriver.ORDER, drivers)}) * 0.01",
        "cost_over_time_kinds": f"({driven_by(CostDriver.YEAR, drivers)}) * 0.01",
        "group_code": GROUP_CODE,
    }
    columns = ", ".join(f"{taken.get(name, f's.{name}')} AS {name}" for name in INPUTS)
    return f"""
    SELECT s.account_id, {columns}
    FROM {summaries} s JOIN crm_account a ON a.id = s.account_id
        LEFT JOIN ({groups}) g ON g.account_id = s.account_id
    WHERE a.merged_into_id IS NULL AND ({WAS_THERE} = 1 OR s.first_on IS NOT NULL)
    """


def driven_by(driver: str, drivers: Mapping[str, str]) -> str:
    """Return SQL that adds up the kinds with this driver, of a relation `s`."""
    columns = [f"s.{KIND_COLUMNS[kind]}" for kind in drivers if drivers[kind] == driver]
    return " + ".join(columns) or "0.00"


def _trait_code() -> str:
    """Return SQL that packs what is known of an account as `clv.engine.likeness` does.

    A trait that is not known is 0; an industry is known by the hash of its name.
    """
    size, industry, source, territory = TRAITS
    # Comparisons, since a search in an array takes longer than all the rest.
    hashed = f"hashtext(lower(a.industry)) & {(1 << (industry.bits - 1)) - 1}"
    parts = (
        (_number_in("a.size_band", SizeBand.values), size),
        (f"CASE WHEN a.industry = '' THEN 0 ELSE {hashed} END", industry),
        (_number_in("a.source", Source.values), source),
        (f"coalesce(a.territory_id, 0) & {territory.mask}", territory),
    )
    return " | ".join(f"(({sql})::bigint << {trait.shift})" for sql, trait in parts)


def _number_in(column: str, words: Iterable[str]) -> str:
    """Return SQL for the place of a word among the words, from 1 on; 0 is none."""
    known = enumerate((word for word in words if word), 1)
    numbered = " ".join(f"WHEN '{word}' THEN {number}" for number, word in known)
    return f"CASE {column} {numbered} ELSE 0 END"


TRAIT_CODE = f"({_trait_code()})"
# 1 if the account was entered or won by ``as_of``.
WAS_THERE = """(CASE WHEN a.acquired_on <= %(as_of)s OR a.created_at < %(day_ends_at)s
    THEN 1 ELSE 0 END)::smallint"""
GROUP_CODE = f"coalesce(g.code, {NO_GROUP})::smallint"
PRICED = {
    "trait_code": TRAIT_CODE,
    "margin": (
        "s.margin_known * 0.01 + round(%(rate)s * (s.revenue_cost_unknown * 0.01), 2)"
    ),
    "margin_year": (
        "s.margin_known_year * 0.01"
        " + round(%(rate)s * (s.revenue_cost_unknown_year * 0.01), 2)"
    ),
}
