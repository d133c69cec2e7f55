"""What the back-test chose values every account, and only what was known before."""

import datetime as dt
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from clv.choices import Light, RunKind, RunStatus
from clv.engine.ladder import fit_with_ladder
from clv.engine.models import fit_bgnbd, fit_mbg_cnbd, fit_nbd
from clv.engine.portfolio import Portfolio
from clv.engine.seasons import Seasons
from clv.engine.totals import TotalDoubt
from clv.engine.uncertainty import value_intervals
from clv.models import Judgement, Valuation
from clv.policy import INTERVAL_DRAWS
from clv.services import buying, runs
from clv.services.customers import Customers
from clv.services.fitting import fit_models
from clv.services.guidance import Guidance, guidance_for
from clv.services.learnt import Models
from clv.services.results import BREAK_EVENS
from clv.services.valuing import value_inputs
from config import night
from segments.models import ClassTotal, Membership
from tests import make
from tests.clv.night import firm
from tests.clv.night.test_valuing import TERMS, inputs, random_firm

JUDGED = dt.date(2026, 6, 29)
TWO = Guidance(judged_on=JUDGED, weights={"bgnbd": 0.75, "nbd": 0.25})
QUIET_SUMMER = Seasons(
    factors=(1.2, 1.2, 1.2, 1.0, 1.0, 0.4, 0.4, 0.4, 1.2, 1.3, 1.3, 1.4), is_on=True
)


def test_two_chosen_models_value_as_their_weighted_mean():
    accounts = random_firm()
    models = fit_models(accounts, terms=TERMS, guidance=TWO)

    results = value_inputs(accounts, models, TERMS)

    known = Customers.of(accounts)
    for name, orders in (
        ("expected_orders", 1095.75),
        ("expected_orders_year", 365.25),
    ):
        by_hand = sum(
            weight
            * fit(known.histories).expected_purchases(
                known.histories, horizon_days=orders
            )
            for fit, weight in ((fit_bgnbd, 0.75), (fit_nbd, 0.25))
        )
        assert getattr(results, name) == pytest.approx(by_hand, abs=2e-6)
    assert (models.name, models.step) == ("models", "individual")
    assert models.weights == {"bgnbd": 0.75, "nbd": 0.25}
    assert models.reason == "The back-test of 29 Jun 2026 chose bgnbd 75%, nbd 25%."


def test_stored_mixes_value_digit_by_digit_the_same():
    accounts = random_firm(60)
    weights = {"bgnbd": 0.4, "pareto_nbd": 0.2, "mbg_cnbd": 0.3, "own_pace": 0.1}
    guided = replace(TWO, weights=weights, regularity=2, seasons=QUIET_SUMMER)
    models = fit_models(accounts, terms=TERMS, guidance=guided)
    kept = json.loads(json.dumps(models.as_parameters(), sort_keys=True))

    again = Models.from_parameters(kept)

    assert again.buying == models.buying
    assert again.weights == models.weights
    assert again.doubt == models.doubt
    digest = value_inputs(accounts, models, TERMS).digest(accounts)
    assert value_inputs(accounts, again, TERMS).digest(accounts) == digest


def test_runs_from_before_mixes_can_still_be_read():
    models = fit_models(random_firm())
    stored = models.as_parameters()
    stored["buying"] = stored["buying"]["parameters"]
    for name in ("weights", "dropped", "judged_on", "seasons", "level", "doubt"):
        del stored[name]

    old = Models.from_parameters(json.loads(json.dumps(stored)))

    assert old.buying == models.buying
    assert (old.level, old.doubt) == (0.8, TotalDoubt(0.0, 0.15))
    assert not old.seasons.is_on


def test_regular_buyers_keep_the_regularity_that_was_judged():
    accounts = random_firm()
    guided = Guidance(judged_on=JUDGED, weights={"mbg_cnbd": 1.0}, regularity=3)

    models = fit_models(accounts, guidance=guided)

    known = Customers.of(accounts).histories
    by_hand = fit_mbg_cnbd(known, regularity=3)
    assert models.name == "mbg_cnbd"
    assert models.buying.regularity == 3
    assert models.buying.parameters.tolist() == by_hand.parameters.tolist()


def test_a_member_that_cannot_be_fitted_leaves_its_weight_to_the_others():
    accounts = random_firm()
    weights = {"bgnbd": 0.6, "nbd": 0.2, "bgnbd/cohort": 0.2}

    models = fit_models(accounts, guidance=replace(TWO, weights=weights))

    assert models.weights == pytest.approx({"bgnbd": 0.75, "nbd": 0.25})
    assert models.buying.weights == pytest.approx((0.75, 0.25))
    assert models.dropped == {"bgnbd/cohort": "too few accounts for cohorts"}


