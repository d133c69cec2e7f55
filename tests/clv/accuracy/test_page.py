"""The page about accuracy: what it tells, to whom, and in how many questions."""

import pytest
from django.urls import reverse

from clv.choices import Light, RunKind, RunStatus
from clv.models import (
    Assumptions,
    DemoFirm,
    Judgement,
    TrueWorth,
    Valuation,
    ValuationRun,
)
from clv.queries.accuracy import in_words
from clv.queries.truth import against_truth
from clv.services import runs
from config import night
from tests.clv.night import firm

PAGE = reverse("clv:accuracy")


@pytest.fixture
def judged(db):
    firm.build()
    run = runs.request_run(actor=None, as_of=firm.TODAY, kind=RunKind.NIGHTLY)
    night.execute(run.pk)
    return Judgement.objects.get()


def old_judgement(day):
    run = ValuationRun.objects.create(
        as_of=day,
        kind=RunKind.NIGHTLY,
        status=RunStatus.SUPERSEDED,
        assumptions=Assumptions.objects.current(),
    )
    return Judgement.objects.create(
        run=run, as_of=day, light=Light.UNKNOWN, sentence="Too early."
    )


def make_true(run, factor=2):
    """Let the truth be the forecast times a factor."""
    DemoFirm.objects.create(seed=1, as_of=run.as_of, accounts=60, parameters={})
    TrueWorth.objects.bulk_create(
        TrueWorth(
            account_id=value.account_id,
            is_alive=True,
            orders_per_year=1,
            dropout_probability=0.1,
            margin_per_order=1,
            expected_margin_36_months=value.expected_margin * factor,
        )
        for value in Valuation.objects.of_run(run).filter(order_days__gt=0)
    )


def text_of(client):
    page = client.get(PAGE)
    assert page.status_code == 200
    return page.content.decode()


def test_before_the_first_judgement_it_says_what_to_do(client, manager):
    client.force_login(manager)

    text = text_of(client)

    assert "Nothing is judged yet" in text
    assert "Load some months of orders" in text
    assert "Verdict" not in text


@pytest.mark.parametrize("who", ["manager", "marketer", "administrator"])
def test_it_tells_light_sentence_scores_and_models(client, judged, request, who):
    client.force_login(request.getfixturevalue(who))

    text = text_of(client)

    assert f"{judged.light.capitalize()}: {judged.get_light_display()}" in text
    assert judged.sentence in text
    for piece in (
        "80 % ranges held",
        "Rule: own pace goes on",
        "values accounts today",
        "Forecast against what came, by tenth of the accounts as a table",
        "Judgements so far",
    ):
        assert piece in text
    for name in ("mbgnbd", "last_period", "Against the truth"):
        assert name not in text
    came = judged.result["origins"][0]["scores"]["mix"]["actual_total"]
    assert f'data-label="Came">{came:.0f}<' in text
    assert text.count("<tr>") > 25  # origins, deciles, candidates, history


def test_a_lack_of_history_is_told(client, manager):
    old_judgement("2026-01-01")
    client.force_login(manager)

    text = text_of(client)

    assert "Too early." in text
    assert "Cannot be judged yet" in text
    assert "Models and rules" not in text


def test_a_rep_is_refused(client, rep):
    client.force_login(rep)

    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get(reverse("campaigns:today")).content.decode()


def test_the_menu_leads_there(client, manager):
    client.force_login(manager)

    assert f'href="{PAGE}"' in client.get(PAGE).content.decode()


def test_the_truth_of_a_demo_firm(client, manager, judged):
    make_true(judged.run)
    client.force_login(manager)

    found, text = against_truth(), text_of(client)

    assert found.accounts == 60
    assert found.ratio == pytest.approx(0.5)
    assert found.rank_correlation == pytest.approx(1.0)
    assert 0.8 < found.even_pace < 1.0
    for piece in ("Against the truth", "undiscounted", "is discounted at", "0.50"):
        assert piece in text


def test_there_is_no_truth_over_another_horizon(db, judged):
    make_true(judged.run)
    Assumptions.objects.filter(pk=judged.run.assumptions_id).update(horizon_months=24)

    assert against_truth() is None


def test_the_page_is_flat_and_writes_nothing(
    client, manager, judged, assert_flat_queries, read_only
):
    client.force_login(manager)

    def add_rows():
        for number in range(20):
            old_judgement(f"2025-01-{number + 1:02}")

    assert_flat_queries(lambda: client.get(PAGE), add_rows)
    with read_only():
        assert client.get(PAGE).status_code == 200


def test_reasons_name_models_as_people_do():
    said = "This mix (mbgnbd/cohort 60%, rate 40%) beat pareto_nbd."

    assert in_words(said) == (
        "This mix (MBG/NBD by cohort 60%, Rule: own pace goes on 40%) beat Pareto/NBD."
    )
