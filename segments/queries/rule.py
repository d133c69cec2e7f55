"""The class rule as SQL, for the night that classes and for pages that say why.

On one account's figures of one run:

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

from decimal import Decimal
from typing import Any

from clv.models import ValuationRun
from common.templatetags.display import MINUS, THIN_SPACE
from segments.models import ClassPolicy


def rule_parameters(run: ValuationRun, policy: ClassPolicy) -> dict[str, Any]:
    """Return the parameters of `ruled` and `REASON`."""
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


# Which membership says where an account comes from: the one of the run's day, ...
ON_THE_DAY = "m.since <= %(as_of)s AND (m.until IS NULL OR m.until > %(as_of)s)"
# ... or, where that day has been classed already, the one with which it began.
BEFORE_THE_DAY = "m.since < %(as_of)s AND (m.until IS NULL OR m.until >= %(as_of)s)"


# Rules in the order in which they decide: name, condition, class. The class is told by
# itself, not by the name of the rule, so that each condition is looked at once.
_KEPT = "future_value >= %(expected)s * %(kept)s"
RULES = (
    ("override", "by_hand_class IS NOT NULL", "by_hand_class"),
    ("prospect_loss", "order_days = 0 AND clv < 0", "'never_profitable'"),
    ("prospect", "order_days = 0", "'general'"),
    ("loss", "clv < 0", "'never_profitable'"),
    (
        "current",
        "future_value >= %(expected)s AND profit_year >= %(realised)s",
        "'current_key'",
    ),
    (
        "current_kept",
        f"was = 'current_key' AND profit_year >= %(realised)s * %(kept)s AND {_KEPT}",
        "'current_key'",
    ),
    ("potential", "future_value >= %(expected)s", "'potential_key'"),
    (
        "potential_kept",
        f"was IN ('current_key', 'potential_key') AND {_KEPT}",
        "'potential_key'",
    ),
)


def ruled(values: str, came_from: str, *, only: str = "") -> str:
    """Return SQL for the class of each account, by the figures in `values`.

    Columns: account_id, worth_class, was (the class it comes from, NULL without one),
    and what `REASON` takes. `values` has the columns of clv_valuation and is called
    `v` in `only`, which narrows it; parameters as of `rule_parameters`.
    """
    rules = " ".join(f"WHEN {when} THEN '{rule}'" for rule, when, _ in RULES)
    classes = " ".join(f"WHEN {when} THEN {becomes}" for _, when, becomes in RULES)
    return f"""
        SELECT *, CASE {rules} ELSE 'rest' END AS rule,
            CASE {classes} ELSE 'general' END AS worth_class
            FROM (
                SELECT v.account_id, v.order_days, v.clv, v.future_value,
                    v.realised_profit, v.margin_year, v.cost_year,
                    v.expected_margin, v.future_spread,
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
                WHERE v.run_id = %(run)s{only}
            ) figures
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

# The reason in words, of a row of `ruled`.
REASON = f"""
    left(CASE worth_class
        WHEN 'current_key' THEN 'Current key: '
        WHEN 'potential_key' THEN 'Potential key: '
        WHEN 'general' THEN 'General: '
        ELSE 'Never profitable: ' END
    || CASE rule
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
    END, 400)
"""
