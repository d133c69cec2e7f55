"""Should we? Asked before a single mail or letter, and nothing is before."""

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.choices import TouchStatus
from campaigns.models import (
    Delivery,
    GateDecision,
    LibraryTouch,
    PlannedTouch,
    PlanVersion,
)
from common.clock import business_today
from crm.models import AuditEvent, LedgerEntry
from tests import make

WHY = "Anniversary year"


@pytest.fixture
def mail(audience, rep):
    """A mail of 4.80 that the rep writes to one account; by its name."""

    def mail(name):
        account = audience[name]
        plans = PlanVersion.objects.published().filter(plan__worth_class="general")
        template = plans.get().touches.first()
        template.channel, template.unit_cost = "email", Decimal("4.80")
        template.minutes, template.owner_role = 0, "rep"
        template.save()
        touch = PlannedTouch.objects.create(
            account=account,
            template=template,
            lineage=template.lineage,
            period=name,
            due_on=business_today(),
            owner_role="rep",
        )
        contact = make.contact(account=account, email=f"{name}@example.test")
        said = {"contact": contact.pk, "subject": "Hi", "body": "Dear you"}
        return touch, said

    return mail


def test_one_mail_is_asked_about_where_it_does_not_pay(client, mail, rep):
    client.force_login(rep)
    poor, said = mail("Poor")
    address = reverse("campaigns:touch_mail", args=[poor.pk])

    def send(**decided):
        return client.post(
            address, {"act": "send"} | said | decided, headers={"HX-Request": "true"}
        )

    asked = send()
    assert "Should we?" in asked.text
    assert "It is not worth" in asked.text
    assert send(gate_choice="override", gate_below=1).status_code == 422
    assert not Delivery.objects.exists()
    assert not GateDecision.objects.exists()

    queued = send(gate_choice="override", gate_reason=WHY, gate_below=1)
    assert "Waiting: Hi" in queued.text
    assert GateDecision.objects.get().reason == WHY
    assert AuditEvent.objects.filter(action="gate.override", actor=rep).exists()
    # Who said why is not asked again when the mail was refused and is written anew.
    Delivery.objects.update(status="rejected")
    assert "Waiting: Hi" in send().text

    rich, said = mail("Rich")
    address = reverse("campaigns:touch_mail", args=[rich.pk])
    assert "Waiting: Hi" in send().text


def test_one_mail_is_dropped_or_reached_more_cheaply(client, mail, rep, magazine):
    LibraryTouch.objects.create(
        title="Post a note",
        channel="social",
        cadence="quarter",
        unit_cost="0.00",
        owner_role="rep",
        head="retention",
    )
    client.force_login(rep)
    poor, said = mail("Poor")
    address = reverse("api:touch-mail", args=[poor.pk])

    def send(**decided):
        return client.post(address, said | decided, "application/json")

    refused = send()
    assert refused.status_code == 409
    told = refused.json()
    assert (told["code"], told["below"]) == ("gate_undecided", [poor.account_id])
    assert {"choice": "cheaper", "cheaper": "social"} in told["decisions"]

    done = send(choice="cheaper", cheaper="social").json()
    assert done["status"] == "done"
    poor.refresh_from_db()
    assert poor.touchpoint.channel == "social"
    assert not LedgerEntry.objects.filter(touchpoint=poor.touchpoint).exists()

    losing, said = mail("Losing")
    address = reverse("api:touch-mail", args=[losing.pk])
    assert send(choice="drop").json()["status"] == "skipped"
    losing.refresh_from_db()
    assert losing.reason.startswith("Not worth 4.80 here")
    assert not Delivery.objects.exists()
    choices = set(GateDecision.objects.values_list("choice", flat=True))
    assert choices == {"cheaper", "drop"}


def test_one_letter_is_asked_about_before_it_is_printed(client, mail, rep):
    client.force_login(rep)
    touches = [mail("Poor")[0], mail("Rich")[0]]
    template = touches[0].template
    template.channel = "post"
    template.save()
    poor, rich = (reverse("campaigns:touch_letter", args=[one.pk]) for one in touches)

    assert "Should we?" in client.get(poor).text
    refused = client.post(poor, {"gate_choice": "override", "gate_below": 1})
    assert refused.status_code == 422
    assert not GateDecision.objects.exists()

    said = {"gate_choice": "override", "gate_reason": WHY, "gate_below": 1}
    assert client.post(poor, said).headers["Content-Type"] == "application/pdf"
    assert GateDecision.objects.get().reason == WHY
    # Decided once, it can be printed again; where it pays nobody is asked.
    for address in (poor, rich):
        assert client.get(address).headers["Content-Type"] == "application/pdf"
    GateDecision.objects.all().delete()
    client.post(poor, {"gate_choice": "drop", "gate_below": 1})
    touches[0].refresh_from_db()
    assert touches[0].status == TouchStatus.SKIPPED
    assert touches[0].reason.startswith("Not worth 4.80 here")


@pytest.mark.parametrize("by", ["posted", "done", "today", "api", "log"])
def test_a_letter_never_printed_here_is_weighed_when_posted(client, mail, rep, by):
    client.force_login(rep)
    touch = mail("Poor")[0]
    type(touch.template).objects.filter(pk=touch.template_id).update(channel="post")
    log = {"line": "post ok", "account": touch.account_id}
    ways = {
        "posted": (reverse("campaigns:touch_posted", args=[touch.pk]), {}),
        "done": (
            reverse("campaigns:touch_done", args=[touch.pk]),
            {"form_token": uuid.uuid4()},
        ),
        "today": (
            reverse("campaigns:today_act"),
            {"item": f"touch:{touch.pk}", "act": "settle"},
        ),
        "api": (reverse("api:touch-done", args=[touch.pk]), {}),
        "log": (
            reverse("campaigns:touch_log", args=[touch.pk]),
            log | {"form_token": uuid.uuid4()},
        ),
    }
    address, said = ways[by]

    def send(**said):
        kind = {"content_type": "application/json"} if by == "api" else {}
        return client.post(address, said, follow=True, **kind)

    answer = send(**said)

    touch.refresh_from_db()
    assert (touch.status, LedgerEntry.objects.filter(source="plan").count()) == (
        TouchStatus.DUE,
        0,
    )
    words = {"api": "gate_undecided", "log": "A letter is not logged"}
    assert words.get(by, "Should we?" if by != "today" else "not worth") in answer.text
    if by in {"today", "log"}:
        return
    prefix = "" if by == "api" else "gate_"
    why = {f"{prefix}choice": "override", f"{prefix}reason": WHY, f"{prefix}below": 1}
    send(**said, **why)
    touch.refresh_from_db()
    assert touch.status == TouchStatus.DONE
    assert GateDecision.objects.get().reason == WHY
    assert str(LedgerEntry.objects.get(source="plan").amount) == "4.80"


def test_a_letter_decided_on_for_printing_is_posted_at_once(client, mail, rep):
    client.force_login(rep)
    touch = mail("Poor")[0]
    type(touch.template).objects.filter(pk=touch.template_id).update(channel="post")
    said = {"gate_choice": "override", "gate_reason": WHY, "gate_below": 1}
    client.post(reverse("campaigns:touch_letter", args=[touch.pk]), said)

    client.post(reverse("campaigns:touch_posted", args=[touch.pk]))

    touch.refresh_from_db()
    assert (touch.status, GateDecision.objects.count()) == (TouchStatus.DONE, 1)
