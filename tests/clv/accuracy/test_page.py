"""The page about accuracy: what it tells, to whom, and in how many questions."""

import copy
import csv
import datetime as dt
import io
from dataclasses import asdict

import numpy as np
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
from clv.queries.truth import discounts, truth_of
from clv.services import runs
from config import night
from segments.queries.members import classes_on
from tests import make
from tests.clv.night import firm

PAGE = reverse("clv:accuracy")
ALERT = reverse("clv:accuracy_alert")


@pytest.fixture
def valued(db):
    """A judgement and the values of its night."""
    firm.build()
    run = runs.request_run(actor=None, as_of=firm.TODAY, kind=RunKind.NIGHTLY)
    night.execute(run.pk)
    return Judgement.objects.get()


@pytest.fixture(scope="module")
def kept():
    """What the first night of this file told."""
    return {}


@pytest.fixture
def judged(db, kept, request):
    """The same judgement without the values, made by a night once."""
    if not kept:
        judgement = request.getfixturevalue("valued")
        for name in ("light", "sentence", "result", "brief"):
            kept[name] = getattr(judgement, name)
        return judgement
    return old_judgement(firm.TODAY, **copy.deepcopy(kept))


def old_judgement(day, light=Light.UNKNOWN, sentence="Too early.", **fields):
    run = ValuationRun.objects.create(
        as_of=day,
        kind=RunKind.NIGHTLY,
        status=RunStatus.SUPERSEDED,
        assumptions=Assumptions.objects.current(),
    )
    return Judgement.objects.create(
        run=run, as_of=day, light=light, sentence=sentence, **fields
    )


def brief(**fields):
    """What a judgement keeps of itself."""
    return {
        "weights": {"bgnbd": 1.0},
        "model_weights": {"bgnbd": 1.0},
        "reason": "bgnbd alone forecast one hold-out best.",
        "chosen_on": 1,
        "wins": 0,
        "faults": [],
        "total_error": 0.1,
        "gaps": {"4": 0.01, "8": 0.02, "13": -0.03},
        "alarms": [],
        **fields,
    }


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
        "Margin in 80 %",
        "Rule: own pace goes on",
        "The best accounts: found or missed",
        "Class by class",
        "What changed lately",
        "Orders forecast and come, by tenth of the accounts as a table",
        "Margin forecast and come, by tenth of the accounts as a table",
        "Orders per week, forecast and come as a table",
        "Weight of each model as a table",
        "Judgements so far",
    ):
        assert piece in text
    for name in ("mbgnbd", "last_period", "Against the truth"):
        assert name not in text
    scores = judged.result["origins"][0]["scores"]["models"]
    assert f'data-label="Orders came">{scores["actual_total"]:.0f}<' in text
    assert text.count("<tr>") > 60  # origins, tenths, classes, weeks, candidates


def test_classes_stand_on_the_page(client, manager, judged):
    client.force_login(manager)

    text = text_of(client)

    reports = judged.result["classes"]
    assert [one["is_of_today"] for one in reports] == [True, True, True]
    assert "so today's classes stand in" in text.replace("&#x27;", "'")
    assert 'class="c-class c-class--general">General' in text
    for report, origin in zip(reports, judged.result["origins"], strict=True):
        scores = origin["scores"]["models"]
        known = sum(one["account_count"] for one in report["classes"])
        assert known == origin["account_count"] == report["hits"]["account_count"]
        for key, total in (("forecast", "forecast_total"), ("actual", "actual_total")):
            parts = sum(one[key] for one in report["classes"])
            assert parts == pytest.approx(scores[total])
        money = sum(one["money_actual"] for one in report["classes"])
        assert money == pytest.approx(origin["money_scores"]["models"]["actual_total"])


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


def test_the_truth_of_a_demo_firm(client, manager, valued):
    judged = valued
    make_true(judged.run)
    found = truth_of(
        judged.run, classes_on(judged.as_of), model_error=0.1, part_error=0.2
    )
    judged.result["truth"] = [asdict(one) for one in found]
    judged.save()
    client.force_login(manager)

    text = text_of(client)

    firm_row, *by_class = found
    assert (firm_row.name, firm_row.accounts) == ("All customers", 60)
    assert firm_row.rank_correlation == pytest.approx(1.0)
    assert sum(one.accounts for one in by_class) == 60
    for column in ("expected", "truth"):
        parts = sum(getattr(one, column) for one in by_class)
        assert parts == pytest.approx(getattr(firm_row, column))
    # Twice the forecast, discounted at what leaving at 0.1 a year leaves of it.
    rate = float(judged.run.assumptions.annual_rate)
    kept = discounts(np.array([0.1]), rate)[0]
    assert firm_row.truth == pytest.approx(2 * kept * firm_row.expected)
    assert firm_row.is_within is False
    for piece in ("Against the truth", "misses the truth", "discounted alike"):
        assert piece in text


def test_discounting_the_truth_by_its_own_story():
    assert discounts(np.array([0.0, 0.5, 90.0]), 0.0).tolist() == pytest.approx(
        [1.0, 1.0, 1.0]
    )
    months = (np.arange(36_000) + 0.5) / 12_000
    bought = np.exp(-0.5 * months)
    worth = (bought * 1.1**-months).sum() / bought.sum()
    assert discounts(np.array([0.5]), 0.1)[0] == pytest.approx(worth, rel=1e-6)
    even = (1.1**-months).mean()
    assert discounts(np.array([0.0]), 0.1)[0] == pytest.approx(even, rel=1e-6)


