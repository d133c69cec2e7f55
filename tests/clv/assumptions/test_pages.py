"""The pages: what counts, in words; versions; a draft from its form to its end."""

from decimal import Decimal

import pytest
from django.urls import reverse

from clv.choices import RunStatus
from clv.models import (
    Assumptions,
    AssumptionsDraft,
    AssumptionsPreview,
    ValuationRun,
)
from clv.services import assumptions
from crm.models import AuditEvent
from tests import make
from tests.clv.assumptions.conftest import execute, numbers

PAGE = reverse("clv:assumptions")
COMPARE = reverse("clv:assumptions_compare")
DRAFT = reverse("clv:assumptions_draft")
EFFECT = reverse("clv:assumptions_effect")
PUBLISH = reverse("clv:assumptions_publish")
DISCARD = reverse("clv:assumptions_discard")


def filled(**changes):
    """Return the form as the page shows it, with some fields typed over."""
    return {
        "annual_rate": "10",
        "horizon_months": "36",
        "margin_rate_if_cost_unknown": "30",
        "retention_effect": "15",
        "response_scale": "5",
        "prior_orders_per_year": "",
        "prior_share_leaving": "",
        "prior_margin_per_order": "",
        "prior_strength": "1",
        "driver_delivery": "order",
        "driver_returns": "order",
        "driver_credit": "order",
        "driver_account_management": "year",
        "driver_marketing": "year",
        "driver_service": "year",
        "driver_other": "year",
        "based_on": str(Assumptions.objects.current().pk),
        "seen": "",
        **changes,
    }


def text_of(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client, manager):
    client.force_login(manager)
    return client


@pytest.fixture
def has_values(db):
    """A run that says it has valued somebody; nobody works through previews here."""
    return make.run(accounts_valued=1)


def test_what_counts_is_told_in_plain_words(signed_in, read_only):
    with read_only():
        text = text_of(signed_in.get(PAGE))
    for piece in (
        "10 % a year",
        "100 earned in a year count as 90.91 today",
        "36 months",
        "30.00 count as margin",
        "with each order",
        "not stated",
        "Version 1",
    ):
        assert piece in text
    assert "Change" in text


def test_who_may_only_look_finds_no_way_to_change(client, marketer, rep):
    client.force_login(marketer)
    text = text_of(client.get(PAGE))
    assert DRAFT not in text
    assert client.get(DRAFT).status_code == 403
    client.force_login(rep)
    assert client.get(PAGE).status_code == 403


def test_a_draft_is_kept_and_its_effect_asked_for(signed_in, manager, has_values):
    answer = signed_in.post(DRAFT, filled(annual_rate="12.5"))
    assert (answer.status_code, answer.url) == (302, DRAFT)
    draft = AssumptionsDraft.objects.get()
    assert (draft.author, draft.annual_rate) == (manager, Decimal("0.1250"))
    preview = AssumptionsPreview.objects.get()
    assert dict(preview.numbers) == dict(draft.numbers)
    assert preview.run.status == RunStatus.QUEUED
    text = text_of(signed_in.get(EFFECT))
    assert 'hx-trigger="every 1s"' in text
    assert "Waiting for a worker" in text
    assert "10 % a year → 12.5 % a year" in text
    assert "Publish" not in text


def test_the_effect_is_shown_and_what_is_published_is_what_was_seen(
    signed_in, manager, valued
):
    signed_in.post(DRAFT, filled(annual_rate="15"))
    preview = AssumptionsPreview.objects.get()
    execute(preview.run)
    text = text_of(signed_in.get(EFFECT))
    assert "hx-trigger" not in text
    assert "Customer equity" in text
    assert "All accounts" in text
    assert "Justified care a year" in text

    seen = AssumptionsDraft.objects.get().version
    answer = signed_in.post(
        PUBLISH, {"reason": "Money is dearer", "begin": "now", "seen": seen}
    )

    assert (answer.status_code, answer.url) == (302, PAGE)
    made = Assumptions.objects.current()
    assert (made.annual_rate, made.author) == (Decimal("0.1500"), manager)
    assert made.equity_before == Decimal(valued.metrics["equity"])
    assert made.equity_after < made.equity_before
    assert not AssumptionsDraft.objects.exists()
    assert not ValuationRun.objects.filter(kind="preview").exists()
    asked = ValuationRun.objects.open().get()
    assert (asked.kind, asked.assumptions) == ("on_demand", made)
    event = AuditEvent.objects.get(action="assumptions.published")
    assert event.detail["changed"] == {"annual_rate": ["0.1000", "0.1500"]}
    text = text_of(signed_in.get(PAGE))
    assert "Money is dearer" in text
    assert "counts from the next run on" in text
    assert "Discount rate: " in text


