"""How much use was agreed with customers of the demo firm who have something on lease.

Most use about what was agreed; every seventh far less, so that low use shows.
"""

from django.db import connection

STORE = """
INSERT INTO crm_usagetarget (holding_id, metric, value)
SELECT u.holding_id, u.metric,
       round(avg(u.value) * CASE WHEN h.id % 7 = 0 THEN 2.6 ELSE 0.95 END, -1)
FROM crm_usage u
JOIN crm_holding h ON h.id = u.holding_id AND h.status = 'active'
JOIN crm_account a ON a.id = h.account_id AND a.owner_id IS NOT NULL
WHERE h.id % 3 <> 1
GROUP BY u.holding_id, u.metric, h.id
HAVING avg(u.value) > 20
"""


def store_targets() -> None:
    """Store targets for two thirds of what owned accounts use."""
    with connection.cursor() as cursor:
        cursor.execute(STORE)
