"""What is broken turns the page red and is named; what is healthy is green.

Each firm goes through a real night; only what is broken is broken.
"""

import datetime as dt
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from django.urls import reverse

from clv.choices import RunKind
from clv.engine.history import Compressed
from clv.engine.judging import backtest
from clv.engine.judging.candidates import Field, fit_candidates
from clv.models import Judgement
from clv.services import judging, runs
from config import night
from tests import make
from tests.clv.accuracy import firms

FEW = ("bgnbd", "nbd")  # enough to choose from, and quickly fitted
fit_few = partial(fit_candidates, names=FEW)


def judged_page(client, manager):
    run = runs.request_run(actor=None, as_of=firms.TODAY, kind=RunKind.NIGHTLY)
    assert night.execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    client.force_login(manager)
    return Judgement.objects.get(), client.get(reverse("clv:accuracy")).content.decode()


@pytest.fixture
def fitted_by(monkeypatch):
    """Have the back-test fit as told."""

    def put(fit):
        broken = partial(backtest.run_backtest, fit=fit)
        monkeypatch.setattr(judging, "run_backtest", broken)

    return put


@pytest.fixture
def firm(db):
    return firms.save(*firms.buyers())


@pytest.fixture
def forecast_as(monkeypatch, fitted_by):
    """Have each origin's trial changed as told, after it was made."""
    honest = backtest.try_origin

    def put(change):
        fitted_by(fit_few)
        monkeypatch.setattr(
            backtest, "try_origin", lambda *given: change(honest(*given))
        )

    return put


def stay_forever(known):
    """Fit as usual and then let nobody leave."""
    models = fit_few(known).models
    return Field({**models, "bgnbd": replace(models["bgnbd"], a=1e-6)}, {})


def three_times(trial):
    tripled = {name: 3.0 * counts for name, counts in trial.row_counts.items()}
    return replace(trial, row_counts=tripled)


def of_another_account(trial):
    rows = trial.known.rows
    wrong = Compressed(rows.histories, np.roll(rows.inverse, 7))
    return replace(trial, known=replace(trial.known, rows=wrong))


def test_healthy_data_are_green(client, manager, firm, fitted_by):
    fitted_by(fit_few)

    judged, text = judged_page(client, manager)

    assert judged.light == "green", judged.sentence
    assert "Green: Good" in text
    assert "You can plan with these numbers." in text
    assert "Green: as expected" in text
    assert "What to do" not in text
    alert = client.get(reverse("clv:accuracy_alert")).content.decode()
    assert "hidden" in alert
    assert "plan" not in alert


def test_rates_three_times_too_high_are_red(client, manager, firm, forecast_as):
    forecast_as(three_times)

    judged, text = judged_page(client, manager)

    assert judged.light == "red"
    assert "Do not plan with these numbers: the total of orders was" in text
    assert "times what came" in text
    assert "Scale totals by the error below" in text
    alert = client.get(reverse("clv:accuracy_alert")).content.decode()
    assert "c-note--bad" in alert
    assert "Do not plan with these numbers: the total of orders was" in alert
    assert "Over 12 months" not in alert


def test_models_that_see_nobody_leave_are_red(client, manager, firm, fitted_by):
    fitted_by(stay_forever)

    judged, text = judged_page(client, manager)

    assert judged.light == "red"
    assert "counted on as if they stayed" in text
    assert "Do not count on accounts that have been silent for long" in text


def test_forecasts_of_another_account_are_red(client, manager, firm, forecast_as):
    forecast_as(of_another_account)

    judged, text = judged_page(client, manager)

    assert judged.light == "red"
    assert "accounts are mixed up" in text
    assert "were orders booked to the wrong accounts?" in text


def test_purchases_after_an_origin_change_no_forecast_of_it(db, manager, fitted_by):
    account, day, value = firms.buyers(200)
    made = firms.save(account, day, value)
    fitted_by(fit_few)
    before = night_result()
    Judgement.objects.all().delete()
    middle = firms.TODAY - dt.timedelta(days=60)
    for one in made[::3]:
        make.order(account=one, on=middle, lines=[(1, "9999999", "1")])

    after = night_result()

    for was, now in zip(before["origins"], after["origins"], strict=True):
        assert now["account_count"] == was["account_count"]
        for name in ("bgnbd", "nbd", "last_period", "rate", "cohort_mean"):
            told = now["scores"][name]["forecast_total"]
            assert told == was["scores"][name]["forecast_total"]
        orders = now["scores"]["models"]["actual_total"]
        assert orders > was["scores"]["models"]["actual_total"]


def night_result():
    run = runs.request_run(actor=None, as_of=firms.TODAY, kind=RunKind.NIGHTLY)
    assert night.execute(run.pk)
    return Judgement.objects.get().result


def test_a_firm_that_stops_buying_is_told(client, manager, db, fitted_by):
    account, day, value = firms.buyers()
    quiet_from = firms.TODAY.toordinal() - 60
    kept = [
        row
        for row in zip(account, day, value, strict=True)
        if row[1] < quiet_from or row[0] % 3 == 0
    ]
    firms.save(*zip(*kept, strict=True))
    fitted_by(fit_few)

    judged, text = judged_page(client, manager)

    assert judged.light in {"amber", "red"}
    assert "which chance does not explain" in text
    assert "Amber: something moved" in text
    assert 'c-tag--warn">alarm' in text
