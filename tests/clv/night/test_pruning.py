"""Values of old nights go; month ends, totals and the current run stay."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models import Sum

from clv.models import RunStep, Valuation, ValuationRun
from clv.services import pruning, runs
from clv.services.runs import RunRefusedError
from config import night
from segments.models import ClassTotal, Membership
from tests import kept_rows
from tests.clv.night import firm

TODAY = dt.date(2026, 6, 30)


def published(day):
    run = runs.request_run(actor=None, as_of=dt.date.fromisoformat(day))
    night.execute(run.pk)
    run.refresh_from_db()
    assert run.status == "published"
    return run


def partitions():
    """How many runs that are there have a partition."""
    ids = "|".join(str(pk) for pk in ValuationRun.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_inherits"
            " WHERE inhparent = 'clv_valuation'::regclass"
            " AND inhrelid::regclass::text ~ %s",
            [f"_r({ids})_"],
        )
        return cursor.fetchone()[0]


def nights():
    """Runs of May 2025, none of them tidied away; that of the 10th was made anew."""
    firm.build(12, today=dt.date(2025, 4, 30))
    days = ["2025-05-10", "2025-05-10", "2025-05-20", "2025-05-25", "2025-05-26"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "VALUES_KEPT_DAYS", 100_000)
        return [published(day).pk for day in days]


def runs_of(ids):
    return [ValuationRun.objects.get(pk=pk) for pk in ids]


@pytest.fixture(scope="class")
def kept(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        try:
            yield nights()
        finally:
            kept_rows.bring_back()


class TestDropping:
    """What drops values changes nothing else, so these share the nights before."""

    @pytest.fixture
    def history(self, kept, db):
        return runs_of(kept)

    def test_values_older_than_400_days_go_but_not_those_of_month_ends(self, history):
        totals = list(ClassTotal.objects.order_by("pk").values())
        members = Membership.objects.count()
        *_, last = history
        clv = Valuation.objects.of_run(last).aggregate(sum=Sum("clv"))["sum"]

        dropped = pruning.drop_old_values(TODAY)  # 26 May 2025 is 400 days before

        assert dropped == 4
        for run in history:
            run.refresh_from_db()
        assert [run.has_values for run in history] == [False, False, False, False, True]
        assert partitions() == 1
        for run in history[:-1]:
            assert not Valuation.objects.of_run(run).exists()
            assert "clv" in run.metrics
            assert RunStep.objects.filter(run=run).exists()
        assert Valuation.objects.of_run(last).aggregate(sum=Sum("clv"))["sum"] == clv
        assert list(ClassTotal.objects.order_by("pk").values()) == totals
        assert Membership.objects.count() == members
        assert pruning.drop_old_values(TODAY) == 0

    def test_the_current_run_stays(self, history):
        ValuationRun.objects.filter(is_current=True).update(is_current=False)
        ValuationRun.objects.filter(pk=history[2].pk).update(is_current=True)

        pruning.drop_old_values(dt.date(2035, 1, 1))

        assert ValuationRun.objects.current().has_values
        assert Valuation.objects.of_run(history[2]).exists()

    def test_runs_without_values_are_compared_with_nothing_and_never_repeated(
        self, history
    ):
        pruning.drop_old_values(TODAY)
        old, last = history[2], history[-1]

        assert ValuationRun.objects.as_of(old.as_of) is None
        assert ValuationRun.objects.before(last) is None
        with pytest.raises(RunRefusedError):
            runs.rerun_from_stored(actor=None, run_id=old.pk)

    def test_nothing_is_dropped_while_somebody_reads(self, history, monkeypatch):
        monkeypatch.setattr(pruning, "PATIENCE", "50ms")
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT count(*) FROM clv_valuation")

                assert pruning.drop_old_values(TODAY) is None
        finally:
            other.close()
        assert partitions() == 5
        assert not ValuationRun.objects.filter(has_values=False).exists()


@pytest.fixture
def history(committed):
    return runs_of(nights())


def test_the_last_run_of_a_month_stays_however_old(history):
    june = published("2025-06-02")  # so that none of May is current

    pruning.drop_old_values(dt.date(2035, 1, 1))

    assert list(ValuationRun.objects.kept().order_by("as_of")) == [history[-1], june]


def test_each_night_tidies(history):
    run = published("2026-06-29")

    assert run.steps.get(name="tidy").rows == 4
    assert partitions() == 2
