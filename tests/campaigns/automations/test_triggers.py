"""Each trigger finds its causes, once each, and nothing else."""

import datetime as dt

import pytest
from django.utils import timezone

from campaigns.models import Firing
from campaigns.queries.automations import finding
from campaigns.queries.automations.triggers import TRIGGERS
from campaigns.services.automations import rules
from common.clock import business_today
from crm.models import EventType, Holding, LifeEvent
from tests import make
from tests.campaigns.automations.conftest import outcomes, run

DAY = dt.timedelta(days=1)
CHANGED = {"kind": "class_changed", "direction": "", "from_class": "", "to_class": ""}


@pytest.fixture
def account(rep):
    return make.account(name="Berg", owner=rep)


def moved(account, before, after, *, on=None):
    on = on or business_today()
    if before:
        make.membership(
            account=account, worth_class=before, since=on - 90 * DAY, until=on
        )
    return make.membership(account=account, worth_class=after, since=on)


@pytest.mark.parametrize(
    ("asked", "before", "after", "fires"),
    [
        ({}, "general", "current_key", True),
        ({}, "", "general", False),  # the first class is no change
        ({"from_class": "none"}, "", "general", True),
        ({"direction": "fell"}, "current_key", "general", True),
        ({"direction": "fell"}, "general", "current_key", False),
        ({"direction": "rose"}, "general", "current_key", True),
        ({"from_class": "general"}, "current_key", "general", False),
        ({"to_class": "general"}, "current_key", "general", True),
    ],
)
def test_a_class_changes(make_rule, account, asked, before, after, fires):
    rule = make_rule(CHANGED | asked)
    moved(account, before, after)

    assert run(rule) == int(fires)
    assert run(rule) == 0


def test_a_class_that_changed_before_the_start_is_no_news(make_rule, account):
    moved(account, "current_key", "general")
    rule = make_rule(CHANGED)

    assert run(rule) == 0


def test_a_class_taken_back_and_given_again_the_same_day_is_one_cause(
    make_rule, account
):
    """A night of the same day that runs again writes its memberships anew."""
    rule = make_rule(CHANGED)
    moved(account, "current_key", "general").delete()
    make.membership(account=account, worth_class="general", since=business_today())
    run(rule)
    account_rows = Firing.objects.count()
    type(account).objects.filter(pk=account.pk).update(note="same")

    assert (account_rows, run(rule)) == (1, 0)


@pytest.mark.parametrize(
    ("asked", "amount", "fires"),
    [({"over": "500"}, "50.00", 1), ({"over": "500"}, "49.99", 0), ({}, "1.00", 1)],
)
def test_an_order_over_an_amount(make_rule, account, asked, amount, fires):
    rule = make_rule({"kind": "order_placed", "which": "", "over": ""} | asked)
    make.order(account=account, on=business_today(), lines=[(10, amount, None)])

    assert run(rule) == fires


def test_only_the_first_order(make_rule, account):
    rule = make_rule({"kind": "order_placed", "which": "first", "over": ""})
    make.order(account=account, on=business_today() - DAY)
    make.order(account=account, on=business_today())

    assert run(rule) == 1


def test_an_import_of_old_orders_fires_nothing(make_rule, account):
    rule = make_rule()
    make.order(account=account, on=business_today() - 40 * DAY)
    make.order(account=account, on=business_today(), status="cancelled")

    assert run(rule) == 0


def test_a_trial_looks_at_history_too(account):
    make.order(account=account, on=business_today() - 40 * DAY)
    found = finding.latest(
        trigger=TRIGGERS["order_placed"],
        values={"which": "first", "over": ""},
        account_ids=[account.pk],
    )
    assert found.text.startswith("Order of ")


def test_a_case_opens_and_is_settled_and_is_settled_again(make_rule, account, rep):
    opened = make_rule({"kind": "case_opened", "case_kind": "complaint"})
    settled = make_rule({"kind": "case_closed", "case_kind": ""}, name="Settled")
    case = make.case(account=account, kind="complaint")
    make.case(account=account, kind="question")
    assert (run(opened), run(settled)) == (1, 0)

    now = timezone.now()
    for at in (now - dt.timedelta(minutes=9), now):
        type(case).objects.filter(pk=case.pk).update(status="resolved", resolved_at=at)
        assert run(settled) == 1
        assert run(settled) == 0


def test_a_case_of_somebody_unknown_counts_when_they_are_known(make_rule, account):
    rule = make_rule({"kind": "case_opened", "case_kind": ""})
    case = make.case(sender="who@example.test")
    assert run(rule) == 0
    type(case).objects.filter(pk=case.pk).update(account=account)

    assert run(rule) == 1


