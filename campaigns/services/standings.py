"""Standings: written anew by each night, so that long lists sort by any figure."""

from collections.abc import Iterable

from django.db import connection, transaction

from campaigns.choices import TouchStatus
from campaigns.queries.wallet import WITH_USED, Responses, window
from clv.models import ValuationRun
from clv.services.partitions import INDEX_MEMORY
from common.clock import business_today
from segments.choices import WorthClass

TABLE = "campaigns_standing"
_RANK = " ".join(f"WHEN '{key.value}' THEN {key.rank}" for key in WorthClass)
_FIRST_TOUCHES = f"""
    SELECT account_id, min(due_on) AS due_on FROM campaigns_plannedtouch
    WHERE status = '{TouchStatus.DUE.value}' GROUP BY account_id
"""


@transaction.atomic
def write_standings(run: ValuationRun) -> int:
    """Write where every account stands in `run`; return how many.

    The rows of the run are filled and indexed beside those that lists are reading, then
    take their place. Called again, it does the same again.
    """
    table = f"{TABLE}_r{run.pk:d}"
    before = ValuationRun.objects.before(run)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TABLE {table} (LIKE {TABLE} INCLUDING DEFAULTS)")
        responses = Responses(run.assumptions)
        statement = _INSERT.format(
            table=table,
            with_used=WITH_USED,
            justified=responses.justified_column(),
            stands=responses.joins(),
        )
        cursor.execute(
            statement,
            {
                "run": run.pk,
                "before": before.pk if before else 0,
                **window(business_today()),
            },
        )
        written = int(cursor.rowcount)
        cursor.execute(INDEX_MEMORY)
        cursor.execute(
            f"ALTER TABLE {TABLE} ATTACH PARTITION {table} FOR VALUES IN ({run.pk:d})"
        )
        for name in _other_tables(table):
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute(f"ANALYZE {table}")
    return written


def refresh_next_touches(accounts: Iterable[int] | None = None) -> None:
    """Bring the day of the next touch up to date, for some accounts or for all."""
    some = None if accounts is None else list(accounts)
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"some": some, "is_all": some is None})


def _other_tables(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            f" WHERE inhparent = '{TABLE}'::regclass"
        )
        return [name for (name,) in cursor.fetchall() if name != table]


_INSERT = f"""
{{with_used}}
INSERT INTO {{table}} (run_id, account_id, class_rank, clv, trend, realised_profit,
    revenue_year, margin_year, cost_year, care_left, probability_alive, paid_back_by,
    order_count, last_order_on, next_touch_on)
SELECT v.run_id, v.account_id, CASE m.worth_class {_RANK} END, v.clv, v.clv - b.clv,
    v.realised_profit, v.revenue_year, v.margin_year, v.cost_year,
    {{justified}} - coalesce(u.amount, 0), v.probability_alive,
    coalesce(v.break_even_on, v.paid_back_on), v.order_count, v.last_on, t.due_on
FROM clv_valuation v {{stands}}
LEFT JOIN used u ON u.account_id = v.account_id
LEFT JOIN clv_valuation b ON b.run_id = %(before)s AND b.account_id = v.account_id
LEFT JOIN segments_membership m ON m.account_id = v.account_id AND m.until IS NULL
LEFT JOIN ({_FIRST_TOUCHES}) t ON t.account_id = v.account_id
WHERE v.run_id = %(run)s
ORDER BY v.account_id
"""
_REFRESH = f"""
UPDATE {TABLE} s SET next_touch_on = wanted.due_on
FROM (
    SELECT s.run_id, s.account_id, (
        SELECT min(t.due_on) FROM campaigns_plannedtouch t
        WHERE t.account_id = s.account_id AND t.status = '{TouchStatus.DUE.value}'
    ) AS due_on
    FROM {TABLE} s
    WHERE %(is_all)s OR s.account_id = ANY(%(some)s::bigint[])
) wanted
WHERE s.run_id = wanted.run_id AND s.account_id = wanted.account_id
    AND s.next_touch_on IS DISTINCT FROM wanted.due_on
"""
