"""Should we? Finds exactly those for whom it does not pay, and keeps the decision."""

from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.choices import GateChoice, GateOccasion
from campaigns.engine.justified import gain_of_spending
from campaigns.errors import GateRefusedError, GateUndecidedError
from campaigns.models import GateDecision, PlannedTouch, PlanVersion
from campaigns.queries.costs import version_cost
from campaigns.queries.wallet import wallet_of, wallets
from campaigns.services import gate, sendings
from campaigns.services.gate import Decision
from crm.models import AuditEvent, LedgerEntry, Touchpoint
from tests import make


def weigh(audience, actor, cost="4.80", channel="post"):
    return gate.weigh(
        account_ids=[one.pk for one in audience.values()],
        cost_each=Decimal(cost),
        channel=channel,
        actor=actor,
    )


def names(rows):
    return sorted(row.account.name for row in rows)


def test_it_finds_exactly_those_for_whom_it_does_not_pay(audience, marketer):
    found = weigh(audience, marketer)

    assert names(found.named) == ["Enough", "Losing", "Poor"]
    assert (found.accounts, found.below, found.unvalued) == (6, 3, 1)
    assert (found.cost, found.cost_below) == (Decimal("28.80"), Decimal("14.40"))
    assert found.gain_above + found.gain_below == found.gain
    assert found.gain_above > 0
    known = wallets(found.account_ids)
    for row in found.named:
        assert row.gain == known[row.account.pk].gain_of(Decimal("4.80")) < 0
    assert sum(one.gain_of(Decimal("4.80")) for one in known.values()) == found.gain


def test_only_ones_own_accounts_are_weighed(audience, rep):
    stranger = make.user()
    assert weigh(audience, stranger).accounts == 0
    assert weigh(audience, rep).accounts == 6


def test_what_a_channel_was_measured_to_do_counts_for_it(audience, marketer):
    make.effect(channel="post", effect="0.0000", low="-0.1000", high="0.1000")
    assert weigh(audience, marketer).below == 5
    assert weigh(audience, marketer, channel="phone").below == 3


def test_a_plan_is_weighed_by_a_whole_year_of_it(audience, marketer):
    """What was spent before does not count: the plan replaces it."""
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    cost = version_cost(version).per_customer
    found = gate.weigh_plan(
        account_ids=[one.pk for one in audience.values()],
        plan=version.plan,
        actor=marketer,
    )
    gains = {
        name: gain_of_year(wallet, cost)
        for name, wallet in (
            (name, wallet_of(account)) for name, account in audience.items()
        )
        if wallet
    }
    assert gains["Fair"] == gains["Enough"]
    assert names(found.named) == sorted(key for key, gain in gains.items() if gain < 0)
    assert found.gain == sum(gains.values())
    make.effect(plan=version.plan, effect="0.0000", low="0.0000", high="0.0000")
    again = gate.weigh_plan(
        account_ids=found.account_ids, plan=version.plan, actor=marketer
    )
    assert again.below == 5
    assert not again.cheaper


def gain_of_year(wallet, cost):
    return gain_of_spending(
        expected_margin_year=wallet.expected_margin_year,
        expected_margin=wallet.expected_margin,
        effect_share=wallet.response.effect,
        scale_share=wallet.response.scale,
        used=Decimal(0),
        cost=cost,
    )


def decide(found, actor, **said):
    return gate.decide(
        actor=actor,
        gate=found,
        occasion=GateOccasion.MAILING,
        subject="Magazine",
        decision=Decision(**said) if said else None,
    )


def test_nothing_is_decided_where_it_pays_for_everybody(audience, marketer):
    found = gate.weigh(
        account_ids=[audience["Rich"].pk, audience["Unknown"].pk],
        cost_each=Decimal("4.80"),
        channel="post",
        actor=marketer,
    )
    assert len(decide(found, marketer).included) == 2
    assert not GateDecision.objects.exists()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, GateUndecidedError),
        ({"choice": "drop", "below": 2}, GateUndecidedError),
        ({"choice": "override", "reason": "  "}, GateRefusedError),
        ({"choice": "cheaper", "cheaper": "visit"}, GateRefusedError),
    ],
)
def test_what_is_refused_leaves_no_trace(audience, marketer, said, error):
    found = weigh(audience, marketer)
    with pytest.raises(error):
        decide(found, marketer, **said)
    assert not GateDecision.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="gate.").exists()


