"""Measured effects: recorded with a reason, corrected by a new version, withdrawn."""

from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.models import MeasuredEffect
from crm.models import AuditEvent
from tests import make

PAGE = reverse("campaigns:effects")
RECORD = reverse("campaigns:effect_record")


def filled(**changes):
    return {
        "plan": "",
        "worth_class": "general",
        "channel": "",
        "effect": "20",
        "low": "10",
        "high": "30",
        "accounts": "240",
        "measured_from": "2025-01-01",
        "measured_until": "2025-12-31",
        "source": "Hold-out of 2025",
        "reason": "First measured",
        "based_on": "",
        **changes,
    }


@pytest.fixture
def signed_in(client, marketer):
    client.force_login(marketer)
    return client


def test_one_is_recorded_corrected_and_withdrawn(signed_in, marketer):
    assert "Nothing was measured yet" in signed_in.get(PAGE).text
    assert signed_in.post(RECORD, filled()).status_code == 302
    first = MeasuredEffect.objects.get()
    assert (first.effect, first.number) == (Decimal("0.2000"), 1)
    form = signed_in.get(RECORD, {"of": first.pk})
    assert 'value="20"' in form.text

    signed_in.post(RECORD, filled(effect="12.5", reason="Longer", based_on=first.pk))

    second = MeasuredEffect.objects.current().get()
    assert (second.effect, second.number) == (Decimal("0.1250"), 2)
    first.refresh_from_db()
    assert (first.retired_by, first.retired_because) == (marketer, "Longer")
    assert "12.5" in signed_in.get(PAGE).text
    withdraw = reverse("campaigns:effect_withdraw", args=[second.pk])
    signed_in.post(withdraw, {"reason": ""})
    assert MeasuredEffect.objects.current().exists()
    signed_in.post(withdraw, {"reason": "Groups were not alike"})
    assert not MeasuredEffect.objects.current().exists()
    assert set(
        AuditEvent.objects.filter(action__startswith="effect.").values_list(
            "action", flat=True
        )
    ) == {"effect.recorded", "effect.withdrawn"}


@pytest.mark.parametrize(
    "changes",
    [
        {"worth_class": ""},
        {"channel": "post"},
        {"effect": "40"},
        {"low": "-200"},
        {"accounts": "1"},
        {"measured_until": "2024-12-31"},
        {"measured_until": "2099-12-31"},
        {"source": " "},
        {"reason": ""},
        {"effect": "much"},
    ],
)
def test_what_cannot_be_is_refused_at_its_field(signed_in, changes):
    answer = signed_in.post(RECORD, filled(**changes))
    assert answer.status_code == 422
    assert not MeasuredEffect.objects.exists()


def test_who_has_not_seen_the_newest_overwrites_nothing(signed_in):
    signed_in.post(RECORD, filled())
    answer = signed_in.post(RECORD, filled(effect="25"))
    assert answer.status_code == 422
    assert MeasuredEffect.objects.get().effect == Decimal("0.2000")


def test_a_rep_reads_and_records_nothing(client, rep):
    make.effect()
    client.force_login(rep)
    assert "hold-out" in client.get(PAGE).text
    assert client.post(RECORD, filled()).status_code == 403


def test_a_manager_withdraws_what_they_took_and_nothing_else(client, manager, marketer):
    theirs = make.effect(author=marketer)
    own = make.effect(author=manager, channel="post")
    client.force_login(manager)
    page = client.get(PAGE).text
    withdraw = {
        one: reverse("campaigns:effect_withdraw", args=[one.pk])
        for one in (theirs, own)
    }
    assert withdraw[own] in page
    assert withdraw[theirs] not in page
    assert "Correct" not in page
    said = client.post(withdraw[theirs], {"reason": "No"}, follow=True).text
    assert "recorded this effect. Ask them, or marketing, to withdraw it." in said
    over_api = client.post(
        reverse("api:measured-effect-withdraw", args=[theirs.pk]),
        {"reason": "No"},
        "application/json",
        headers={"Idempotency-Key": "not-mine"},
    )
    assert over_api.status_code == 400
    assert "recorded this effect" in over_api.text
    assert set(MeasuredEffect.objects.current()) == {theirs, own}
    assert not AuditEvent.objects.filter(action="effect.withdrawn").exists()

    client.post(withdraw[own], {"reason": "The groups were not alike"})
    assert MeasuredEffect.objects.current().get() == theirs


def test_a_manager_records_no_effect_by_hand(client, manager):
    client.force_login(manager)
    assert client.post(RECORD, filled()).status_code == 403
    refused = client.post(
        reverse("api:measured-effect-list"),
        {"channel": "post", "effect": "0.03"},
        "application/json",
        headers={"Idempotency-Key": "by-hand"},
    )
    assert refused.status_code == 403
    assert not MeasuredEffect.objects.exists()


def test_the_api_records_and_withdraws(signed_in):
    body = {
        "channel": "post",
        "effect": "0.0300",
        "low": "-0.0100",
        "high": "0.0700",
        "accounts": 900,
        "measured_from": "2025-01-01",
        "measured_until": "2025-06-30",
        "source": "Hold-out",
        "reason": "First",
    }
    address = reverse("api:measured-effect-list")
    made = signed_in.post(
        address, body, "application/json", headers={"Idempotency-Key": "effect-1"}
    )
    assert made.status_code == 201, made.text
    pk = made.json()["id"]
    gone = signed_in.post(
        reverse("api:measured-effect-withdraw", args=[pk]),
        {"reason": "Wrong groups"},
        "application/json",
        headers={"Idempotency-Key": "effect-2"},
    )
    assert gone.json()["retired_because"] == "Wrong groups"
    assert not MeasuredEffect.objects.current().exists()
