"""Touches are done once, priced once, skipped with a reason."""

import uuid
from decimal import Decimal

import pytest

from campaigns.choices import TouchStatus
from campaigns.errors import ReasonMissingError, TouchClosedError
from campaigns.models import PlannedTouch
from campaigns.services import touches
from campaigns.services.class_wide import complete_all
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.errors import CannotLogError
from crm.models import AuditEvent, LedgerEntry, Touchpoint
from crm.services.touchpoints import undo_touchpoint
from tests import make


@pytest.fixture
def due(ready, member, rep):
    """Open touches of one key account, by title."""
    member("current_key", owner=rep)
    plan_touches(as_of=business_today(), horizon_days=92)
    rows = PlannedTouch.objects.due().select_related("template")
    return {touch.template.title: touch for touch in rows}


def ledger():
    rows = LedgerEntry.objects.order_by("amount")
    return [(row.kind, row.amount) for row in rows]


def test_a_visit_that_was_made_is_a_contact_and_two_costs(due, rep):
    visit = due["Sales visit"]

    done = touches.complete(
        actor=rep, touch=visit, minutes=60, note="Wants chairs", outcome="ok"
    )

    assert (done.status, done.closed_by) == (TouchStatus.DONE, rep)
    contact = Touchpoint.objects.get()
    assert done.touchpoint == contact
    assert (contact.channel, contact.source, contact.minutes) == ("visit", "plan", 60)
    assert contact.note == "Sales visit: Wants chairs"
    assert ledger() == [
        ("account_management", Decimal("30.00")),
        ("account_management", Decimal("60.00")),
    ]
    visit.account.refresh_from_db()
    assert visit.account.last_contact_on == business_today()


def test_without_minutes_the_plans_count(due, rep):
    touches.complete(actor=rep, touch=due["Sales visit"])

    assert Touchpoint.objects.get().minutes == 90


def test_marketing_pays_for_the_magazine(due, marketer):
    touches.complete(actor=marketer, touch=due["Printed magazine"])

    assert ledger() == [("marketing", Decimal("4.80"))]


def test_a_second_click_changes_nothing(due, rep):
    token = uuid.uuid4()
    visit = due["Sales visit"]
    touches.complete(actor=rep, touch=visit, form_token=token)
    before = ledger()

    again = touches.complete(actor=rep, touch=visit, form_token=token)
    touches.complete(actor=rep, touch=visit)

    assert again.status == TouchStatus.DONE
    assert Touchpoint.objects.count() == 1
    assert ledger() == before


def test_skipping_takes_a_reason_and_costs_nothing(due, rep):
    visit = due["Sales visit"]

    touches.skip(actor=rep, touch=visit, reason=" On holiday ")
    touches.skip(actor=rep, touch=visit, reason="Again")

    visit.refresh_from_db()
    assert (visit.status, visit.reason) == (TouchStatus.SKIPPED, "On holiday")
    assert ledger() == []
    assert AuditEvent.objects.filter(action="touch.skipped").count() == 1


def test_without_a_reason_nothing_is_skipped(due, rep):
    with pytest.raises(ReasonMissingError):
        touches.skip(actor=rep, touch=due["Sales visit"], reason="  ")

    due["Sales visit"].refresh_from_db()
    assert due["Sales visit"].status == TouchStatus.DUE


def test_what_was_skipped_is_not_done(due, rep):
    touches.skip(actor=rep, touch=due["Sales visit"], reason="On holiday")

    with pytest.raises(TouchClosedError, match="skipped meanwhile"):
        touches.complete(actor=rep, touch=due["Sales visit"])

    assert not Touchpoint.objects.exists()
    assert ledger() == []


def test_what_was_done_is_not_skipped(due, rep):
    touches.complete(actor=rep, touch=due["Sales visit"])

    with pytest.raises(TouchClosedError, match="done meanwhile"):
        touches.skip(actor=rep, touch=due["Sales visit"], reason="Late")

    due["Sales visit"].refresh_from_db()
    assert due["Sales visit"].status == TouchStatus.DONE


