"""Other sessions in the test's database: whoever was killed must be gone from there."""

import time

from django.db import connection

OTHERS = """
    SELECT pid, application_name, state, wait_event_type, wait_event,
        (now() - backend_start)::text AS old, (now() - xact_start)::text AS in_work,
        pg_blocking_pids(pid) AS held_by, left(query, 300) AS query
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
"""


def make_sure_nobody_is_at_work(seconds=60):
    """Wait until no other session works in this database; fail naming those that do.

    The server needs a moment to notice that a client was killed.
    """
    ends = time.monotonic() + seconds
    while others := sessions():
        assert time.monotonic() < ends, "\n".join(map(str, others))
        time.sleep(0.05)


def sessions():
    """Return what other clients do, as rows of words; those that idle are left out."""
    with connection.cursor() as cursor:
        cursor.execute(f"{OTHERS} AND state <> 'idle'")
        return cursor.fetchall()
