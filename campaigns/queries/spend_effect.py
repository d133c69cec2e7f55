"""What other assumptions would do to the care that is justified for customers."""

from typing import Any

from django.db import connection

from campaigns.queries.wallet import Responses
from clv.models import ValuationRun
from clv.models.assumptions import AssumedNumbers

STATEMENT = """
    WITH b AS (
        SELECT v.account_id, {was} AS spend FROM clv_valuation v {was_joins}
        WHERE v.run_id = %(run)s AND v.order_days > 0
    ), a AS (
        SELECT v.account_id, {becomes} AS spend FROM {values} v {becomes_joins}
    )
    SELECT count(*) FILTER (WHERE a.spend > b.spend),
        count(*) FILTER (WHERE a.spend < b.spend),
        coalesce(sum(b.spend), 0.00)::numeric(18, 2)::text,
        coalesce(sum(a.spend), 0.00)::numeric(18, 2)::text
    FROM b JOIN a USING (account_id)
"""


def spend_effect(
    *, before: ValuationRun, numbers: AssumedNumbers, values: str
) -> dict[str, Any]:
    """Return how the justified spend of customers moves, as JSON.

    `values` is the table that holds what the customers of the run `before` are worth by
    `numbers`. Plans, classes and measured effects are those of now on both sides, so
    that whatever differs is due to the numbers. Amounts are texts of cents.
    """
    was, becomes = Responses(before.assumptions), Responses(numbers)
    statement = STATEMENT.format(
        values=values,
        was=was.justified_column(),
        was_joins=was.joins(),
        becomes=becomes.justified_column(),
        becomes_joins=becomes.joins(),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"run": before.pk})
        more, less, total_before, total_after = cursor.fetchone()
    return {"more": more, "less": less, "total": [total_before, total_after]}
