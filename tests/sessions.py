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
    _wait(lambda: sessions(" AND state <> 'idle'"), seconds)


def make_sure_new_ones_are_gone(known, seconds=60):
    """Wait until no session is there, idle or not, but those that were `known`.

    Known are `pids()` from before. Playwright's event loop hides from a test the
    session that its process had before, so that one may be among them.
    """
    _wait(lambda: [row for row in sessions() if row[0] not in known], seconds)


def pids():
    return {row[0] for row in sessions()}


def _wait(others, seconds):
    ends = time.monotonic() + seconds
    while found := others():
        assert time.monotonic() < ends, "\n".join(map(str, found))
        time.sleep(0.05)


def sessions(which=""):
    """Return what other clients do, as rows of words."""
    with connection.cursor() as cursor:
        cursor.execute(f"{OTHERS}{which}")
        return cursor.fetchall()