def test_an_event_of_one_of_the_types(make_rule, account):
    kind, other = EventType.objects.all()[:2]
    rule = make_rule({"kind": "event_recorded", "event_types": [str(kind.pk)]})
    for one in (kind, other):
        LifeEvent.objects.create(
            account=account, type=one, occurred_on=business_today() - 200 * DAY
        )

    assert run(rule) == 1


def test_the_first_contact_and_no_other(make_rule, account):
    rule = make_rule({"kind": "first_contact"})
    now = timezone.now()
    make.touchpoint(account=account, channel="note", occurred_at=now)
    assert run(rule) == 0
    for _ in range(2):
        make.touchpoint(account=account, occurred_at=now)

    assert (run(rule), run(rule)) == (1, 0)


def valued(account, *, last_days_ago, **fields):
    return make.valuation(
        account=account, last_on=business_today() - last_days_ago * DAY, **fields
    )


@pytest.mark.parametrize(("days", "fires"), [(59, 0), (60, 1), (61, 0)])
def test_no_order_for_sixty_days(make_rule, account, days, fires):
    """One that was silent for longer at the start is no news."""
    make.run()
    valued(account, last_days_ago=days)
    rule = make_rule({"kind": "silent", "days": 60})

    assert (run(rule), run(rule)) == (fires, 0)


def test_silence_of_the_past_is_told_of_if_asked(make_rule, account, marketer):
    make.run()
    valued(account, last_days_ago=100)
    rule = make_rule({"kind": "silent", "days": 60}, is_on=False)
    rules.switch_on(actor=marketer, automation=rule, since=business_today() - 60 * DAY)

    assert run(rule) == 1


def test_an_order_of_today_ends_the_silence(make_rule, account):
    make.run()
    valued(account, last_days_ago=60)
    make.order(account=account, on=business_today())
    rule = make_rule({"kind": "silent", "days": 60})

    assert run(rule) == 0


def test_probably_lost_is_news_only_for_those_not_lost_at_the_start(make_rule, rep):
    before, later = make.account(name="Before"), make.account(name="Later", owner=rep)
    make.run()
    valued(before, last_days_ago=300, probability_alive=0.2)
    valued(later, last_days_ago=200, probability_alive=0.8)
    rule = make_rule({"kind": "alive_below", "percent": 50})
    assert run(rule) == 0
    assert outcomes(rule) == [("Before", "before")]

    make.run(as_of=dt.date(2026, 11, 21))
    valued(before, last_days_ago=300, probability_alive=0.1)
    valued(later, last_days_ago=200, probability_alive=0.4)

    assert (run(rule), run(rule)) == (1, 0)
    assert ("Later", "fired") in outcomes(rule)


def test_what_they_have_ends_soon_also_if_it_was_entered_late(make_rule, account):
    rule = make_rule({"kind": "holding_ends", "days": 30, "product": ""})
    for ends in (10, 30, 31):
        Holding.objects.create(
            account=account,
            product=make.product(),
            quantity=1,
            acquired_on=business_today() - 100 * DAY,
            ends_on=business_today() + ends * DAY,
        )

    assert (run(rule), run(rule)) == (2, 0)


@pytest.mark.parametrize(("days_to_go", "fires"), [(7, 1), (8, 0), (6, 0)])
def test_a_birthday_comes_every_year(make_rule, account, days_to_go, fires):
    kind = EventType.objects.filter(recurs_yearly=True, is_active=True).first()
    kind = kind or EventType.objects.create(
        key="birthday", name="Birthday", recurs_yearly=True
    )
    born = business_today() + days_to_go * DAY
    LifeEvent.objects.create(
        account=account, type=kind, occurred_on=born.replace(year=born.year - 6)
    )
    rule = make_rule({"kind": "yearly", "day": str(kind.pk), "days": 7})

    assert (run(rule), run(rule)) == (fires, 0)


def test_the_day_of_becoming_a_customer(make_rule, rep):
    today = business_today()
    make.account(name="Old", owner=rep, acquired_on=today.replace(year=today.year - 2))
    make.account(name="New", owner=rep, acquired_on=today)
    rule = make_rule({"kind": "yearly", "day": "customer", "days": 0})

    assert run(rule) == 1
    assert Firing.objects.get().trigger_text.startswith("2 years a customer")


def test_a_wallet_runs_empty_once_a_year(make_rule, account):
    make.run()
    value = valued(account, last_days_ago=20, expected_margin="900.00")
    rule = make_rule({"kind": "wallet_empty"})
    assert run(rule) == 0
    assert value.pk
    make.cost(account=account, amount="5000.00", on=business_today())
    make.run(as_of=dt.date(2026, 11, 21))
    valued(account, last_days_ago=20, expected_margin="900.00")

    assert (run(rule), run(rule)) == (1, 0)