def test_a_choice_that_cannot_be_fitted_leaves_the_likelier_of_two():
    accounts = random_firm()
    sabotaged = replace(TWO, weights={"bgnbd/cohort": 0.5, "mbgnbd/cohort": 0.5})

    models = fit_models(accounts, guidance=sabotaged)

    usual = fit_models(accounts)
    assert (models.name, models.buying) == (usual.name, usual.buying)
    assert models.weights == {usual.name: 1.0}
    assert "None of the models that the back-test chose could be fitted" in (
        models.reason
    )
    assert "too few accounts for cohorts" in models.reason
    assert models.reason.endswith(usual.reason)


def test_a_mix_of_few_accounts_stands_on_the_rung_of_its_parts():
    models = fit_models(random_firm(20), guidance=TWO)

    assert models.step == "pooled"
    assert "stated priors help" in models.reason


def test_large_firms_are_fitted_by_the_week(monkeypatch):
    accounts = random_firm()
    monkeypatch.setattr(buying, "WEEKLY_FROM_ACCOUNTS", 400)

    models = fit_models(accounts, guidance=TWO)

    exact = fit_models(random_firm(399), guidance=TWO)
    assert models.buying.models[0].account_count == 400
    assert models.buying.models[0].r == pytest.approx(
        fit_with_ladder(Customers.of(accounts).histories).model.r, rel=0.05
    )
    assert exact.buying.models[0].account_count == 399


def test_intervals_are_asked_for_at_the_calibrated_level():
    accounts = random_firm()
    guided = replace(TWO, level=0.9)
    models = fit_models(accounts, terms=TERMS, guidance=guided)

    results = value_inputs(accounts, models, TERMS)

    known = Customers.of(accounts)
    rates = models.costs.expected(known.ledgers)
    by_hand = value_intervals(
        Portfolio.check(
            model=models.buying,
            spend=models.spend,
            histories=known.histories,
            order_count=known.order_count,
            mean_margin=known.mean_margin,
            cost_per_order=rates.per_order,
            cost_per_year=rates.per_year,
            annual_rate=0.10,
            horizon_days=1095.75,
        ),
        rng=np.random.default_rng(TERMS.as_of.toordinal()),
        draws=INTERVAL_DRAWS,
        level=0.9,
        pace_error=models.pace_error,
    )
    assert results.future_low == pytest.approx(by_hand.low * 100, abs=1)
    assert results.future_high == pytest.approx(by_hand.high * 100, abs=1)
    assert results.future_spread == pytest.approx(by_hand.spread * 100, abs=1)


def test_break_even_is_told_in_days_of_the_calendar():
    """All of it comes in autumn: the clock stands nearly still through the summer."""
    accounts = inputs(
        2,
        age_days=400,
        recency_days=390,
        order_days=12,
        margin=120_000,
        cost_to_win=[125_000, 135_000],
    )
    models = fit_models(random_firm(), terms=TERMS, guidance=TWO)
    seasonal = replace(models, seasons=QUIET_SUMMER)

    flat = value_inputs(accounts, models, TERMS)
    slow = value_inputs(accounts, seasonal, TERMS)

    assert {BREAK_EVENS[code].value for code in slow.break_even} == {"expected"}
    soon, late = flat.break_even_days, slow.break_even_days
    assert soon[0] < 62 < late[1]
    assert late[0] > 1.5 * soon[0]


def test_seasons_hardly_move_values_over_whole_years():
    accounts = random_firm()
    seasonal = replace(TWO, seasons=QUIET_SUMMER)

    flat, moved = (
        value_inputs(accounts, fit_models(accounts, terms=TERMS, guidance=one), TERMS)
        for one in (TWO, seasonal)
    )

    ratio = moved.future_value.sum() / flat.future_value.sum()
    assert ratio == pytest.approx(1.0, abs=0.1)
    assert ratio != 1.0


# With a database


@pytest.fixture
def accounts(db, monkeypatch):
    monkeypatch.setattr("clv.services.valuing.INTERVAL_DRAWS", 20)
    return firm.build()


def night_of(day, kind=RunKind.ON_DEMAND):
    run = runs.request_run(actor=None, as_of=day, kind=kind)
    assert night.execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    return run


def judged(on, weights, *, light=Light.GREEN, **found):
    """A judgement by which intervals of level L hold L squared of the accounts."""
    steps = np.linspace(-1.0, 1.0, 401)
    result = {
        "choice": {"weights": weights, "model_weights": weights, "reason": "Chosen."},
        "money_calibration": {"places": (0.5 + 0.5 * steps * abs(steps)).tolist()},
        "money_error": 0.2,
    }
    return Judgement.objects.create(
        run=make.run(as_of=on, current=False, status=RunStatus.SUPERSEDED),
        as_of=on,
        light=light,
        sentence="Judged.",
        result=(result | found) if light != Light.UNKNOWN else {},
    )


