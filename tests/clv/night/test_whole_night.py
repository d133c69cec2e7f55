"""The whole chain, from orders to touches, on a real database with real commits."""

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from django.db.models import Sum

from clv.choices import RunStatus
from clv.models import ChangeRollup, RunStep, Valuation, ValuationRun
from clv.services import runs
from config import night
from crm.models import Order
from segments.models import ClassTotal, Membership
from segments.services import changes_within
from tests import make
from tests.clv.night import firm


@pytest.fixture
def accounts(committed):
    return firm.build()


def run_now(as_of=firm.TODAY):
    run = runs.request_run(actor=None, as_of=as_of)
    assert night.execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    return run


def values_of(run):
    rows = Valuation.objects.of_run(run).order_by("account_id")
    return [{**row, "run_id": None} for row in rows.values()]


def test_every_account_is_valued_classed_and_planned(accounts):
    run = run_now()

    assert (run.status, run.is_current) == (RunStatus.PUBLISHED, True)
    assert (run.accounts_present, run.accounts_valued) == (65, 65)
    assert run.lease_until is None
    assert [step.name for step in run.steps.all()] == [
        *("summarise", "fit", "value", "publish", "classify", "index", "plan"),
        *("stages", "list", "explain", "portray", "sum up", "opportunities", "tidy"),
        *("forecast", "payback", "levers", "prepare", "judge"),
    ]
    assert all(step.finished_at >= step.started_at for step in run.steps.all())
    assert Membership.objects.open().count() == 65
    totals = ClassTotal.objects.filter(run=run)
    assert sum(total.accounts for total in totals) == 65
    assert str(sum(t.customer_equity for t in totals)) == run.metrics["equity"]


def test_each_night_says_why_values_changed_since_the_one_before(accounts):
    before = run_now(firm.TODAY - dt.timedelta(days=1))
    assert before.steps.get(name="explain").rows == 0
    run = run_now()
    assert run.steps.get(name="explain").rows == 5
    kept = ChangeRollup.objects.get(run=run, before=before, worth_class="")
    clvs = [
        Valuation.objects.of_run(one).aggregate(sum=Sum("clv"))["sum"]
        for one in (before, run)
    ]
    assert [kept.clv_before, kept.clv_after] == clvs
    assert kept.retention < 0

    some = list(Membership.objects.open().values_list("account_id", flat=True))[::3]
    part = changes_within.change_of_accounts(ids=some, run=run, before=before)
    clvs = [
        Valuation.objects.of_run(one)
        .filter(account_id__in=some)
        .aggregate(sum=Sum("clv"))["sum"]
        for one in (before, run)
    ]
    assert [part.clv_before, part.clv_after] == clvs
    assert sum(bar.amount for bar in part.bars) == clvs[1] - clvs[0] != 0


def test_prospects_are_worth_the_same_if_won(accounts):
    run = run_now()

    prospects = Valuation.objects.of_run(run).filter(order_days=0)
    assert {v.ladder_step for v in prospects} == {"assumption"}
    assert {v.probability_alive for v in prospects} == {None}
    assert {v.break_even for v in prospects} == {"unknown"}
    assert len({v.future_value for v in prospects}) == 1
    assert all(v.expected_orders > 1 for v in prospects)
    assert all(v.future_low < v.future_value < v.future_high for v in prospects)


def test_same_inputs_same_values_and_the_earlier_run_gives_way(accounts):
    first = run_now()
    values = values_of(first)

    second = run_now()

    first.refresh_from_db()
    assert first.status == RunStatus.SUPERSEDED
    assert ValuationRun.objects.current() == second
    assert second.digest == first.digest
    assert values_of(second) == values


def test_a_run_of_a_past_day_is_history_only(accounts):
    present = run_now()
    members = list(Membership.objects.values_list("account", "worth_class", "since"))
    past_day = firm.TODAY - dt.timedelta(days=100)

    past = run_now(past_day)

    assert (past.status, past.is_current) == (RunStatus.PUBLISHED, False)
    assert ValuationRun.objects.current() == present
    assert ValuationRun.objects.as_of(past_day) == past
    assert members == list(
        Membership.objects.values_list("account", "worth_class", "since")
    )
    assert all(
        v.last_on is None or v.last_on <= past_day
        for v in Valuation.objects.of_run(past)
    )


