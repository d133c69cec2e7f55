"""Values are indexed for lists once they are shown, each index once."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clv.choices import RunStatus
from clv.errors import LostLeaseError
from clv.models import Valuation
from clv.services import partitions, runs
from clv.services.execution import Work
from clv.services.leases import Lease
from config import night
from segments.services import reclassing
from tests.clv.changes.firm import EARLIER, valued
from tests.clv.night import firm

LISTED = {
    "by_clv": "btree (clv, account_id)",
    "by_future": "btree (future_value, account_id)",
    "prospects": "btree (trait_code, account_id) WHERE (order_days = 0)",
}
KEY = {"pkey": "btree (run_id, account_id)"}
BEFORE = ("clv", "0028_packed_sums")
AFTER = ("clv", "0029_indexes_of_lists")


def indexes_of(table):
    """Return what each index of a table is on, by the end of its name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [table]
        )
        found = dict(cursor.fetchall())
    assert all(name.startswith(f"{table}_") for name in found)
    return {
        name.removeprefix(f"{table}_"): definition.split(" USING ")[1]
        for name, definition in found.items()
    }


def numbers_of(table):
    """Return the database's own number of each index: another one if built anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relfilenode FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = %s::regclass",
            [table],
        )
        return dict(cursor.fetchall())


def index_read_for(values):
    """Return the plan of a query where nothing but an index gives the order."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    return values.explain()


def table_of(run, token=1):
    return partitions.value_table(Lease(run.pk, token))


def work_on(run):
    return Work(Lease(run.pk, run.token), run)


@pytest.fixture
def accounts(db):
    return firm.build(12)


def test_attaching_builds_no_index_of_lists(accounts):
    assert indexes_of(table_of(valued())) == KEY


def test_a_night_indexes_its_values_and_those_of_a_past_day(accounts, run_night):
    today = run_night(firm.TODAY)
    past = run_night(firm.TODAY.replace(day=1))

    assert indexes_of(table_of(today)) == KEY | LISTED
    assert indexes_of(table_of(past)) == KEY | LISTED
    names = list(today.steps.values_list("name", flat=True))
    assert names[names.index("publish") :][:3] == ["publish", "classify", "index"]


def test_lists_of_a_run_are_read_from_its_indexes(accounts, run_night):
    run = run_night(firm.TODAY)
    values, table = Valuation.objects.of_run(run), table_of(run)

    best = values.order_by("-clv", "-account_id")
    most = values.order_by("-future_value", "-account_id")
    waiting = values.filter(order_days=0, trait_code=0).order_by("account_id")

    assert f"Scan Backward using {table}_by_clv on" in index_read_for(best)
    assert f"Scan Backward using {table}_by_future on" in index_read_for(most)
    assert f"Scan using {table}_prospects on" in index_read_for(waiting)


def test_indexing_twice_is_indexing_once(accounts, run_night):
    run = run_night(firm.TODAY)
    built = numbers_of(table_of(run))
    run.lease_until = run.finished_at
    run.save()

    night.steps.index(work_on(run))

    assert numbers_of(table_of(run)) == built


def test_who_has_lost_the_run_indexes_nothing(accounts):
    run = valued()

    with pytest.raises(LostLeaseError):
        night.steps.index(work_on(run))

    assert indexes_of(table_of(run)) == KEY


def test_a_run_taken_over_ends_with_its_indexes(committed, monkeypatch):
    firm.build(12)
    run, build = runs.request_run(actor=None, as_of=firm.TODAY), partitions.index

    def stop_at_the_second(run_id, name):
        if name == "by_clv":
            raise KeyboardInterrupt
        build(run_id, name)

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "index", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            night.execute(run.pk)
    built = numbers_of(table_of(run))
    run.refresh_from_db()
    assert (run.status, run.token) == (RunStatus.PUBLISHED, 1)
    assert indexes_of(table_of(run)) == KEY | {"prospects": LISTED["prospects"]}

    assert night.execute(run.pk)

    run.refresh_from_db()
    assert (run.token, run.failure, run.lease_until) == (2, "", None)
    assert indexes_of(table_of(run)) == KEY | LISTED
    assert built.items() <= numbers_of(table_of(run)).items()
    assert not run.steps.filter(finished_at=None).exists()


def test_classing_again_indexes_nothing_anew(accounts, run_night, manager):
    run = run_night(firm.TODAY)
    built, began = numbers_of(table_of(run)), began_of(run)
    reclassing.request_classing(actor=manager)

    assert night.class_again() == run
    assert night.execute(run.pk)

    assert began_of(run)["classify"] > began["classify"]
    assert began_of(run)["index"] == began["index"]
    assert numbers_of(table_of(run)) == built


def began_of(run):
    return dict(run.steps.values_list("name", "started_at"))


def test_the_migration_keeps_the_indexes_of_values_that_are_there(accounts):
    run = valued(EARLIER)
    table = table_of(run)
    rows = list(Valuation.objects.of_run(run).order_by("account_id").values())
    newer = valued(firm.TODAY)
    named = table_of(newer)
    for name in LISTED:  # they find their names taken if the migration is undone
        partitions.index(newer.pk, name)
    migrate(BEFORE)
    assert len(indexes_of(table)) == 4
    built = set(numbers_of(table).values())

    migrate(AFTER)

    assert indexes_of(table) == KEY | LISTED
    assert set(numbers_of(table).values()) == built
    assert indexes_of("clv_valuation") == KEY
    assert indexes_of(named) == KEY | LISTED
    assert list(Valuation.objects.of_run(run).order_by("account_id").values()) == rows
    best = Valuation.objects.of_run(run).order_by("-clv", "-account_id")
    assert f"Scan Backward using {table}_by_clv on" in index_read_for(best)
    assert indexes_of(table_of(valued(firm.TODAY.replace(day=1)))) == KEY


def migrate(target):
    MigrationExecutor(connection).migrate([target])
