"""Find where margin is lost that need not be, once a night, for every account."""

from collections import defaultdict
from typing import Any

from django.db import connection, transaction

from clv.models import ValuationRun
from common.kept import marks_of
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import LeverCause
from segments.models import StoredFigures
from segments.queries.findings import MARGIN, READ
from segments.queries.narrowed import COLUMNS, NAMED, drop_older, name_of
from segments.queries.opportunities import LINES, account_rows, as_long_before
from segments.queries.scope import usual_period
from segments.queries.stored import allow_memory, timed

TABLE = "segments_leverfinding"
STAGED = "night_line"
# The lines are read once, for all causes.
STAGE = f"""
    CREATE TEMPORARY TABLE {STAGED} ON COMMIT DROP AS {WITH_SURVIVORS}{LINES}
    SELECT * FROM line
"""
FROM_STAGED = f", line AS NOT MATERIALIZED (SELECT * FROM {STAGED})"
INSERT = """
    INSERT INTO {table} (run_id, account_id, cause, key, money, usual, base, is_hit)
    SELECT %(run)s, account_id, %(cause)s, key, money, usual, base, hit
    FROM ({rows}) of_account WHERE key IS NOT NULL AND (hit OR money <> 0)
"""
SUMS = """
    SELECT {named}, f.cause, f.key, worth_class, relationship,
        sum(money)::text, max(usual)::text, (sum(base) FILTER (WHERE is_hit))::text,
        count(*) FILTER (WHERE is_hit)
    FROM {table} f JOIN (
        SELECT a.id, coalesce(m.worth_class, '') AS worth_class,
            a.relationship_type AS relationship, a.owner_id::text AS owner,
            a.territory_id::text AS territory, a.industry
        FROM crm_account a LEFT JOIN segments_membership m
            ON m.account_id = a.id AND m.until IS NULL
    ) c ON c.id = f.account_id
    GROUP BY GROUPING SETS ({sets})
"""
PLACE = "f.cause, f.key, worth_class, relationship"


@transaction.atomic
def write_findings(run: ValuationRun) -> int:
    """Write down who is behind which place, and the sums; return the findings.

    Only of the current run, since classes are those of now. The rows are filled and
    indexed beside those that are read, then take their place; again does the same.
    """
    if not run.is_current:
        return 0
    allow_memory()
    marks = marks_of(*READ)
    table = f"{TABLE}_r{run.pk:d}"
    block = timed(run, MARGIN, lambda: _found(run, table))
    narrowed = _by_name(block.rows)
    block.rows = [marks, *(row for dimension, _, *row in block.rows if not dimension)]
    _swap(run, table)
    old = StoredFigures.objects.filter(run=run)
    old.filter(block__startswith=f"{MARGIN}:").delete()
    old.filter(block=MARGIN).delete()
    StoredFigures.objects.bulk_create(
        [
            block,
            *(
                StoredFigures(run=run, block=name, rows=rows)
                for name, rows in narrowed.items()
            ),
        ]
    )
    drop_older(run.pk, [MARGIN])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLE} WHERE run_id = %s", [run.pk])
        return int(cursor.fetchone()[0])


def _found(run: ValuationRun, table: str) -> list[Any]:
    """Fill the table with the findings and return their sums."""
    period = usual_period(run.as_of)
    since, until = period.since, period.until
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}, {STAGED}")
        cursor.execute(f"CREATE TABLE {table} (LIKE {TABLE} INCLUDING DEFAULTS)")
        cursor.execute(STAGE, {"before": as_long_before(since, until), "until": until})
        cursor.execute(f"ANALYZE {STAGED}")
        for cause in LeverCause:
            sql, params = account_rows(cause, since, until, lines=FROM_STAGED)
            insert = INSERT.format(table=table, rows=sql)
            cursor.execute(insert, params | {"run": run.pk, "cause": cause.value})
        cursor.execute(f"DROP TABLE {STAGED}")
        cursor.execute(f"ANALYZE {table}")
        sets = [f"({PLACE})", *(f"({one}, {PLACE})" for one in COLUMNS.values())]
        cursor.execute(SUMS.format(table=table, named=NAMED, sets=", ".join(sets)))
        return list(map(list, cursor.fetchall()))


def _by_name(rows: list[Any]) -> dict[str, list[Any]]:
    """Sort the sums of one owner, territory or industry into their blocks."""
    found: dict[str, list[Any]] = defaultdict(list)
    for dimension, key, *row in rows:
        if dimension and key:
            found[name_of(MARGIN, dimension, key)].append(row)
    return found


def _swap(run: ValuationRun, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE {TABLE} ATTACH PARTITION {table} FOR VALUES IN ({run.pk:d})"
        )
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            f" WHERE inhparent = '{TABLE}'::regclass"
        )
        for (name,) in cursor.fetchall():
            if name != table:
                cursor.execute(f"DROP TABLE {name}")
