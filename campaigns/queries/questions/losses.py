"""What counts as a loss or a purchase, and who was at risk of it, as SQL.

Every definition yields `pop`: id, joined, left_on (empty while it has not ended).
"""

from campaigns.queries.questions.base import Asked

FIRST_ORDER = """
    SELECT s.id, min(l.ordered_on) AS first_on FROM crm_orderline l
    JOIN seen s ON s.member = l.account_id WHERE l.status = 'confirmed' GROUP BY s.id
"""

LOST = f"""
    SELECT a.id, least(a.acquired_on, f.first_on) AS joined, a.lost_on AS left_on
    FROM crm_account a JOIN seen s ON s.id = a.id AND s.member = a.id
    LEFT JOIN ({FIRST_ORDER}) f ON f.id = a.id
    WHERE a.stage <> 'prospect' AND (a.stage <> 'former' OR a.lost_on IS NOT NULL)
"""

# A contract has ended when the last of an account's terms ran out and none runs on.
CONTRACT_ENDED = """
    SELECT s.id, min(h.acquired_on) AS joined,
        CASE WHEN bool_and(h.ends_on IS NOT NULL OR h.status <> 'active')
            AND coalesce(max(h.ends_on), date '0001-01-01') < %(today)s
        THEN max(h.ends_on) END AS left_on
    FROM crm_holding h JOIN seen s ON s.member = h.account_id
    JOIN crm_product p ON p.id = h.product_id AND p.term_months IS NOT NULL
    GROUP BY s.id
"""

# The first night that gives less than the share, after one that gave as much or more.
GONE_QUIET = """
    SELECT v.account_id AS id, min(v.first_on) AS joined,
        min(v.as_of) FILTER (WHERE v.alive < %(below)s / 100.0
            AND v.was >= %(below)s / 100.0) AS left_on
    FROM (
        SELECT v.account_id, v.first_on, r.as_of, v.probability_alive AS alive,
            lag(v.probability_alive) OVER (
                PARTITION BY v.account_id ORDER BY r.as_of) AS was
        FROM clv_valuation v
        JOIN clv_valuationrun r ON r.id = v.run_id AND r.status = 'published'
        JOIN seen s ON s.id = v.account_id AND s.member = s.id
        WHERE v.order_days > 0
    ) v GROUP BY v.account_id
"""

DEFINITIONS = {"lost": LOST, "contract": CONTRACT_ENDED, "quiet": GONE_QUIET}

LOST_ENDS = """
    SELECT id, left_on AS day FROM pop WHERE left_on BETWEEN %(since)s AND %(until)s
"""
PURCHASE_ENDS = """
    SELECT DISTINCT s.id, l.ordered_on AS day FROM crm_orderline l
    JOIN seen s ON s.member = l.account_id
    WHERE l.status = 'confirmed' AND l.ordered_on BETWEEN %(since)s AND %(until)s
        AND (%(product)s::bigint IS NULL OR l.product_id = %(product)s)
"""

# Classes as they stood day by day; before an account's first class it has none. One
# that ended is at risk up to and including the day before.
AT_RISK = """
    SELECT x.id, x.stratum::smallint AS stratum, x.joined, x.since,
        least(x.until, p.left_on, date '9999-12-30') AS until
    FROM (
        SELECT p.id, p.joined, greatest(m.since, p.joined) AS since,
            coalesce(m.until, date '9999-12-30') AS until,
            array_position(ARRAY['current_key', 'potential_key', 'general',
                'never_profitable'], m.worth_class::text) AS stratum
        FROM pop p JOIN segments_membership m ON m.account_id = p.id
        UNION ALL
        SELECT p.id, p.joined, p.joined, coalesce(f.first, date '9999-12-30'), 0
        FROM pop p LEFT JOIN (
            SELECT account_id, min(since) AS first FROM segments_membership GROUP BY 1
        ) f ON f.account_id = p.id
    ) x JOIN pop p ON p.id = x.id
    WHERE x.joined IS NOT NULL AND x.since < least(x.until, p.left_on,
        date '9999-12-30')
"""


def population(asked: Asked) -> str:
    """Return the definition of `pop` for what was asked."""
    return DEFINITIONS[asked.values.get("loss") or "lost"]


def ends(asked: Asked) -> str:
    """Return the statement of the ends: id and day."""
    return LOST_ENDS if "loss" in asked.values else PURCHASE_ENDS
