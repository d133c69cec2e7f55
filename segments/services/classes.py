"""Giving every account its worth class, with the reason, and keeping the intervals.

The rule, on one account's figures of one run:

1. An override that has not expired decides.
2. Who never ordered is general, since nothing of the own is known; never profitable if
   more was spent than winning would bring.
3. The whole relationship loses money (CLV below 0): never profitable.
4. Last year's profit and expected value both reach their thresholds: current key.
5. The expected value reaches its threshold: potential key.
6. The rest: general.

Who is in a key class reaches a threshold also when missing it by no more than the band:
the one of last year's profit as a current key, the one of the expected value in both.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from clv.models import ValuationRun
from common.templatetags.display import MINUS, THIN_SPACE
from segments.choices import WorthClass
from segments.models import ClassPolicy, ClassTotal, Membership
from segments.services.policy import ensure_policy

ASSIGNED = "pg_temp.segments_assigned"


@dataclass(frozen=True, slots=True)
class Classified:
    """What one classing did; `moves` are (from, to, accounts), most first."""

    accounts: int
    moved: int
    policy_id: int
    moves: list[tuple[str, str, int]] = field(default_factory=list)


@transaction.atomic
def classify(run: ValuationRun) -> Classified:
    """Class every account that `run` has valued, as of the run's day.

    Memberships change only if no later run has changed them: a run for a past day
    writes its totals and leaves history alone. A second run of one day replaces what
    the first one said of that day.
    """
    policy = ensure_policy(run)
    newest = Membership.objects.aggregate(newest=Max("since"))["newest"]
    makes_history = newest is None or run.as_of >= newest
    params = parameters(run, policy)
    with connection.cursor() as cursor:
        if makes_history:
            cursor.execute(TAKE_BACK_TODAY, params)
            cursor.execute(REOPEN_YESTERDAY, params)
        cursor.execute(f"DROP TABLE IF EXISTS {ASSIGNED}")
        cursor.execute(ASSIGN, params)
        accounts = cursor.rowcount
        cursor.execute(f"ANALYZE {ASSIGNED}")
        moves = _moves(cursor) if makes_history else []
        if makes_history:
            for statement in (CLOSE, OPEN, REFRESH):
                cursor.execute(statement, params)
        ClassTotal.objects.filter(run=run).delete()
        cursor.execute(TOTALS, params | {"has_history": makes_history})
        cursor.execute(f"DROP TABLE {ASSIGNED}")
    return Classified(accounts, sum(m[2] for m in moves), policy.pk, moves)


def parameters(run: ValuationRun, policy: ClassPolicy) -> dict[str, Any]:
    """Return the parameters of the rule's SQL."""
    thresholds = (policy.realised_threshold, policy.expected_threshold)
    is_whole = all(value == value.to_integral_value() for value in thresholds)
    return {
        "run": run.pk,
        "as_of": run.as_of,
        "policy": policy.pk,
        "months": run.assumptions.horizon_months,
        "realised": policy.realised_threshold,
        "expected": policy.expected_threshold,
        "kept": 1 - policy.band,
        # Whole units are rounded down, so that "2,499 is below 2,500" stays true.
        "scale": Decimal(1 if is_whole else 100),
        "format": "FM999,999,999,999,990" + ("" if is_whole else ".00"),
    }


def _moves(cursor: Any) -> list[tuple[str, str, int]]:
    """Return who changes class, before the memberships say so."""
    cursor.execute(
        f"""
        SELECT m.worth_class, a.worth_class, count(*)
        FROM {ASSIGNED} a JOIN segments_membership m
            ON m.account_id = a.account_id AND m.until IS NULL
        WHERE m.worth_class <> a.worth_class
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
        """
    )
    return [(was, becomes, count) for was, becomes, count in cursor.fetchall()]


TAKE_BACK_TODAY = """
    DELETE FROM segments_membership WHERE until IS NULL AND since = %(as_of)s
"""
REOPEN_YESTERDAY = """
    UPDATE segments_membership SET until = NULL WHERE until = %(as_of)s
"""