def test_waiting_for_the_night_asks_for_no_run(signed_in, has_values):
    signed_in.post(DRAFT, filled(horizon_months="24"))
    seen = AssumptionsDraft.objects.get().version
    signed_in.post(PUBLISH, {"reason": "Shorter", "begin": "night", "seen": seen})
    assert Assumptions.objects.current().horizon_months == 24
    assert not ValuationRun.objects.open().exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("annual_rate", "101", "between 0 and 100"),
        ("annual_rate", "-1", "between 0 and 100"),
        ("annual_rate", "NaN", "Enter a number"),
        ("annual_rate", "", "required"),
        ("horizon_months", "0", "1 to 120"),
        ("horizon_months", "121", "1 to 120"),
        ("horizon_months", "99999999999999999999", "1 to 120"),
        ("margin_rate_if_cost_unknown", "100.5", "between 0 and 100"),
        ("retention_effect", "1000", "between 0 and 100"),
        ("response_scale", "0", "above 0"),
        ("prior_orders_per_year", "0", "From 0.1 to 365"),
        ("prior_orders_per_year", "366", "From 0.1 to 365"),
        ("prior_share_leaving", "100", "at most 95%"),
        ("prior_margin_per_order", "-5", "above 0"),
        ("prior_strength", "7", "Select a valid choice"),
        ("driver_delivery", "moon", "Select a valid choice"),
    ],
)
def test_absurd_numbers_are_refused_at_their_field(signed_in, field, typed, said):
    answer = signed_in.post(DRAFT, filled(**{field: typed}))
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert said in errors[field][0]
    assert not AssumptionsDraft.objects.exists()


def test_more_cannot_leave_than_place_an_order(signed_in):
    answer = signed_in.post(
        DRAFT, filled(prior_orders_per_year="0.5", prior_share_leaving="60")
    )
    assert answer.status_code == 422
    said = answer.context["form"].errors["prior_share_leaving"][0]
    assert "At 0.5 orders a year at most 38\u202f% can leave" in said


def test_an_unchanged_draft_has_nothing_to_publish(signed_in, has_values):
    answer = signed_in.post(DRAFT, filled())
    assert answer.status_code == 422
    assert "nothing to publish" in text_of(answer)
    assert not AssumptionsDraft.objects.exists()
    assert not AssumptionsPreview.objects.exists()


def test_an_empty_firm_can_publish_without_an_effect(signed_in):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    text = text_of(signed_in.get(DRAFT))
    assert "There is nothing to value yet" in text
    seen = AssumptionsDraft.objects.get().version
    signed_in.post(
        PUBLISH, {"reason": "From the start", "begin": "night", "seen": seen}
    )
    made = Assumptions.objects.current()
    assert (made.annual_rate, made.equity_after) == (Decimal("0.0500"), None)


def test_no_reason_publishes_nothing(signed_in, has_values):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    seen = AssumptionsDraft.objects.get().version
    answer = signed_in.post(PUBLISH, {"reason": " ", "begin": "night", "seen": seen})
    assert answer.status_code == 422
    assert answer.context["publish_form"].errors["reason"]
    assert Assumptions.objects.count() == 1
    assert AssumptionsDraft.objects.exists()


