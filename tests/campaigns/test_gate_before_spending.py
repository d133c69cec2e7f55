"""Should we? Asked wherever money is about to be spent, and nothing is before."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import TouchStatus
from campaigns.models import (
    Delivery,
    Firing,
    GateDecision,
    LibraryTouch,
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
)
from campaigns.queries.automations.rules import checked
from campaigns.services import gate, sendings
from campaigns.services.automations import firing, rules
from campaigns.services.gate import Decision
from campaigns.services.sent_touches import close_touch_of
from common.clock import business_today
from crm.models import AuditEvent, BulkEdit, LedgerEntry
from tests import make
from tests.campaigns.automations.conftest import ORDER, switch

WHY = "Anniversary year"


@pytest.fixture
def plan(ready):
    version = PlanVersion.objects.published().get(plan__worth_class="current_key")
    PlanVersion.objects.filter(pk=version.pk).update(valid_from=dt.date(2020, 1, 1))
    return version.plan


def below(audience, plan, actor):
    keys = [one.pk for one in audience.values()]
    return set(gate.weigh_plan(account_ids=keys, plan=plan, actor=actor).below_ids)


def followers(plan):
    return set(PlanAssignment.objects.open().filter(plan=plan).values_list("account"))


def test_the_api_names_who_is_below_and_what_to_send(client, audience, plan, manager):
    client.force_login(manager)
    losing = below(audience, plan, manager)
    address = reverse("api:plan-assignment-list")
    body = {
        "accounts": [one.pk for one in audience.values()],
        "plan": plan.pk,
        "reason": WHY,
    }

    def send(**said):
        return client.post(address, body | said, "application/json")

    asked = send()
    assert asked.status_code == 409, asked.text
    told = asked.json()
    assert (told["code"], set(told["below"])) == ("gate_undecided", losing)
    assert {one["account"] for one in told["named"]} == losing
    assert [one["choice"] for one in told["decisions"]] == ["drop", "override"]
    assert send(gate={"choice": "override"}).status_code == 400
    assert send(gate={"choice": "drop", "below": 99}).status_code == 409
    foreign = make.account(merged_into=audience["Rich"])
    body["accounts"].append(foreign.pk)
    assert send(gate={"choice": "drop"}).status_code == 400
    body["accounts"].pop()
    assert followers(plan) == set()
    assert not GateDecision.objects.exists()
    assert not BulkEdit.objects.exists()

    done = send(gate={"choice": "drop", "below": len(losing)}).json()

    assert (done["assigned"], done["left_out"]) == (6 - len(losing), len(losing))
    assert not {pk for (pk,) in followers(plan)} & losing
    done = send(gate={"choice": "override", "reason": WHY}).json()
    assert (done["assigned"], done["unchanged"]) == (len(losing), 6 - len(losing))
    assert GateDecision.objects.get(choice="override").reason == WHY


def test_the_page_of_one_account_asks(client, audience, plan, manager):
    client.force_login(manager)
    account = audience["Poor"]
    address = reverse("campaigns:account_assignment", args=[account.pk])
    said = {"plan": plan.pk, "reason": WHY, "ends_on": ""}

    asked = client.post(address, said)

    assert "Should we?" in asked.text
    assert WHY in asked.text
    assert followers(plan) == set()
    kept = client.post(
        address, said | {"gate_choice": "drop", "gate_below": "1"}, follow=True
    )
    assert "Poor keeps what it follows." in kept.text
    assert followers(plan) == set()
    override = {"gate_choice": "override", "gate_reason": WHY, "gate_below": "1"}
    client.post(address, said | override)
    assert followers(plan) == {(account.pk,)}


def test_nothing_is_printed_before_it_is_decided(client, magazine, audience, marketer):
    client.force_login(marketer)
    address = reverse("campaigns:sending_list", args=[magazine.pk])

    for asked in (
        client.post(address),
        client.post(reverse("campaigns:sending_letters", args=[magazine.pk])),
    ):
        assert "Should we?" in asked.text
    printing = ["letters.printed", "mailing_list.exported"]
    assert not AuditEvent.objects.filter(action__in=printing).exists()
    assert PlannedTouch.objects.due().count() == 6

    decided = client.post(address, {"gate_choice": "drop", "gate_below": "3"})

    assert decided.url == reverse("campaigns:sending", args=[magazine.pk])
    assert PlannedTouch.objects.filter(status=TouchStatus.SKIPPED).count() == 3
    printed = b"".join(client.post(address)).decode()
    assert "Rich" in printed
    assert "Poor" not in printed


def test_an_override_holds_for_all_parts_of_a_mailing(client, magazine, marketer):
    client.force_login(marketer)
    said = {"choice": "override", "reason": WHY}
    address = reverse("api:sending-settle", args=[magazine.pk])
    assert client.post(address, {}, "application/json").status_code == 409
    assert client.post(address, said, "application/json").status_code == 200
    printed = client.post(reverse("campaigns:sending_list", args=[magazine.pk]))
    assert "Poor" in b"".join(printed).decode()

    sent = sendings.send_all(actor=marketer, template=magazine)

    assert (sent.done, GateDecision.objects.count()) == (6, 1)
    GateDecision.objects.update(created_at=timezone.now() - dt.timedelta(days=30))
    PlannedTouch.objects.update(
        status=TouchStatus.DUE, closed_at=None, closed_by=None, touchpoint=None
    )
    assert sendings.gate_of(actor=marketer, template=magazine).is_needed


def rule_of(marketer, *actions):
    made = rules.create_automation(
        actor=marketer, name="A rule", trigger=ORDER, actions=list(actions)
    )
    switch(made, actor=marketer)
    return made


def test_an_automation_leaves_out_where_it_does_not_pay(audience, plan, marketer):
    rule = rule_of(marketer, {"kind": "plan", "plan": str(plan.pk), "days": ""})
    for name in ("Rich", "Poor"):
        make.order(account=audience[name], on=business_today())

    assert firing.run_one(rule.pk) == 1

    rows = {row.account.name: row for row in Firing.objects.all()}
    assert (rows["Rich"].status, rows["Poor"].status) == ("fired", "not_met")
    assert rows["Poor"].results[0]["said"].startswith("Left out: ")
    assert followers(plan) == {(audience["Rich"].pk,)}
    assert firing.run_one(rule.pk) == 0


def test_a_mail_of_an_automation_is_weighed_and_charged(audience, marketer):
    for name in ("Rich", "Poor"):
        make.contact(account=audience[name], email=f"{name}@example.test")
    mail = {"kind": "email", "subject": "Thanks", "body": "Hello", "cost": "4.80"}
    rule = rule_of(marketer, mail)
    for name in ("Rich", "Poor"):
        make.order(account=audience[name], on=business_today())
    firing.run_one(rule.pk)

    written = Delivery.objects.get()
    assert written.account == audience["Rich"]
    close_touch_of(written)
    charged = LedgerEntry.objects.get(source="automation")
    assert (charged.account, str(charged.amount)) == (audience["Rich"], "4.80")


def test_what_a_mail_costs_is_asked_for_and_never_nothing(audience, marketer):
    mail = {"kind": "email", "subject": "Thanks", "body": "Hello"}
    judged = checked(name="A", trigger=ORDER, conditions=[], actions=[mail])
    asks = "Say what one mail costs, such as 0.30; 0 if it costs nothing."
    assert judged.errors == {"actions.0.cost": asks}
    make.contact(account=audience["Poor"], email="poor@example.test")
    rule = rule_of(marketer, mail | {"cost": "0"})
    version = rule.versions.get()
    said = version.actions[0].pop("cost")
    version.save()
    make.order(account=audience["Poor"], on=business_today())
    firing.run_one(rule.pk)

    assert said == "0.00"
    assert not Delivery.objects.exists()
    fired = Firing.objects.get()
    assert fired.status == "failed"
    assert "does not say what one mail costs" in fired.results[0]["said"]


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


def test_including_everybody_needs_a_reason(audience, marketer):
    mail = {
        "kind": "email",
        "subject": "Thanks",
        "body": "Hello",
        "cost": "4.80",
        "below": "include",
    }
    judged = checked(name="A", trigger=ORDER, conditions=[], actions=[mail])
    assert list(judged.errors) == ["actions.0.below_reason"]
    make.contact(account=audience["Poor"], email="poor@example.test")
    rule = rule_of(marketer, mail | {"below_reason": WHY})
    make.order(account=audience["Poor"], on=business_today())
    assert firing.run_one(rule.pk) == 1
    assert WHY in Firing.objects.get().results[0]["said"]


def test_what_a_cheaper_way_reaches_is_not_printed(magazine, audience, marketer):
    settled = sendings.settle(
        actor=marketer,
        template=magazine,
        decision=Decision(choice="cheaper", cheaper="email"),
    )
    assert (settled.done, settled.moved, settled.dropped) == (0, 1, 2)
    due = PlannedTouch.objects.due().values_list("account__name", flat=True)
    assert sorted(due) == ["Fair", "Rich", "Unknown"]


def test_letters_over_the_api_wait_for_the_decision(client, magazine, marketer):
    client.force_login(marketer)
    magazine.content = "Dear {{ account }},"
    magazine.save()

    def send(name, **said):
        address = reverse(f"api:sending-{name}", args=[magazine.pk])
        return client.post(address, said, "application/json")

    rows = client.get(reverse("api:sending-list")).json()
    assert [(row["id"], row["due"]) for row in rows] == [(magazine.pk, 6)]
    assert send("letters").status_code == 409
    assert send("settle", choice="drop").json()["dropped"] == 3
    letters = send("letters", part=1).json()["letters"]
    assert [one["paragraphs"] for one in letters] == [
        ["Dear Fair,"],
        ["Dear Rich,"],
        ["Dear Unknown,"],
    ]
    assert send("letters", part=2).json() == {"letters": []}


def test_unconfirmed_mails_of_a_touch_go_out_again(client, magazine, marketer):
    client.force_login(marketer)
    for touch in PlannedTouch.objects.all():
        state = "rejected" if touch.account.name == "Rich" else "unconfirmed"
        Delivery.objects.create(
            touch=touch,
            account=touch.account,
            contact=make.contact(account=touch.account),
            occasion=f"touch:{touch.pk}",
            message_id=f"<{touch.pk}@example.test>",
            address="anna@example.test",
            status=state,
        )
    page = client.get(reverse("campaigns:sending", args=[magazine.pk]))
    assert "Send 5 again" in page.text

    done = client.post(
        reverse("campaigns:sending_resend", args=[magazine.pk]), follow=True
    )

    assert "5 go out again." in done.text
    states = Delivery.objects.order_by("status").values_list("status", flat=True)
    assert list(states) == ["planned"] * 5 + ["rejected"]
    again = reverse("api:sending-resend", args=[magazine.pk])
    assert client.post(again, {}, "application/json").json() == {"mails": 0}


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
