"""Who may work on a run, who may not any more, and what a sweep brings into order."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from clv.choices import RunKind, RunStatus
from clv.errors import LostLeaseError, RunRefusedError
from clv.models import Assumptions, DueSlot, RunStep, ValuationRun
from clv.services import leases, runs
from common.clock import business_today
from config import night, schedule
from crm.models import AuditEvent
from tests import make
from tests.clv.night import firm

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = dt.timedelta(hours=1)


def queued(**fields):
    return runs.request_run(actor=None, **fields)


def lapse(run):
    """Let the lease run out, as it does a minute after the worker is gone."""
    ValuationRun.objects.filter(pk=run.pk).update(
        lease_until=timezone.now() - dt.timedelta(seconds=1)
    )


def berlin(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_a_run_is_claimed_once(db):
    run = queued()

    lease = leases.claim(run.pk)

    assert lease.token == 1
    assert leases.claim(run.pk) is None
    run.refresh_from_db()
    assert (run.status, run.attempts) == (RunStatus.RUNNING, 1)


def test_only_one_run_is_worked_on(db):
    first, second = queued(), queued(as_of=business_today() - dt.timedelta(days=1))
    leases.claim(first.pk)

    assert leases.claim(second.pk) is None
    second.refresh_from_db()
    assert second.status == RunStatus.QUEUED


def test_whoever_lost_the_lease_writes_nothing(db):
    run = queued()
    slow = leases.claim(run.pk)
    lapse(run)
    fast = leases.claim(run.pk)

    with pytest.raises(LostLeaseError), slow.fenced():
        RunStep.objects.create(
            run=run, name="late", position=0, started_at=timezone.now()
        )
    with fast.fenced():
        RunStep.objects.create(
            run=run, name="good", position=0, started_at=timezone.now()
        )

    assert list(run.steps.values_list("name", flat=True)) == ["good"]
    assert leases.fail(slow, "too late") is False
    leases.let_go(slow)
    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING
    assert run.lease_until > timezone.now()


def test_a_run_that_loses_its_worker_three_times_is_given_up(db):
    make.account()
    run = queued()
    for _ in range(3):
        assert leases.claim(run.pk)
        assert runs.sweep().run_ids == ()
        lapse(run)

    assert leases.claim(run.pk) is None
    assert run.pk not in runs.sweep().run_ids

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert run.failure == runs.GAVE_UP


def test_the_heartbeat_keeps_the_lease(committed):
    lease = leases.claim(queued().pk)
    lapse(ValuationRun.objects.get())

    with leases.heartbeat(lease, every=0.01):
        deadline = timezone.now() + dt.timedelta(seconds=5)
        while timezone.now() < deadline:
            if ValuationRun.objects.get().lease_until > timezone.now():
                break

    assert ValuationRun.objects.get().lease_until > timezone.now()
    assert not lease.lost.is_set()


def test_the_heartbeat_notices_a_lost_lease(committed):
    run = queued()
    slow = leases.claim(run.pk)
    lapse(run)
    assert leases.claim(run.pk)

    with leases.heartbeat(slow, every=0.01):
        assert slow.lost.wait(5)


def test_a_night_has_one_run_whoever_asks(db):
    day = business_today()

    made = [runs.ensure_night(day) for _ in range(3)]

    assert len({run.pk for run in made}) == 1
    assert ValuationRun.objects.count() == 1
    assert DueSlot.objects.get().run == made[0]
    assert (made[0].kind, made[0].as_of) == (RunKind.NIGHTLY, day)


def test_asking_twice_is_asking_once_and_is_audited(manager):
    first = runs.request_run(actor=manager)

    assert runs.request_run(actor=manager) == first
    assert AuditEvent.objects.get().action == "run.requested"
    assert first.requested_by == manager


def test_a_day_ahead_is_refused(manager):
    with pytest.raises(RunRefusedError, match="lies ahead"):
        runs.request_run(actor=manager, as_of=business_today() + dt.timedelta(days=1))

    assert not ValuationRun.objects.exists()


def test_only_published_runs_can_be_repeated(db):
    run = queued()

    with pytest.raises(RunRefusedError, match="published"):
        runs.rerun_from_stored(actor=None, run_id=run.pk)

    assert ValuationRun.objects.count() == 1


@pytest.mark.parametrize(
    ("now", "night_of"),
    [
        ("2026-06-30T01:59:59", "2026-06-29"),
        ("2026-06-30T02:00:00", "2026-06-30"),
        ("2026-06-30T23:59:59", "2026-06-30"),
        ("2026-03-29T01:59:59", "2026-03-28"),  # 2 o'clock does not exist that day
        ("2026-03-29T03:00:00", "2026-03-29"),
        ("2026-10-25T01:59:59", "2026-10-24"),
        ("2026-10-25T02:00:00", "2026-10-25"),  # and comes twice on this one
        ("2028-02-29T02:00:00", "2028-02-29"),
        ("2026-12-31T23:30:00", "2026-12-31"),
        ("2027-01-01T01:00:00", "2026-12-31"),
    ],
)
def test_the_night_of_a_moment(now, night_of):
    assert runs.due_night(berlin(now)) == dt.date.fromisoformat(night_of)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-06-30"])
def test_each_business_date_has_one_night_whatever_the_clock_does(db, day):
    make.account()
    ValuationRun.objects.create(
        as_of="2026-01-01",
        kind="nightly",
        assumptions_id=assumptions(),
        status="failed",
    )
    moment = berlin(f"{day}T00:00:00").astimezone(dt.UTC) + HOUR * 3
    end = moment + 20 * HOUR
    while moment < end:
        runs.sweep(moment)
        runs.sweep(moment)
        moment += HOUR

    assert [str(slot.business_date) for slot in DueSlot.objects.all()] == [day]


def assumptions():
    return Assumptions.objects.current().pk


def test_a_missed_night_is_made_up_for_once(db):
    make.account()
    ValuationRun.objects.create(
        as_of="2026-06-27",
        kind="nightly",
        assumptions_id=assumptions(),
        status="failed",
    )

    for minute in range(5):
        runs.sweep(berlin(f"2026-06-30T07:0{minute}:00"))

    slot = DueSlot.objects.get()
    assert str(slot.business_date) == "2026-06-30"
    assert str(slot.run.as_of) == "2026-06-30"


def test_a_new_firm_has_missed_no_night(db):
    make.account()

    runs.sweep(berlin("2026-06-30T01:00:00"))
    assert not DueSlot.objects.exists()

    runs.sweep(berlin("2026-06-30T02:00:00"))
    assert DueSlot.objects.count() == 1


def test_an_empty_firm_has_nothing_to_value(db):
    assert runs.sweep().run_ids == ()
    assert not ValuationRun.objects.exists()


def test_what_a_dead_worker_left_is_dropped(db):
    run = queued()
    lease = leases.claim(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE clv_input_r{run.pk}_{lease.token} ()")
        cursor.execute(f"CREATE TABLE clv_valuation_r{run.pk}_0 ()")
        cursor.execute("CREATE TABLE clv_valuation_r987654_1 ()")

    dropped = runs.partitions.drop_orphans()

    assert sorted(dropped) == sorted(
        [f"clv_valuation_r{run.pk}_0", "clv_valuation_r987654_1"]
    )
    assert connection.introspection.table_names().count(
        f"clv_input_r{run.pk}_{lease.token}"
    )


def test_planning_that_died_is_taken_up_again(committed):
    firm.build(30)
    run = queued(as_of=firm.TODAY)
    night.execute(run.pk)
    run.steps.filter(name="plan").delete()
    lapse(run)
    values = ValuationRun.objects.get().digest

    assert runs.sweep(berlin("2026-06-30T01:00:00")).run_ids == (run.pk,)
    assert night.execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.digest, run.lease_until) == ("published", values, None)
    assert run.steps.get(name="plan").finished_at
    assert run.attempts == 2


def test_a_message_that_comes_twice_or_for_nothing_does_no_harm(committed):
    firm.build(30)
    run = queued(as_of=firm.TODAY)

    for _ in range(3):
        schedule.execute_run(run.pk)
    schedule.execute_run(987654)

    assert ValuationRun.objects.count() == 1
    run.refresh_from_db()
    assert (run.attempts, run.status) == (1, RunStatus.PUBLISHED)


def test_a_sweep_hands_out_one_run_and_repeats_itself_until_it_is_taken(
    db, monkeypatch
):
    make.account()
    run = queued()
    sent = []
    monkeypatch.setattr(
        schedule.execute_run, "apply_async", lambda args, **_: sent.append(args)
    )

    schedule.sweep_runs()
    schedule.sweep_runs()  # the first message was lost
    leases.claim(run.pk)
    schedule.sweep_runs()

    assert sent == [(run.pk,), (run.pk,)]
