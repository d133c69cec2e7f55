"""Offers of the demo firm that somebody decided on, so that outcomes can be seen."""

import datetime as dt

from django.db import connection

from clv.choices import DismissReason

# What goes with, or takes the place of, something that an owned account bought before:
# taken up three weeks before they first bought it, or dismissed where they never did.
STORE = """
WITH pair AS (
    SELECT from_product_id AS base, to_product_id AS offered, 'complement' AS kind
    FROM crm_product_complements
    UNION SELECT id, upgrade_to_id, 'upgrade' FROM crm_product
    WHERE upgrade_to_id IS NOT NULL
), bought AS (
    SELECT l.account_id, l.product_id, min(l.ordered_on) AS first_on
    FROM crm_orderline l
    JOIN crm_account a ON a.id = l.account_id AND a.owner_id IS NOT NULL
    WHERE l.status = 'confirmed' AND l.product_id IS NOT NULL
    GROUP BY l.account_id, l.product_id
), came AS (
    SELECT DISTINCT ON (b.account_id) b.account_id, p.base, p.offered, p.kind,
           o.first_on - 21 AS decided_on
    FROM bought b
    JOIN pair p ON p.base = b.product_id
    JOIN bought o ON o.account_id = b.account_id AND o.product_id = p.offered
    WHERE o.first_on BETWEEN %(as_of)s::date - 240 AND %(as_of)s::date - 10
      AND b.first_on < o.first_on - 21
    ORDER BY b.account_id, p.base, p.offered
), never AS (
    SELECT DISTINCT ON (b.account_id) b.account_id, p.base, p.offered, p.kind,
           %(as_of)s::date - 20 - (b.account_id %% 150)::int AS decided_on
    FROM bought b
    JOIN pair p ON p.base = b.product_id
    WHERE b.first_on < %(as_of)s::date - 200
      AND b.account_id NOT IN (SELECT account_id FROM came)
      AND NOT EXISTS (SELECT 1 FROM bought o WHERE o.account_id = b.account_id
                      AND o.product_id = p.offered)
      AND NOT EXISTS (SELECT 1 FROM crm_holding h WHERE h.account_id = b.account_id
                      AND h.product_id = p.offered)
    ORDER BY b.account_id, p.base, p.offered
), chosen AS (
    (SELECT *, 'accepted' AS state FROM came ORDER BY account_id LIMIT %(most)s)
    UNION ALL
    (SELECT *, CASE WHEN account_id %% 3 = 0 THEN 'accepted' ELSE 'dismissed' END
     FROM never ORDER BY account_id LIMIT %(most)s)
)
INSERT INTO clv_offerdecision
    (account_id, base_id, offered_id, kind, state, reason, note, decided_on,
     decided_by_id, silent_until, probability, yearly_gain)
SELECT c.account_id, c.base, c.offered, c.kind, c.state,
       CASE WHEN c.state = 'accepted' THEN ''
            ELSE (%(reasons)s::text[])[1 + c.account_id %% %(count)s] END,
       '', c.decided_on, a.owner_id,
       CASE WHEN c.state = 'dismissed' THEN c.decided_on + 180 END,
       0.05 + 0.01 * (c.account_id %% 20), 40 + 5 * (c.account_id %% 60)
FROM chosen c JOIN crm_account a ON a.id = c.account_id
ORDER BY c.account_id
"""
MOST = 40  # of each sort


def store_decisions(as_of: dt.date) -> None:
    """Store what reps decided on offers in the months before `as_of`."""
    reasons = [str(reason.value) for reason in DismissReason]
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            {
                "as_of": as_of,
                "most": MOST,
                "reasons": reasons,
                "count": len(reasons),
            },
        )
