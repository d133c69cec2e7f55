"""The class rule as SQL, for the night that classes and for pages that say why.

On one account's figures of one run:

1. An override that has neither expired nor been ended decides.
2. The whole relationship loses money (CLV below the limit, 0 unless the rule says
   otherwise): never profitable; of who never ordered, if more was spent than winning
   would bring.
3. Who never ordered is general, since nothing of the own is known.
4. Last year's profit and expected value both reach their thresholds, and serving took
   no more of the margin than the limit, where there is one: current key.
5. The expected value reaches its threshold: potential key.
6. The rest: general.

The expected value must reach its threshold as surely as the rule asks: at 50 % it
counts itself, at 90 % the lower end of its range, between in proportion to how a normal
distribution spreads.

Who is in a class stays when missing a threshold by no more than the band: the ones of
last year's profit and cost as a current key, the one of the expected value in both key
classes; who is never profitable stays until CLV lies above the limit by the band of the
threshold of last year's profit.
"""

from decimal import Decimal
from statistics import NormalDist
from typing import Any

from clv.models import ValuationRun
from common.templatetags.display import MINUS, THIN_SPACE, exact_share
from segments.models import RuleNumbers

LOWER_END = 0.9  # how sure the lower end of an 80 % range is
EVEN = Decimal("0.5")


def doubt_of(least_confidence: Decimal) -> Decimal:
    """Return which part of the way down to the lower end of the range counts.

    0 at 50 %, 1 at 90 %; exactly so at both ends.
    """
    if least_confidence == EVEN:
        return Decimal(0)
    normal = NormalDist()
    part = normal.inv_cdf(float(least_confidence)) / normal.inv_cdf(LOWER_END)
    return Decimal(str(round(part, 6)))


def rule_parameters(
    run: ValuationRun, policy: RuleNumbers, *, version: int | None = None
) -> dict[str, Any]:
    """Return the parameters of `ruled` and `REASON`; `version` is the policy's."""
    thresholds = (policy.realised_threshold, policy.expected_threshold)
    is_whole = all(value == value.to_integral_value() for value in thresholds)
    return {
        "run": run.pk,
        "as_of": run.as_of,
        "policy": version if version is not None else policy.pk,
        "months": run.assumptions.horizon_months,
        "realised": policy.realised_threshold,
        "expected": policy.expected_threshold,
        "kept": 1 - policy.band,
        "doubt": doubt_of(policy.least_confidence),
        "confidence": exact_share(policy.least_confidence),
        "cost_limit": policy.cost_limit,
        "cost_kept": (
            None if policy.cost_limit is None else policy.cost_limit * (1 + policy.band)
        ),
        "cost_said": ""
        if policy.cost_limit is None
        else exact_share(policy.cost_limit),
        "loss": policy.loss_limit,
        "loss_kept": policy.loss_kept_below,
        "is_whole": is_whole,
    }


# Which membership says where an account comes from: the one of the run's day, ...
ON_THE_DAY = "m.since <= %(as_of)s AND (m.until IS NULL OR m.until > %(as_of)s)"
# ... or, where that day has been classed already, the one with which it began.
BEFORE_THE_DAY = "m.since < %(as_of)s AND (m.until IS NULL OR m.until >= %(as_of)s)"


# Rules in the order in which they decide: name, condition, class. The class is told by
# itself, not by the name of the rule, so that each condition is looked at once.
_REACHED = "sure_value >= %(expected)s"
_KEPT = "sure_value >= %(expected)s * %(kept)s"


def _within_cost(limit: str) -> str:
    return f"({limit}::numeric IS NULL OR cost_year <= {limit} * margin_year)"


RULES = (
    ("override", "by_hand_class IS NOT NULL", "by_hand_class"),
    ("prospect_loss", "order_days = 0 AND clv < %(loss)s", "'never_profitable'"),
    ("loss", "clv < %(loss)s", "'never_profitable'"),
    (
        "loss_kept",
        "was = 'never_profitable' AND clv < %(loss_kept)s",
        "'never_profitable'",
    ),
    ("prospect", "order_days = 0", "'general'"),
    (
        "current",
        (
            f"{_REACHED} AND profit_year >= %(realised)s"
            f" AND {_within_cost('%(cost_limit)s')}"
        ),
        "'current_key'",
    ),
    (
        "current_kept",
        (
            f"was = 'current_key' AND profit_year >= %(realised)s * %(kept)s"
            f" AND {_KEPT} AND {_within_cost('%(cost_kept)s')}"
        ),
        "'current_key'",
    ),
    ("costly", f"{_REACHED} AND profit_year >= %(realised)s", "'potential_key'"),
    ("potential", _REACHED, "'potential_key'"),
    (
        "potential_kept",
        f"was IN ('current_key', 'potential_key') AND {_KEPT}",
        "'potential_key'",
    ),
)
_SURE = (
    "CASE WHEN %(doubt)s = 0 THEN v.future_value ELSE"
    " round(v.future_value - %(doubt)s * (v.future_value - v.future_low), 2) END"
)


_BY_HAND = """
                LEFT JOIN (
                    SELECT account_id, worth_class, reason, expires_on
                    FROM segments_override
                    WHERE ended_at IS NULL AND expires_on >= %(as_of)s
                ) o ON o.account_id = v.account_id
"""
_NOT_BY_HAND = """
                CROSS JOIN (
                    SELECT NULL::varchar AS worth_class, NULL::varchar AS reason,
                        NULL::date AS expires_on
                ) o
"""


