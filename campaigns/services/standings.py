"""Standings: written anew by each night, so that long lists sort by any figure."""

from collections.abc import Iterable

from django.db import connection, transaction

from campaigns.choices import TouchStatus
from campaigns.models import Standing
from campaigns.queries.wallet import WITH_USED, Responses, window
from clv.models import DueSlot, ValuationRun
from clv.queries.kept import ends_of
from clv.services.partitions import INDEX_MEMORY
from common.clock import business_today
from segments.choices import WorthClass

TABLE = "campaigns_standing"
NEXT_TOUCHES = "next-touches"  # kind of the due slot
AT_ONCE = 5_000  # accounts whose rows are written within half a second
CATCH_UP_LOCK = 5_310_120  # one worker at a time
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
    """Bring the day of the next touch up to date, for some accounts or for all.

    Of many that is left to a worker, who sees to it within seconds: each row that
    changes is written into a dozen indexes, and whoever waits for a page would wait for
    that. Until then long lists have these accounts where they stood.
    """
    some = None if accounts is None else list(accounts)
    count = Standing.objects.count() if some is None else len(some)
    if count > AT_ONCE:
        DueSlot.objects.bulk_create(
            [DueSlot(kind=NEXT_TOUCHES, business_date=business_today())],
            update_conflicts=True,
            update_fields=["created_at"],
            unique_fields=["kind", "business_date"],
        )
        return
    whose = "IS NOT NULL" if some is None else "= ANY(%(some)s::bigint[])"
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH.format(whose=whose), {"some": some})


def catch_up() -> int:
    """Do what was left to a worker; return of how many accounts the day has moved.

    Block by block, each in a transaction of its own, so that nobody who works on one of
    the accounts waits long. What is asked for meanwhile is done the next time. One
    worker is at it at a time; what a lost one has not done the next one does.
    """
    moved = 0
    asked = list(DueSlot.objects.filter(kind=NEXT_TOUCHES))
    for first, last in ends_of(TABLE) if asked else ():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [CATCH_UP_LOCK])
            if not cursor.fetchone()[0]:
                return moved
            cursor.execute(
                _REFRESH.format(whose="BETWEEN %(first)s AND %(last)s"),
                {"first": first, "last": last},
            )
            moved += int(cursor.rowcount)
    for slot in asked:
        DueSlot.objects.filter(pk=slot.pk, created_at=slot.created_at).delete()
    return moved


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
    WHERE s.account_id {{whose}}
) wanted
WHERE s.run_id = wanted.run_id AND s.account_id = wanted.account_id
    AND s.next_touch_on IS DISTINCT FROM wanted.due_on
"""