def test_an_override_is_audited_with_its_reason(audience, marketer):
    found = weigh(audience, marketer)

    verdict = decide(found, marketer, choice="override", reason="Anniversary issue")

    assert len(verdict.included) == 6
    assert not verdict.dropped
    kept = GateDecision.objects.get()
    assert set(kept.below) == set(found.below_ids)
    assert kept.choice == GateChoice.OVERRIDE
    event = AuditEvent.objects.get(action="gate.override")
    assert event.actor == marketer
    assert event.detail["reason"] == "Anniversary issue"
    assert event.detail["below"] == 3


def test_a_cheaper_way_reaches_whom_it_pays_for(audience, marketer):
    found = weigh(audience, marketer)
    mail = found.way("email")
    assert mail is not None

    verdict = decide(found, marketer, choice="cheaper", cheaper="email")

    assert verdict.moved == [audience["Poor"].pk]
    assert set(verdict.dropped) == {audience["Losing"].pk, audience["Enough"].pk}
    assert verdict.way == mail


def statuses(template):
    rows = PlannedTouch.objects.filter(template=template).select_related("account")
    return {row.account.name: row.status for row in rows}


def test_the_page_asks_and_drops(client, magazine, marketer):
    client.force_login(marketer)
    address = reverse("campaigns:sending_done", args=[magazine.pk])

    asked = client.post(address)

    assert asked.status_code == 200
    assert "3 of 6 are not worth 4.80 each" in asked.text
    assert set(statuses(magazine).values()) == {"due"}
    refused = client.post(address, {"gate_choice": "override", "gate_below": "3"})
    assert refused.status_code == 422
    assert "Say why they are included" in refused.text
    stale = client.post(address, {"gate_choice": "drop", "gate_below": "9"})
    assert stale.status_code == 422
    assert "Look again" in stale.text
    assert set(statuses(magazine).values()) == {"due"}

    done = client.post(address, {"gate_choice": "drop", "gate_below": "3"}, follow=True)

    assert "3 times done: Magazine. 3 left out." in done.text
    found = statuses(magazine)
    assert [name for name, status in found.items() if status == "skipped"] == [
        "Poor",
        "Losing",
        "Enough",
    ]
    spent = LedgerEntry.objects.filter(source="plan")
    assert sum(one.amount for one in spent) == Decimal("14.40")
    decisions = client.get(reverse("campaigns:gate_decisions"))
    assert "3 of 6" in decisions.text


def test_what_is_moved_is_done_at_the_other_cost(magazine, audience, marketer):
    way = sendings.gate_of(actor=marketer, template=magazine).way("email")

    sent = sendings.send_all(
        actor=marketer,
        template=magazine,
        decision=Decision(choice="cheaper", cheaper="email"),
    )

    assert (sent.done, sent.moved, sent.dropped) == (3, 1, 2)
    moved = Touchpoint.objects.get(account=audience["Poor"])
    assert (moved.channel, moved.note) == ("email", way.title)
    costs = LedgerEntry.objects.filter(account=audience["Poor"])
    assert sum(one.amount for one in costs) == way.cost_each


def test_the_api_weighs_and_sends(client, magazine, audience, marketer, rep):
    client.force_login(marketer)
    body = {
        "accounts": [one.pk for one in audience.values()],
        "cost_each": "4.80",
        "channel": "post",
    }
    key = {"Idempotency-Key": "weigh-1"}
    found = client.post(
        reverse("api:gate-decision-weigh"), body, "application/json", headers=key
    )
    assert found.status_code == 200, found.text
    assert len(found.json()["below"]) == 3
    address = reverse("api:sending-send", args=[magazine.pk])
    undecided = client.post(
        address, {}, "application/json", headers={"Idempotency-Key": "send-1"}
    )
    assert undecided.status_code in {400, 409, 422}
    assert set(statuses(magazine).values()) == {"due"}
    sent = client.post(
        address,
        {"choice": "override", "reason": "Anniversary issue"},
        "application/json",
        headers={"Idempotency-Key": "send-2"},
    )
    assert {key: n for key, n in sent.json().items() if n} == {"done": 6}
    client.force_login(rep)
    again = client.post(
        address, {}, "application/json", headers={"Idempotency-Key": "send-3"}
    )
    assert again.status_code == 403