def _money(amount: str) -> str:
    """Return SQL that writes an amount as pages do, but never rounded up."""
    number = f"to_char(floor({amount} * %(scale)s) / %(scale)s, %(format)s)"
    return f"translate({number}, ',-', '{THIN_SPACE}{MINUS}')"


_PROFIT = _money("profit_year")
_EXPECTED = _money("future_value")
_CLV = _money("clv")
_REALISED_LIMIT = _money("%(realised)s")
_EXPECTED_LIMIT = _money("%(expected)s")
_SEEN = f"'expected value ' || {_EXPECTED} || ' over ' || %(months)s || ' months '"

_REASON = f"""
    CASE rule
    WHEN 'override' THEN 'set by hand until ' || expires_on || ': ' || by_hand
    WHEN 'prospect' THEN 'no orders yet; worth ' || {_EXPECTED}
        || ' if won, which is an assumption.'
    WHEN 'prospect_loss' THEN 'no orders yet; more was spent than the '
        || {_EXPECTED} || ' that winning is assumed to bring.'
    WHEN 'loss' THEN 'past and expected profit together are ' || {_CLV} || '.'
    WHEN 'current' THEN 'last year''s profit ' || {_PROFIT} || ' reaches '
        || {_REALISED_LIMIT} || '; ' || {_SEEN} || 'reaches '
        || {_EXPECTED_LIMIT} || '.'
    WHEN 'current_kept' THEN 'last year''s profit ' || {_PROFIT} || ' and '
        || {_SEEN} || 'are within the band around ' || {_REALISED_LIMIT} || ' and '
        || {_EXPECTED_LIMIT} || '.'
    WHEN 'potential' THEN {_SEEN} || 'reaches ' || {_EXPECTED_LIMIT}
        || '; last year''s profit ' || {_PROFIT} || ' is below ' || {_REALISED_LIMIT}
        || '.'
    WHEN 'potential_kept' THEN {_SEEN} || 'is within the band below '
        || {_EXPECTED_LIMIT} || '; last year''s profit ' || {_PROFIT}
        || CASE WHEN profit_year >= %(realised)s THEN ' reaches ' ELSE ' is below ' END
        || {_REALISED_LIMIT} || '.'
    ELSE {_SEEN} || 'is below ' || {_EXPECTED_LIMIT} || '.'
    END
"""

# Which membership says where an account comes from: the one of the run's day, ...
ON_THE_DAY = "m.since <= %(as_of)s AND (m.until IS NULL OR m.until > %(as_of)s)"
# ... or, where that day has been classed already, the one with which it began.
BEFORE_THE_DAY = "m.since < %(as_of)s AND (m.until IS NULL OR m.until >= %(as_of)s)"


def ruled(values: str, came_from: str) -> str:
    """Return SQL for the class of each account, by the figures in `values`.

    Columns: account_id, worth_class, was (the class it comes from), reason.
    `values` has the columns of clv_valuation; parameters as of `parameters`.
    """
    return f"""
    SELECT account_id, worth_class, was,
        left(CASE worth_class
            WHEN 'current_key' THEN 'Current key: '
            WHEN 'potential_key' THEN 'Potential key: '
            WHEN 'general' THEN 'General: '
            ELSE 'Never profitable: ' END
            || reason, 400) AS reason
    FROM (
        SELECT *, {_REASON} AS reason,
            CASE WHEN rule = 'override' THEN by_hand_class
                WHEN rule IN ('current', 'current_kept') THEN 'current_key'
                WHEN rule IN ('potential', 'potential_kept') THEN 'potential_key'
                WHEN rule IN ('loss', 'prospect_loss') THEN 'never_profitable'
                ELSE 'general' END AS worth_class
        FROM (
            SELECT *, CASE
                WHEN by_hand_class IS NOT NULL THEN 'override'
                WHEN order_days = 0 AND clv < 0 THEN 'prospect_loss'
                WHEN order_days = 0 THEN 'prospect'
                WHEN clv < 0 THEN 'loss'
                WHEN profit_year >= %(realised)s AND future_value >= %(expected)s
                    THEN 'current'
                WHEN was = 'current_key' AND profit_year >= %(realised)s * %(kept)s
                    AND future_value >= %(expected)s * %(kept)s THEN 'current_kept'
                WHEN future_value >= %(expected)s THEN 'potential'
                WHEN was IN ('current_key', 'potential_key')
                    AND future_value >= %(expected)s * %(kept)s THEN 'potential_kept'
                ELSE 'rest' END AS rule
            FROM (
                SELECT v.account_id, v.order_days, v.clv, v.future_value,
                    v.margin_year - v.cost_year AS profit_year,
                    m.worth_class AS was, o.worth_class AS by_hand_class,
                    o.reason AS by_hand, o.expires_on
                FROM {values} v
                LEFT JOIN segments_membership m ON m.account_id = v.account_id
                    AND {came_from}
                LEFT JOIN (
                    SELECT DISTINCT ON (account_id) * FROM segments_override
                    WHERE expires_on >= %(as_of)s ORDER BY account_id, id DESC
                ) o ON o.account_id = v.account_id
                WHERE v.run_id = %(run)s
            ) figures
        ) ruled
    ) reasoned
"""