def ruled(values: str, came_from: str, *, only: str = "", by_hand: bool = True) -> str:
    """Return SQL for the class of each account, by the figures in `values`.

    Columns: account_id, worth_class, was (the class it comes from, NULL without one),
    and what `REASON` takes. `values` has the columns of clv_valuation and is called
    `v` in `only`, which narrows it; without `by_hand` no override counts. Parameters
    as of `rule_parameters`.
    """
    rules = " ".join(f"WHEN {when} THEN '{rule}'" for rule, when, _ in RULES)
    classes = " ".join(f"WHEN {when} THEN {becomes}" for _, when, becomes in RULES)
    return f"""
        SELECT *, CASE {rules} ELSE 'rest' END AS rule,
            CASE {classes} ELSE 'general' END AS worth_class
            FROM (
                SELECT v.account_id, v.order_days, v.clv, v.future_value,
                    v.realised_profit, v.margin_year, v.cost_year,
                    v.expected_margin, v.future_spread, {_SURE} AS sure_value,
                    v.margin_year - v.cost_year AS profit_year,
                    m.worth_class AS was, o.worth_class AS by_hand_class,
                    o.reason AS by_hand, o.expires_on
                FROM {values} v
                LEFT JOIN segments_membership m ON m.account_id = v.account_id
                    AND {came_from}
                {_BY_HAND if by_hand else _NOT_BY_HAND}
                WHERE v.run_id = %(run)s{only}
            ) figures
    """


_WHOLE = "FM999,999,999,999,990"
_IN_CENTS = f"{_WHOLE}.00"


def _rounded(amount: str) -> str:
    """Return SQL that rounds as pages do: halves to the even neighbour."""
    is_half = f"abs({amount} - trunc({amount})) = 0.5"
    return f"CASE WHEN {is_half} THEN 2 * round({amount} / 2) ELSE round({amount}) END"


def _money(amount: str, below: str = "NULL::numeric") -> str:
    """Return SQL that writes an amount as pages do.

    In cents where thresholds have some, and where whole units would say that an amount
    reaches what it is `below`.
    """
    whole = _rounded(amount)
    contradicts = f"{amount} < {below} AND {whole} >= {below}"
    number = f"""CASE WHEN NOT %(is_whole)s OR coalesce({contradicts}, false)
        THEN to_char({amount}, '{_IN_CENTS}') ELSE to_char({whole}, '{_WHOLE}') END"""
    return f"translate({number}, ',-', '{THIN_SPACE}{MINUS}')"


_PROFIT = _money("profit_year", below="%(realised)s")
_EXPECTED = _money("future_value", below="%(expected)s")
_CLV = _money("clv", below="%(loss)s")
_REALISED_LIMIT = _money("%(realised)s")
_EXPECTED_LIMIT = _money("%(expected)s")
_COST = _money("cost_year")
_MARGIN = _money("margin_year")
_LOSS_LIMIT = _money("%(loss)s")
_SURENESS = (
    "CASE WHEN %(doubt)s = 0 THEN '' ELSE '(' || %(confidence)s || ' sure of ' || "
    + _money("sure_value", below="%(expected)s")
    + " || ') ' END"
)
_SEEN = (
    f"'expected value ' || {_EXPECTED} || ' over ' || %(months)s || ' months ' ||"
    f" {_SURENESS}"
)
_COSTLY = (
    f"'serving took ' || {_COST} || ' of the margin ' || {_MARGIN} ||"
    " ', more than ' || %(cost_said)s"
)

# The reason in words, of a row of `ruled`.
REASON = f"""
    left(CASE worth_class
        WHEN 'current_key' THEN 'Current key: '
        WHEN 'potential_key' THEN 'Potential key: '
        WHEN 'general' THEN 'General: '
        ELSE 'Never profitable: ' END
    || CASE rule
    WHEN 'override' THEN 'set by hand until '
        || to_char(expires_on, 'FMDD Mon YYYY') || ': ' || by_hand
    WHEN 'prospect' THEN 'no orders yet; worth ' || {_EXPECTED}
        || ' if won, which is an assumption.'
    WHEN 'prospect_loss' THEN 'no orders yet; more was spent than the '
        || {_EXPECTED} || ' that winning is assumed to bring.'
    WHEN 'loss' THEN 'past and expected profit together are ' || {_CLV}
        || CASE WHEN %(loss)s = 0 THEN '.' ELSE ', below ' || {_LOSS_LIMIT} || '.' END
    WHEN 'loss_kept' THEN 'past and expected profit together are ' || {_CLV}
        || ', within the band above ' || {_LOSS_LIMIT} || '.'
    WHEN 'current' THEN 'last year''s profit ' || {_PROFIT} || ' reaches '
        || {_REALISED_LIMIT} || '; ' || {_SEEN} || 'reaches '
        || {_EXPECTED_LIMIT} || '.'
    WHEN 'current_kept' THEN 'last year''s profit ' || {_PROFIT} || ' and '
        || {_SEEN} || 'are within the band around ' || {_REALISED_LIMIT} || ' and '
        || {_EXPECTED_LIMIT} || '.'
    WHEN 'costly' THEN {_SEEN} || 'reaches ' || {_EXPECTED_LIMIT} || ', but '
        || {_COSTLY} || '.'
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
