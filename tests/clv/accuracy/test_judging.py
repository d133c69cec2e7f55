"""The night judges its forecasts: every night, last of all, never by the future."""

import datetime as dt
from decimal import Decimal

import pytest

from clv.choices import Light, RunKind, RunStatus
from clv.models import Judgement, ValuationRun
from clv.queries.purchases import purchase_log
from clv.services import judging, runs
from config import night
from crm.models import OrderLine
from tests import make
from tests.clv.night import firm

LATER = firm.TODAY + dt.timedelta(days=5)
RATE = Decimal("0.30")


def night_of(day, kind=RunKind.NIGHTLY):
    run = runs.request_run(actor=None, as_of=day, kind=kind)
    assert night.execute(run.pk)
    run.refresh_from_db()
    return run


def step_of(run):
    return run.steps.get(name="judge")


def test_every_night_judges_and_hands_its_choice_on(committed):
    firm.build()

    first = night_of(firm.TODAY)
    judged = Judgement.objects.get()
    again = night_of(firm.TODAY + dt.timedelta(days=1))

    assert (judged.run, judged.as_of) == (first, firm.TODAY)
    assert judged.light in {Light.GREEN, Light.AMBER, Light.RED}
    assert judged.result["as_of_day"] == firm.TODAY.toordinal()
    assert step_of(first).detail == {"light": judged.light}
    assert [one.run for one in Judgement.objects.all()] == [again, first]
    newer = Judgement.objects.first().result["choice"]
    assert newer["chosen_on"] == judged.result["choice"]["chosen_on"]
    assert newer["weights"] == judged.result["choice"]["weights"]


def test_of_old_judgements_the_big_part_goes(committed):
    firm.build()
    before = night_of(firm.TODAY)
    Judgement.objects.update(
        as_of=firm.TODAY - dt.timedelta(days=401), brief={"sentence": "kept"}
    )
    told = Judgement.objects.get()

    night_of(firm.TODAY + dt.timedelta(days=1))

    old = Judgement.objects.get(run=before)
    assert (old.result, old.brief) == ({}, {"sentence": "kept"})
    assert (old.light, old.sentence) == (told.light, told.sentence)
    assert Judgement.objects.exclude(run=before).get().result


def test_a_run_on_demand_is_not_judged(committed):
    firm.build(30)

    run = night_of(firm.TODAY, kind=RunKind.ON_DEMAND)

    assert run.is_current
    assert step_of(run).detail == {"skipped": "only a current night is judged"}
    assert not Judgement.objects.exists()


def test_a_night_of_the_past_is_not_judged(committed):
    firm.build(30)
    night_of(firm.TODAY, kind=RunKind.ON_DEMAND)

    night_of(firm.TODAY - dt.timedelta(days=100))

    assert not Judgement.objects.exists()


def test_a_night_made_up_for_late_is_judged_as_of_its_day(committed):
    firm.build(60)

    run = night_of(firm.TODAY - dt.timedelta(days=20))

    assert run.is_current
    judged = Judgement.objects.get()
    assert (judged.run, judged.as_of) == (run, firm.TODAY - dt.timedelta(days=20))
    ends = {one["origin_day"] + one["horizon_days"] for one in judged.result["origins"]}
    assert ends == {judged.as_of.toordinal()}


def test_a_failure_leaves_the_night_published(committed, monkeypatch):
    firm.build(30)

    def broken(*_args, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(judging, "run_backtest", broken)
    run = runs.request_run(actor=None, as_of=firm.TODAY, kind=RunKind.NIGHTLY)
    with pytest.raises(ZeroDivisionError):
        night.execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.is_current) == (RunStatus.PUBLISHED, True)
    assert "Internal error" in run.failure
    assert run.lease_until is None
    assert run.steps.get(name="plan").finished_at
    assert not Judgement.objects.exists()


def test_what_comes_after_the_day_changes_nothing(committed):
    accounts = firm.build()
    night_of(firm.TODAY)
    before = Judgement.objects.get().result
    Judgement.objects.all().delete()
    for account in accounts[:20]:
        make.order(account=account, on=LATER, lines=[(1, "99999", "1")])

    night_of(firm.TODAY)

    assert OrderLine.objects.filter(ordered_on=LATER).count() == 20
    assert Judgement.objects.get().result == before


def test_little_history_says_what_is_missing_and_is_tried_again(committed):
    account = make.account()
    make.order(account=account, on=firm.TODAY - dt.timedelta(days=200))

    night_of(firm.TODAY)
    judged = Judgement.objects.get()
    run = night_of(firm.TODAY + dt.timedelta(days=1))

    assert (judged.light, judged.result) == (Light.UNKNOWN, {})
    assert "at least 30" in judged.sentence
    assert Judgement.objects.get().run == run  # the later one takes its place


@pytest.mark.parametrize(
    ("days", "piece"), [((), "no orders yet"), ((3,), "reach back 3 days")]
)
def test_each_lack_has_its_sentence(db, days, piece):
    for ago in days:
        make.order(account=make.account(), on=firm.TODAY - dt.timedelta(days=ago))
    log = purchase_log(as_of=firm.TODAY, margin_rate=RATE)

    said = judging._what_is_missing(log, firm.TODAY.toordinal())

    assert piece in said


def test_only_the_purchases_of_the_sample_are_read(db):
    firm.build(60)
    whole = purchase_log(as_of=firm.TODAY, margin_rate=RATE)

    read = purchase_log(
        as_of=firm.TODAY, margin_rate=RATE, account_count=60, most_accounts=20
    )

    sample = whole.sample(20)
    assert 5 < len(sample) < 40
    for name in ("accounts", "starts", "day", "value"):
        assert getattr(read, name).tolist() == getattr(sample, name).tolist()


def test_purchases_are_margin_per_day(db):
    firm.build(40)

    log = purchase_log(as_of=firm.TODAY, margin_rate=RATE)

    told = {}
    for line in OrderLine.objects.all():
        margin = RATE * line.revenue
        if line.cost is not None:
            margin = line.revenue - line.cost
        key = (line.account_id, line.ordered_on.toordinal())
        told[key] = told.get(key, 0) + margin
    codes = [
        int(code)
        for code, begin, end in zip(
            log.accounts, log.starts, log.starts[1:], strict=False
        )
        for _ in range(end - begin)
    ]
    found = dict(zip(zip(codes, log.day.tolist(), strict=True), log.value, strict=True))
    assert found == {key: pytest.approx(float(told[key])) for key in told}
    assert ValuationRun.objects.count() == 0