def test_who_publishes_second_is_told_and_keeps_what_was_typed(
    signed_in, manager, administrator, has_values
):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    seen = AssumptionsDraft.objects.get().version
    assumptions.publish(
        actor=administrator,
        numbers={"horizon_months": 24},
        based_on=1,
        reason="Two years are enough",
    )

    answer = signed_in.post(PUBLISH, {"reason": "Cheap", "begin": "now", "seen": seen})

    assert answer.status_code == 409
    text = text_of(answer)
    assert "Two years are enough" in text
    assert Assumptions.objects.count() == 2
    assert not ValuationRun.objects.open().exists()
    initial = answer.context["form"].initial
    assert (initial["annual_rate"], initial["horizon_months"]) == (
        Decimal("0.0500"),
        24,
    )

    late = signed_in.post(DRAFT, filled(annual_rate="6", based_on="1", seen=seen))
    assert late.status_code == 409
    typed = late.context["form"].initial
    assert (typed["annual_rate"], typed["horizon_months"]) == (Decimal("0.06"), 24)
    assert AssumptionsDraft.objects.get().annual_rate == Decimal("0.0500")


def test_two_windows_on_one_draft(signed_in, has_values):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    seen = AssumptionsDraft.objects.get().version
    signed_in.post(DRAFT, filled(annual_rate="6", seen=seen))
    assert signed_in.post(DRAFT, filled(annual_rate="7", seen=seen)).status_code == 409
    answer = signed_in.post(PUBLISH, {"reason": "Late", "begin": "night", "seen": seen})
    assert answer.status_code == 409
    assert AssumptionsDraft.objects.get().annual_rate == Decimal("0.0600")
    assert Assumptions.objects.count() == 1


def test_discarding_leaves_everything_as_it_was(signed_in, has_values):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    assert signed_in.post(DISCARD).url == PAGE
    assert not AssumptionsDraft.objects.exists()
    assert not AssumptionsPreview.objects.exists()
    assert list(ValuationRun.objects.all()) == [has_values]
    again = signed_in.post(PUBLISH, {"reason": "Late", "begin": "now", "seen": 1})
    assert again.status_code == 409
    assert "There is no draft of yours" in text_of(again)
    assert Assumptions.objects.count() == 1


def test_a_preview_of_an_older_run_says_so(signed_in, valued):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    execute(AssumptionsPreview.objects.get().run)
    assert "Out of date" not in text_of(signed_in.get(EFFECT))
    make.run(as_of=valued.as_of.replace(year=valued.as_of.year + 1))
    assert "Out of date" in text_of(signed_in.get(EFFECT))


def test_what_cannot_be_worked_out_says_why(signed_in, has_values):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    ValuationRun.objects.filter(kind="preview").update(
        status="failed", failure="The margin of account 7 is no sound number."
    )
    text = text_of(signed_in.get(EFFECT))
    assert "With these numbers no value could be worked out" in text
    assert "account 7" in text


def test_previews_are_in_no_list_of_runs(signed_in, has_values):
    signed_in.post(DRAFT, filled(annual_rate="5"))
    preview = AssumptionsPreview.objects.get().run
    assert f"/runs/{preview.pk}/" not in text_of(signed_in.get(reverse("clv:run_list")))
    assert (
        signed_in.get(reverse("clv:run_detail", args=[preview.pk])).status_code == 404
    )


def test_two_versions_stand_side_by_side(signed_in, manager, read_only):
    assumptions.publish(
        actor=manager, numbers=numbers(horizon_months=60), based_on=1, reason="Longer"
    )
    newest = Assumptions.objects.current()
    with read_only():
        text = text_of(signed_in.get(COMPARE))
    assert f"Versions 1 and {newest.pk}" in text
    assert text.count('c-tag--warn">changed') == 1
    assert text_of(signed_in.get(f"{COMPARE}?from={newest.pk}&to=1")).count("changed<")
    for odd in ("?to=99", "?to=x", "?to=99999999999999999999"):
        assert signed_in.get(COMPARE + odd).status_code == 404


def test_many_versions_cost_as_many_questions_as_one(
    signed_in, manager, assert_flat_queries
):
    def publish(count):
        for n in range(count):
            current = Assumptions.objects.current()
            assumptions.publish(
                actor=manager,
                numbers={"horizon_months": 12 + current.horizon_months % 60},
                based_on=current.pk,
                reason=f"Try {n}",
            )

    publish(1)
    assert_flat_queries(lambda: signed_in.get(PAGE), lambda: publish(5))