ASSIGN = f"""
    CREATE TEMPORARY TABLE segments_assigned ON COMMIT DROP AS
    {ruled("clv_valuation", ON_THE_DAY)}
"""

CLOSE = f"""
    UPDATE segments_membership m SET until = %(as_of)s
    WHERE m.until IS NULL AND NOT EXISTS (
        SELECT FROM {ASSIGNED} a
        WHERE a.account_id = m.account_id AND a.worth_class = m.worth_class)
"""
OPEN = f"""
    INSERT INTO segments_membership
        (account_id, worth_class, since, reason, run_id, policy_id)
    SELECT account_id, worth_class, %(as_of)s, reason, %(run)s, %(policy)s
    FROM {ASSIGNED} a
    WHERE NOT EXISTS (
        SELECT FROM segments_membership m
        WHERE m.account_id = a.account_id AND m.until IS NULL)
    ORDER BY account_id
"""
# Who stays gets today's figures into the reason; since and run say when it began.
REFRESH = f"""
    UPDATE segments_membership m SET reason = a.reason
    FROM {ASSIGNED} a
    WHERE m.account_id = a.account_id AND m.until IS NULL AND m.reason <> a.reason
"""
_CLASSES = ", ".join(f"('{value}')" for value in WorthClass.values)
TOTALS = f"""
    INSERT INTO segments_classtotal (run_id, worth_class, accounts, customers, clv,
        future_value, customer_equity, realised_profit, margin_year, cost_year, came,
        "left")
    SELECT %(run)s, c.worth_class, count(v.account_id),
        count(v.account_id) FILTER (WHERE v.order_days > 0),
        coalesce(sum(v.clv), 0), coalesce(sum(v.future_value), 0),
        coalesce(sum(v.future_value) FILTER (WHERE v.order_days > 0), 0),
        coalesce(sum(v.realised_profit), 0), coalesce(sum(v.margin_year), 0),
        coalesce(sum(v.cost_year), 0),
        CASE WHEN %(has_history)s AND EXISTS (
            SELECT FROM segments_membership WHERE since < %(as_of)s)
        THEN count(*) FILTER (
            WHERE a.account_id IS NOT NULL AND a.was IS DISTINCT FROM a.worth_class)
        ELSE 0 END,
        CASE WHEN %(has_history)s THEN (
            SELECT count(*) FROM segments_membership m
            WHERE m.until = %(as_of)s AND m.worth_class = c.worth_class)
        ELSE 0 END
    FROM (VALUES {_CLASSES}) c (worth_class)
    LEFT JOIN {ASSIGNED} a ON a.worth_class = c.worth_class
    LEFT JOIN clv_valuation v
        ON v.run_id = %(run)s AND v.account_id = a.account_id
    GROUP BY c.worth_class
"""
