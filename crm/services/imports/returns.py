"""Loading returns: rows below 0 become goods that came back of a line."""

from crm.models import OrderReturn
from crm.services.imports.staging import Given, ask, insert, run


def store_returns(source: str) -> int:
    """Store negative rows as returns of the line they take back."""
    if not ask("SELECT EXISTS (SELECT FROM pg_temp.rows WHERE is_return)")[0]:
        return 0
    run(_FIND_RETURNED_LINES, [source, source])
    run(
        """UPDATE pg_temp.rows AS r SET problem = t.problem
           FROM pg_temp.taken_back t
           WHERE t.line = r.line AND t.problem IS NOT NULL"""
    )
    run(
        """UPDATE pg_temp.rows AS r SET is_unchanged = true
           FROM pg_temp.taken_back t WHERE t.line = r.line AND t.is_stored
             AND t.problem IS NULL"""
    )
    return insert(
        OrderReturn,
        """FROM pg_temp.rows r JOIN pg_temp.taken_back t USING (line)
           WHERE r.problem IS NULL AND NOT t.is_stored ORDER BY r.line""",
        line="t.order_line",
        account="t.account_id",
        returned_on="r.day",
        quantity="r.q",
        refund="t.refund",
        cost_recovered="t.recovered",
        source=Given(source),
        external_id="t.external_id",
    )


_FIND_RETURNED_LINES = """
    CREATE TEMP TABLE taken_back ON COMMIT DROP AS
    WITH wanted AS (
        SELECT r.line, r.ord, r.sku, r.day, r.q, a.id AS account_id,
               round(r.q * r.p - r.d, 2) AS refund,
               coalesce(round(r.q * r.c, 2), 0) AS recovered,
               CASE WHEN length(r.ord || r.sku) <= 75 THEN r.ord || '/' || r.sku
                    ELSE md5(r.ord || '/' || r.sku) END || '/' || r.day || '/'
               || row_number() OVER (PARTITION BY r.ord, r.sku, r.day ORDER BY r.line)
                  AS external_id
        FROM pg_temp.rows r LEFT JOIN pg_temp.accounts a USING (account)
        WHERE r.is_return AND r.problem IS NULL
    ), found AS (
        SELECT w.*, x.id AS stored_id,
               (x.quantity, x.refund, x.cost_recovered) = (w.q, w.refund, w.recovered)
                   AS is_same,
               l.id AS order_line, l.ordered_on, l.status, l.quantity AS sold,
               l.revenue
        FROM wanted w
        LEFT JOIN crm_orderreturn x
          ON x.source = %s AND x.external_id = w.external_id
        LEFT JOIN crm_order o ON o.source = %s AND o.external_id = w.ord
         AND o.account_id = w.account_id
        LEFT JOIN LATERAL (
            SELECT ol.* FROM crm_orderline ol JOIN crm_product p ON p.id = ol.product_id
            WHERE ol.order_id = o.id AND p.sku = w.sku
            ORDER BY ol.quantity < w.q, ol.id LIMIT 1
        ) AS l ON true
    ), summed AS (
        SELECT f.*, coalesce(b.quantity, 0) + sum(f.q) FILTER (
                   WHERE f.stored_id IS NULL) OVER earlier AS back,
               coalesce(b.refund, 0) + sum(f.refund) FILTER (
                   WHERE f.stored_id IS NULL) OVER earlier AS refunded
        FROM found f LEFT JOIN (
            SELECT line_id, sum(quantity) AS quantity, sum(refund) AS refund
            FROM crm_orderreturn WHERE line_id IN (SELECT order_line FROM found)
            GROUP BY line_id
        ) AS b ON b.line_id = f.order_line
        WINDOW earlier AS (PARTITION BY f.order_line ORDER BY f.line)
    )
    SELECT line, external_id, order_line, account_id, refund, recovered,
           stored_id IS NOT NULL AS is_stored,
           CASE WHEN stored_id IS NOT NULL AND is_same THEN NULL
                WHEN stored_id IS NOT NULL
                THEN 'this return is stored with other amounts'
                WHEN order_line IS NULL
                THEN 'there is no line of this order, account and sku to return'
                WHEN status = 'cancelled' THEN 'the order was cancelled'
                WHEN day < ordered_on THEN 'goods came back before they were ordered'
                WHEN back > sold THEN 'more comes back than was sold'
                WHEN refunded > revenue THEN 'more is refunded than was paid'
           END AS problem
    FROM summed
"""