def test_there_is_no_truth_over_another_horizon(judged):
    make_true(judged.run)
    Assumptions.objects.filter(pk=judged.run.assumptions_id).update(horizon_months=24)
    run = ValuationRun.objects.get(pk=judged.run_id)

    assert truth_of(run, classes_on(run.as_of), model_error=0.1, part_error=0.2) == []


def test_models_over_time_tell_when_and_why_the_choice_changed(client, manager):
    old_judgement("2026-06-01", Light.GREEN, brief=brief())
    old_judgement("2026-06-02", Light.GREEN, brief=brief())
    new = {"mbgnbd": 0.7, "pareto_nbd": 0.3}
    changed = brief(
        chosen_on=3, model_weights=new, reason="This mix (mbgnbd 70%) did better."
    )
    old_judgement("2026-06-30", Light.AMBER, brief=changed)
    client.force_login(manager)

    text = text_of(client)

    since = text[text.index("Models over time") :]
    assert since.count('data-label="Why"') == 2
    assert "This mix (MBG/NBD 70%) did better." in since
    assert since.index("This mix") < since.index("BG/NBD alone forecast")
    assert "MBG/NBD 70\u202f%, Pareto/NBD 30\u202f%" in since
    assert "Orders against forecast over the nights as a table" not in text  # no report


def test_nights_without_results_are_told_apart(client, manager):
    old_judgement("2026-06-29", Light.GREEN, brief=brief())
    old_judgement("2026-06-30")
    client.force_login(manager)

    text = text_of(client)

    assert "Cannot be judged yet" in text
    assert 'data-label="Orders off by">+10' in text
    assert 'data-label="Orders off by">–' in text


@pytest.mark.parametrize(
    ("ago", "failed", "words"),
    [
        (0, (), ""),
        (2, (), ""),
        (4, (), "This light is stale: it is of 27 Jun 2026, 4 days ago."),
        (1, (30,), "may be stale: it is of 30 Jun 2026."),
        (5, (28, 29), "The last 2 nights have failed"),
    ],
)
def test_a_light_that_no_longer_holds_says_so(client, manager, ago, failed, words):
    as_of = firm.TODAY - dt.timedelta(days=ago - 1)
    old_judgement(as_of, Light.GREEN, brief=brief())
    for number in failed or ():
        ValuationRun.objects.create(
            as_of=dt.date(2026, 6, number) + dt.timedelta(days=1),
            kind=RunKind.NIGHTLY,
            status=RunStatus.FAILED,
            failure="The disk is full.",
            assumptions=Assumptions.objects.current(),
        )
    client.force_login(manager)

    text = text_of(client)
    alert = client.get(ALERT).content.decode()

    assert (words in text) is True
    assert ("stale" in text) is bool(words)
    assert ("stale" in alert) is bool(words)
    assert ("hidden" in alert) is not bool(words)


@pytest.mark.parametrize(
    ("light", "shown"),
    [
        (Light.RED, "c-note--bad"),
        (Light.AMBER, "c-note--warn"),
        (Light.GREEN, "hidden"),
        (Light.UNKNOWN, "hidden"),
    ],
)
def test_the_dashboard_alerts_managers(client, manager, rep, light, shown):
    old_judgement(firm.TODAY, light)
    run = make.run(as_of=firm.TODAY)
    make.valuation(run=run, account=make.account())
    client.force_login(manager)

    dashboard = client.get(reverse("segments:value")).content.decode()
    alert = client.get(ALERT).content.decode()

    assert f'hx-get="{ALERT}"' in dashboard
    assert shown in alert
    assert (PAGE in alert) is (shown != "hidden")
    client.force_login(rep)
    assert client.get(ALERT).status_code == 403


def test_before_the_first_judgement_there_is_no_alert(client, manager):
    client.force_login(manager)

    assert "hidden" in client.get(ALERT).content.decode()


def test_the_export_holds_every_origin_and_class(client, manager, judged):
    client.force_login(manager)

    answer = client.get(reverse("clv:accuracy_export"))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="accuracy-2026-06-30.csv"' in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, *rows = list(csv.reader(io.StringIO(text)))
    assert header[:5] == [
        "Forecast on",
        "Until",
        "Class",
        "Accounts",
        "Orders forecast",
    ]
    assert {len(row) for row in rows} == {len(header)}
    firm_rows = [row for row in rows if row[2] == "All"]
    assert len(firm_rows) == 3
    money = judged.result["origins"][0]["money_scores"]["models"]["actual_total"]
    assert float(firm_rows[0][8]) == money
    assert len(rows) == 3 + sum(len(one["classes"]) for one in judged.result["classes"])


def test_an_export_without_a_judgement_is_empty(client, manager):
    client.force_login(manager)

    answer = client.get(reverse("clv:accuracy_export"))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert len(text.splitlines()) == 1


def test_the_page_is_flat_and_writes_nothing(
    client, manager, judged, assert_flat_queries, read_only
):
    client.force_login(manager)

    def add_rows():
        for number in range(20):
            old_judgement(f"2025-01-{number + 1:02}", Light.GREEN, brief=brief())

    assert_flat_queries(lambda: client.get(PAGE), add_rows)
    with read_only():
        assert client.get(PAGE).status_code == 200


def test_reasons_name_models_as_people_do():
    said = "This mix (mbgnbd/cohort 60%, rate 40%) beat pareto_nbd."

    assert in_words(said) == (
        "This mix (MBG/NBD by cohort 60%, Rule: own pace goes on 40%) beat Pareto/NBD."
    )
