"""Overrides: set, changed and ended by people, let go by the night after their day."""

import datetime as dt

import pytest

from common.clock import business_today
from common.errors import StaleRecordError
from crm.models import AuditEvent
from segments.errors import OverrideRefusedError
from segments.models import ClassingRequest, Membership, Override
from segments.queries.overrides import verdicts, with_verdicts
from segments.services import overrides
from segments.services.classes import classify
from tests import make

TODAY = business_today()
TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def policy(db):
    return make.class_policy()


def by_hand(manager, account, **changes):
    return overrides.set_override(
        **{
            "actor": manager,
            "account": account,
            "worth_class": "current_key",
            "reason": "The board buys next year",
            "expires_on": TODAY,
        }
        | changes
    )


def night(day, *accounts):
    run = make.run(as_of=day)
    for account in accounts:
        make.valuation(account=account, run=run, margin_year="0", expected_margin="5")
    classify(run)
    return run


def class_of(account):
    return Membership.objects.open().get(account=account)


def test_it_counts_through_its_last_day_and_the_night_after_lets_it_go(manager, policy):
    account, other = make.account(), make.account()
    override = by_hand(manager, account)

    night(TODAY, account, other)
    assert class_of(account).worth_class == "current_key"
    assert "The board buys next year" in class_of(account).reason
    assert class_of(other).worth_class == "general"
    override.refresh_from_db()
    assert override.ended_at is None

    night(TOMORROW, account, other)
    assert class_of(account).worth_class == "general"
    override.refresh_from_db()
    assert (override.ended_by, override.ending) == (None, "Its day has come")
    assert AuditEvent.objects.filter(action="class_override.expired").count() == 1


def test_changing_ends_the_one_before_and_keeps_it(manager, policy):
    account = make.account()
    first = by_hand(manager, account)
    second = by_hand(manager, account, worth_class="general", expected_version=1)

    assert list(Override.objects.open()) == [second]
    first.refresh_from_db()
    assert (first.ended_by, first.ending) == (manager, "Replaced by another")


def test_who_has_not_seen_the_one_that_stands_changes_nothing(manager, policy):
    account = make.account()
    standing = by_hand(manager, account)
    with pytest.raises(StaleRecordError):
        by_hand(manager, account, worth_class="general", expected_version=0)
    assert list(Override.objects.all()) == [standing]


def test_ended_by_hand_the_rule_decides_and_no_older_one_revives(manager, policy):
    account = make.account()
    by_hand(manager, account, worth_class="never_profitable", expires_on=TOMORROW)
    override = by_hand(manager, account)
    overrides.end_override(actor=manager, override=override, reason=" Sold ")
    night(TODAY, account)
    assert class_of(account).worth_class == "general"
    assert Override.objects.get(pk=override.pk).ending == "Sold"
    with pytest.raises(OverrideRefusedError):
        overrides.end_override(actor=manager, override=override)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"worth_class": "golden"}, "worth_class"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"expires_on": TODAY - dt.timedelta(days=1)}, "expires_on"),
        ({"expires_on": TODAY + dt.timedelta(days=733)}, "expires_on"),
    ],
)
def test_a_refusal_sets_nothing(manager, policy, changes, field):
    with pytest.raises(OverrideRefusedError) as refusal:
        by_hand(manager, make.account(), **changes)
    assert refusal.value.field == field
    assert not Override.objects.exists()
    assert not AuditEvent.objects.exists()


def test_of_many_all_are_set_or_none(manager, policy):
    good, merged = make.account(), make.account()
    merged.merged_into = good
    merged.save()
    given = {
        "actor": manager,
        "worth_class": "general",
        "reason": "Insolvent",
        "expires_on": TOMORROW,
    }
    with pytest.raises(OverrideRefusedError):
        overrides.set_overrides(accounts=[good, merged], **given)
    with pytest.raises(OverrideRefusedError):
        overrides.set_overrides(accounts=[], **given)
    assert not Override.objects.exists()

    overrides.set_overrides(accounts=[good, make.account()], **given)
    assert Override.objects.open().count() == 2


def test_the_rule_is_asked_as_if_nothing_were_set(manager, policy):
    account = make.account()
    override = by_hand(manager, account, expires_on=TOMORROW)
    run = night(TODAY, account)

    verdict = verdicts(run, [account.pk])[account.pk]

    assert verdict.worth_class == "general"
    assert "below 1" in verdict.reason
    assert [row.agrees for row in with_verdicts(run, [override])] == [False]


def test_at_once_asks_for_classing(manager, policy):
    make.run(as_of=TODAY)
    by_hand(manager, make.account(), at_once=True)
    assert ClassingRequest.objects.get().author == manager


def test_every_account_has_one_class_and_one_sentence(manager, policy):
    """Prospects, lost, merged, without value: whoever is valued has one, nobody two."""
    run = make.run(as_of=TODAY)
    customer, lost = make.account(), make.account(stage="former")
    prospect, nothing = make.account(stage="prospect"), make.account()
    merged = make.account(merged_into=customer)
    for account in (customer, lost):
        make.valuation(account=account, run=run)
    make.valuation(
        account=prospect,
        run=run,
        order_days=0,
        first_on=None,
        last_on=None,
        probability_alive=None,
        ladder_step="assumption",
        expected_margin="400.00",
    )
    make.valuation(account=nothing, run=run, realised="0.00", expected_margin="0.00")
    make.membership(account=merged, since=TODAY - dt.timedelta(days=9), run=run)

    classify(run)

    held = Membership.objects.open().order_by("account")
    assert [one.account_id for one in held] == sorted(
        account.pk for account in (customer, lost, prospect, nothing)
    )
    assert all(one.reason.endswith((".", "!")) for one in held)
    assert class_of(prospect).worth_class == "general"
    assert "no orders yet" in class_of(prospect).reason
    assert class_of(nothing).worth_class == "general"