def test_a_past_day_is_valued_as_it_was(accounts):
    """What was entered before gives the same inputs, whether worked out then or now."""
    past_day = firm.TODAY - dt.timedelta(days=100)
    then = run_now(past_day)
    values, digest = values_of(then), then.digest
    run_now()

    later = run_now(past_day)

    assert values_of(later) == values
    assert later.digest == digest


def test_a_past_day_knows_only_who_was_there(accounts):
    """Neither prospects entered since nor customers who had not ordered yet."""
    past_day = firm.TODAY - dt.timedelta(days=500)
    served = set(
        Order.objects.filter(ordered_on__lte=past_day).values_list("account", flat=True)
    )
    won_without_order = make.account(acquired_on=past_day)

    past = run_now(past_day)

    valued = Valuation.objects.of_run(past).values_list("account_id", flat=True)
    assert set(valued) == served | {won_without_order.pk}
    assert past.accounts_present == past.accounts_valued == len(served) + 1


def test_the_intervals_of_classes_touch(accounts):
    day = firm.TODAY - dt.timedelta(days=90)
    while day <= firm.TODAY:
        run_now(day)
        day += dt.timedelta(days=30)

    changed = 0
    for account in accounts:
        rows = list(Membership.objects.filter(account=account).order_by("since"))
        assert rows[-1].until is None
        for before, after in itertools.pairwise(rows):
            assert before.until == after.since
            assert before.worth_class != after.worth_class
            changed += 1
    assert changed > 0


def test_a_rerun_reproduces_what_was_stored(accounts):
    run = run_now()
    make.order(account=accounts[0], on=firm.TODAY, lines=[(1, "9000.00", "1.00")])

    rerun = runs.rerun_from_stored(actor=None, run_id=run.pk)
    night.execute(rerun.pk)

    rerun.refresh_from_db()
    assert (rerun.status, rerun.failure) == (RunStatus.CHECKED, "")
    assert rerun.digest == run.digest
    assert ValuationRun.objects.current() == run
    assert not Valuation.objects.filter(run_id=rerun.pk).exists()


def test_a_rerun_finds_a_changed_value(accounts):
    run = run_now()
    one = Valuation.objects.of_run(run).filter(order_days__gt=3).first()
    Valuation.objects.of_run(run).filter(account_id=one.account_id).update(
        future_high=one.future_high + Decimal("0.01")
    )

    rerun = runs.rerun_from_stored(actor=None, run_id=run.pk)
    night.execute(rerun.pk)

    rerun.refresh_from_db()
    assert rerun.status == RunStatus.FAILED
    assert rerun.failure == f"1 account differs from what run {run.pk} has stored."


@pytest.mark.parametrize("count", [0, 1])
def test_one_account_or_none_that_ordered(committed, count):
    make.account(acquired_on=dt.date(2026, 5, 1))
    for _ in range(count):
        make.order(on=dt.date(2026, 6, 1))

    run = run_now()

    assert run.accounts_valued == 1 + count
    assert run.metrics["customers"] == count
    steps = Valuation.objects.of_run(run).values_list("ladder_step", flat=True)
    assert set(steps) <= {"assumption", "pooled"}


def test_a_failed_step_leaves_the_old_values(accounts, monkeypatch):
    good = run_now()
    values = values_of(good)

    def refuse(*_args, **_options):
        raise night.steps.RunFailedError("The figures make no sense.")

    monkeypatch.setattr("segments.services.classes.ensure_policy", refuse)
    bad = runs.request_run(actor=None, as_of=firm.TODAY)
    night.execute(bad.pk)

    bad.refresh_from_db()
    assert (bad.status, bad.failure) == (RunStatus.FAILED, "The figures make no sense.")
    assert ValuationRun.objects.current() == good
    assert values_of(good) == values
    assert RunStep.objects.filter(run=bad, finished_at=None).count() == 1
    assert f"clv_valuation_r{bad.pk}_1" in runs.partitions.drop_orphans()
