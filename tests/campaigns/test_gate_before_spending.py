"""Should we? Asked before a plan or a mailing spends money, and nothing is before."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from campaigns.choices import TouchStatus
from campaigns.models import Delivery, GateDecision, PlanAssignment, PlannedTouch
from campaigns.services import gate, sendings
from campaigns.services.gate import Decision
from crm.models import AuditEvent, BulkEdit
from tests import make

WHY = "Anniversary year"


def below(audience, plan, actor):
    keys = [one.pk for one in audience.values()]
    return set(gate.weigh_plan(account_ids=keys, plan=plan, actor=actor).below_ids)


def followers(plan):
    return set(PlanAssignment.objects.open().filter(plan=plan).values_list("account"))


def test_the_api_names_who_is_below_and_what_to_send(
    client, audience, key_plan, manager
):
    client.force_login(manager)
    losing = below(audience, key_plan, manager)
    address = reverse("api:plan-assignment-list")
    body = {
        "accounts": [one.pk for one in audience.values()],
        "plan": key_plan.pk,
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
    assert followers(key_plan) == set()
    assert not GateDecision.objects.exists()
    assert not BulkEdit.objects.exists()

    done = send(gate={"choice": "drop", "below": len(losing)}).json()

    assert (done["assigned"], done["left_out"]) == (6 - len(losing), len(losing))
    assert not {pk for (pk,) in followers(key_plan)} & losing
    done = send(gate={"choice": "override", "reason": WHY}).json()
    assert (done["assigned"], done["unchanged"]) == (len(losing), 6 - len(losing))
    assert GateDecision.objects.get(choice="override").reason == WHY


def test_the_page_of_one_account_asks(client, audience, key_plan, manager):
    client.force_login(manager)
    account = audience["Poor"]
    address = reverse("campaigns:account_assignment", args=[account.pk])
    said = {"plan": key_plan.pk, "reason": WHY, "ends_on": ""}

    asked = client.post(address, said)

    assert "Should we?" in asked.text
    assert WHY in asked.text
    assert followers(key_plan) == set()
    kept = client.post(
        address, said | {"gate_choice": "drop", "gate_below": "1"}, follow=True
    )
    assert "Poor keeps what it follows." in kept.text
    assert followers(key_plan) == set()
    override = {"gate_choice": "override", "gate_reason": WHY, "gate_below": "1"}
    client.post(address, said | override)
    assert followers(key_plan) == {(account.pk,)}


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