def test_the_newest_judgement_of_an_earlier_day_guides(db):
    run = make.run(as_of=firm.TODAY)
    assert guidance_for(run) == Guidance()
    for days, weights in (
        (-9, {"nbd": 1.0}),
        (-1, {"bgnbd": 0.75, "nbd": 0.25}),
        (0, {"pareto_nbd": 1.0}),
        (1, {"mbgnbd": 1.0}),
    ):
        judged(firm.TODAY + dt.timedelta(days=days), weights)
    judged(firm.TODAY - dt.timedelta(hours=24), {}, light=Light.UNKNOWN)

    guided = guidance_for(run)

    assert guided.judged_on == JUDGED
    assert guided.weights == {"bgnbd": 0.75, "nbd": 0.25}
    assert guided.level == pytest.approx(math.sqrt(0.8), abs=1e-4)
    assert guided.model_error == 0.2
    assert not guided.seasons.is_on


def test_a_night_values_with_the_choice_and_says_so(accounts):
    judged(JUDGED, {"bgnbd": 0.75, "nbd": 0.25}, regularity=None)

    run = night_of(firm.TODAY)

    assert run.model_name == "models"
    assert run.steps.get(name="fit").rows == 60
    kept = Models.from_parameters(run.parameters)
    assert kept.judged_on == JUDGED
    assert kept.level == pytest.approx(math.sqrt(0.8), abs=1e-4)
    assert kept.doubt.model_error == 0.2
    again = runs.rerun_from_stored(actor=None, run_id=run.pk)
    assert night.execute(again.pk)
    again.refresh_from_db()
    assert (again.status, again.digest) == ("checked", run.digest)


def test_a_judgement_of_the_day_itself_or_later_changes_nothing(accounts):
    before = night_of(firm.TODAY)
    for days in (0, 1, 30):
        judged(firm.TODAY + dt.timedelta(days=days), {"nbd": 1.0})

    after = night_of(firm.TODAY)

    assert after.digest == before.digest
    assert after.parameters == before.parameters
    assert after.model_name == "bgnbd"


def test_totals_lie_in_the_interval_of_the_formula(accounts):
    judged(JUDGED, {"bgnbd": 0.75, "nbd": 0.25})
    run = night_of(firm.TODAY)
    error = Models.from_parameters(run.parameters).doubt.parameter_error
    assert error > 0

    def ends(values):
        margin = sum(float(value.expected_margin) for value in values)
        variance = sum(value.future_spread**2 for value in values)
        reach = norm.ppf(0.9) * math.sqrt(variance + (error**2 + 0.2**2) * margin**2)
        equity = sum(float(value.future_value) for value in values)
        return pytest.approx([equity - reach, equity + reach], abs=0.02)

    customers = list(Valuation.objects.of_run(run).filter(order_days__gt=0))
    found = [float(run.metrics[name]) for name in ("equity_low", "equity_high")]
    assert found == ends(customers)
    held = dict(Membership.objects.open().values_list("account_id", "worth_class"))
    totals = ClassTotal.objects.filter(run=run, customers__gt=0)
    assert len(totals) > 1
    for total in totals:
        members = [v for v in customers if held[v.account_id] == total.worth_class]
        assert [float(total.equity_low), float(total.equity_high)] == ends(members)
    empty = ClassTotal.objects.filter(run=run, customers=0).first()
    assert empty is None or empty.equity_low == empty.equity_high == 0


def test_without_a_back_test_totals_have_the_usual_error(accounts, client, manager):
    run = night_of(firm.TODAY)
    client.force_login(manager)

    page = client.get("/value/").content.decode()

    assert run.parameters["doubt"]["model_error"] == 0.15
    assert "80 % between" in page
    assert "no back-test had been made yet: with the usual error of 15 %" in page
    judged(JUDGED, {"nbd": 1.0})
    night_of(firm.TODAY)
    assert "in the back-test of 29 Jun 2026" in client.get("/value/").content.decode()


def test_a_spoilt_choice_values_all_the_same_and_the_run_says_why(
    accounts, client, manager
):
    judged(JUDGED, {"pareto_nbd/cohort": 0.5, "mbg_cnbd": 0.5}, regularity=None)

    run = night_of(firm.TODAY)
    client.force_login(manager)
    page = client.get(f"/runs/{run.pk}/").content.decode()

    assert run.accounts_valued == 65
    assert run.model_name == "bgnbd"
    assert "None of the models that the back-test chose could be fitted" in page
    assert "Pareto/NBD by cohort" in page
    assert "too few accounts for cohorts" in page


def test_the_page_of_a_run_names_the_models_of_a_mix(accounts, client, manager):
    judged(JUDGED, {"bgnbd": 0.5, "nbd": 0.3, "mbgnbd": 0.2})
    run = night_of(firm.TODAY)
    client.force_login(manager)

    page = client.get(f"/runs/{run.pk}/").content.decode()

    for piece in (
        "Model: a mix of 3 models",
        "The back-test of 29 Jun 2026 chose BG/NBD 50%",
        "BG/NBD, weight 50",
        "are drawn at 89",
    ):
        assert piece in page
