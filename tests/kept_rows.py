"""The rows that migrations made, brought back after each test that commits.

Django empties every table and reads its rows back from JSON; with more than a hundred
tables that takes longer than most tests. Here only tables that hold rows are emptied,
and what migrations had put there is copied back from tables set aside, in one go.

No trigger and no foreign key is asked meanwhile (some tables refuse deletions), which
only a superuser of the server may say.
"""

import pytest
from django.db import connection
from django.test import TransactionTestCase

ASIDE = "rows_of_migrations"
TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        AND attgenerated = ''
    ORDER BY attnum
"""
NO_SUPERUSER = (
    "The role of DATABASE_URL must be a superuser to run the tests."
    " Make it one, or leave DATABASE_URL unset: then the tests start a server."
)


def set_aside():
    """Copy what migrations made; afterwards `bring_back` knows what to bring."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.exit(NO_SUPERUSER, returncode=2)
        cursor.execute(f"DROP SCHEMA IF EXISTS {ASIDE} CASCADE; CREATE SCHEMA {ASIDE}")
        for table in _with_rows(cursor):
            cursor.execute(f'CREATE TABLE {ASIDE}."{table}" AS TABLE public."{table}"')
    TransactionTestCase._fixture_teardown = lambda test: bring_back()


def bring_back():
    """Leave the database as migrations did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [ASIDE])
        kept = [table for (table,) in cursor.fetchall()]
        statements = [f'DELETE FROM public."{table}"' for table in _with_rows(cursor)]
        for table in kept:
            cursor.execute(COLUMNS, [f'public."{table}"'])
            names = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
            statements.append(
                f'INSERT INTO public."{table}" ({names}) OVERRIDING SYSTEM VALUE'
                f' SELECT {names} FROM {ASIDE}."{table}"'
            )
        cursor.execute(
            "BEGIN; SET LOCAL session_replication_role = replica; "
            + "; ".join(statements)
            + "; COMMIT"
        )


def _with_rows(cursor):
    cursor.execute(TABLES)
    tables = [table for (table,) in cursor.fetchall()]
    cursor.execute(
        " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.\"{table}\")"
            for table in tables
        )
    )
    return [table for (table,) in cursor.fetchall()]