def test_a_contact_that_cannot_be_leaves_the_touch_open(due, rep):
    with pytest.raises(CannotLogError):
        touches.complete(actor=rep, touch=due["Sales visit"], minutes=5000)

    due["Sales visit"].refresh_from_db()
    assert due["Sales visit"].status == TouchStatus.DUE
    assert ledger() == []


def test_a_contact_taken_back_opens_the_touch_again(due, rep):
    visit = due["Sales visit"]
    done = touches.complete(actor=rep, touch=visit)
    undo_touchpoint(actor=rep, touchpoint=done.touchpoint)
    assert sum(amount for _, amount in ledger()) == 0
    visit.refresh_from_db()
    assert (visit.status, visit.touchpoint) == ("due", None)

    plan_touches(as_of=business_today())
    visit.refresh_from_db()
    assert (visit.status, visit.touchpoint, visit.closed_by) == ("due", None, None)

    touches.complete(actor=rep, touch=visit)
    assert sum(amount for _, amount in ledger()) == Decimal("120.00")


# -- All at once ---------------------------------------------------------------------


@pytest.fixture
def sendings(ready, member):
    """Magazines of three key accounts, all due."""
    for _ in range(3):
        member("current_key")
    plan_touches(as_of=business_today(), horizon_days=92)
    rows = PlannedTouch.objects.filter(template__title="Printed magazine")
    first = rows.order_by("period").values("period")[:1]
    rows.exclude(period=first).delete()
    rows.update(due_on=business_today())
    return rows


def test_a_whole_sending_is_done_and_priced_at_once(sendings, marketer):
    template = sendings[0].template

    assert complete_all(actor=marketer, template=template).done == 3

    assert not sendings.filter(status=TouchStatus.DUE).exists()
    assert ledger() == [("marketing", Decimal("4.80"))] * 3
    for touch in sendings:
        assert touch.touchpoint.account_id == touch.account_id
        assert touch.touchpoint.costs.get().account_id == touch.account_id
        assert touch.closed_by == marketer
        assert touch.account.last_contact_on == business_today()
    assert AuditEvent.objects.get(action="touch.all_done").detail["touches"] == 3


def test_all_at_once_equals_one_by_one(sendings, marketer):
    template = sendings[0].template
    template.minutes = 7
    template.save()
    touches.complete(actor=marketer, touch=sendings[0])
    complete_all(actor=marketer, template=template)

    facts = ("channel", "direction", "minutes", "note", "outcome", "phase", "care")
    contacts = Touchpoint.objects.values_list("user", "source", *facts)
    assert len(set(contacts)) == 1
    assert len(contacts) == 3
    costs = LedgerEntry.objects.values_list(
        "account", "kind", "amount", "incurred_on", "note", "source", "document"
    )
    by_account = {}
    for account, *rest in costs:
        by_account.setdefault(account, set()).add(tuple(rest))
    assert len(set(map(frozenset, by_account.values()))) == 1
    assert len(costs) == 6


def test_the_second_sending_finds_nothing(sendings, marketer):
    template = sendings[0].template
    complete_all(actor=marketer, template=template)
    before = ledger()

    assert complete_all(actor=marketer, template=template).done == 0
    assert ledger() == before


def test_only_what_is_due_is_sent(sendings, marketer):
    late = sendings[0]
    late.due_on = business_today().replace(year=business_today().year + 1)
    late.save()

    assert complete_all(actor=marketer, template=late.template).done == 2


def test_a_touch_without_account_to_charge_is_left(sendings, marketer):
    gone = sendings[0].account
    gone.merged_into = make.account()
    gone.save()

    template = sendings[0].template
    assert complete_all(actor=marketer, template=template).done == 2


def test_an_undo_over_the_api_opens_the_touch_as_the_page_does(client, due, rep):
    done = touches.complete(actor=rep, touch=due["Sales visit"])
    client.force_login(rep)
    path = f"/api/v1/touchpoints/{done.touchpoint_id}/undo/"
    for _ in range(2):
        answer = client.post(path, {}, content_type="application/json")
        assert (answer.status_code, bool(answer.json()["voided_at"])) == (200, True)
    done.refresh_from_db()
    assert (done.status, done.touchpoint, done.closed_at) == ("due", None, None)
    assert AuditEvent.objects.filter(action="touch.reopened").count() == 1
    assert sum(amount for _, amount in ledger()) == 0
