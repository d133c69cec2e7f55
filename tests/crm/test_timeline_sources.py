"""What stands in a timeline: every app's entries, in their own words."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.services import plans
from clv.models import AccountSummary
from common import timelines
from crm.models import EventType, LifeEvent, OrderReturn, Task
from crm.queries.timeline import timeline
from crm.services.accounts import change_account
from crm.services.handover import assign_owner
from tests import make

DAY = dt.date(2026, 3, 2)
NOON = dt.datetime(2026, 3, 2, 11, tzinfo=dt.UTC)


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


def told(account, user):
    rows = timeline(account, user=user, size=50).rows
    return [(row.item.title, row.item.text) for row in rows]


def test_contacts_tell_their_minutes_and_what_they_cost(account, rep):
    person = make.contact(account=account, name="Anna Ahrens")
    call = make.touchpoint(
        account=account, contact=person, user=rep, minutes=12, direction="in"
    )
    make.cost(account=account, amount="12.50", touchpoint=call)
    make.cost(account=account, amount="2.50", touchpoint=call)

    (row,) = timeline(account, user=rep).rows

    item = row.item
    assert (item.title, item.person, item.who) == (
        "Call, incoming",
        "Anna Ahrens",
        "Rita Rep",
    )
    assert (item.minutes, item.amount) == (12, Decimal("15.00"))


def test_returns_costs_and_tasks(account, rep):
    product = make.product(name="Copier")
    order = make.order(account=account, on=DAY)
    order.lines.update(product=product)
    OrderReturn.objects.create(
        line=order.lines.get(),
        account=account,
        returned_on=DAY,
        quantity=1,
        refund=Decimal("10.00"),
        reason="Broken",
    )
    make.cost(account=account, kind="service", note="Repair", document="R-1", on=DAY)
    make.cost(account=account, source="import", note="Not by hand")
    Task.objects.create(
        account=account,
        owner=rep,
        title="Send offer",
        due_on=DAY,
        status="done",
        done_at=NOON,
    )

    rows = timeline(account, user=rep).rows

    assert [(r.item.title, r.item.text, r.item.amount) for r in rows] == [
        ("Task done", "Send offer", None),
        ("Return", "Copier: Broken", Decimal("-10.00")),
        ("Order", order.external_id, Decimal("100.00")),
        ("Cost: service", "Repair · R-1", Decimal("25.00")),
    ]


def test_a_new_owner_is_told_with_both_names(account, rep, colleague, manager):
    assign_owner(actor=manager, chosen=[account.pk], owner=colleague)
    account.refresh_from_db()
    change_account(actor=manager, account=account, city="Kiel")

    (row,) = timeline(account, user=manager).rows

    assert row.item.title == "New owner"
    assert row.item.text == "Rita Rep → Carl Colleague"
    assert row.item.who == "Mia Manager"


def test_changes_of_class_name_both_classes_and_the_reason(account, rep):
    make.membership(account=account, since=DAY, until=dt.date(2026, 4, 1), reason="New")
    make.membership(
        account=account,
        worth_class="current_key",
        since=dt.date(2026, 4, 1),
        reason="Earned much",
    )
    assert told(account, rep) == [
        ("Class: General → Current key", "Earned much"),
        ("Class: General", "New"),
    ]


def test_values_are_told_by_month_where_they_moved_by_much(account, rep):
    for as_of, realised in (
        (dt.date(2026, 1, 30), "100.00"),
        (dt.date(2026, 1, 31), "1000.00"),
        (dt.date(2026, 2, 28), "1050.00"),
        (dt.date(2026, 3, 31), "400.00"),
    ):
        run = make.run(as_of=as_of)
        make.valuation(account=account, run=run, realised=realised)
    AccountSummary.objects.create(
        account=account, as_of=DAY, paid_back_on=dt.date(2025, 5, 5)
    )
    assert told(account, rep) == [
        (
            "CLV fell",
            "\u2212650 since 28 Feb 2026: from 1\u202f950 to 1\u202f300",
        ),
        ("Paid back", "Its margin had paid for winning and serving it."),
    ]


def test_touches_closed_without_a_contact_say_why(account, rep):
    plans.ensure_plans()
    template = TouchTemplate.objects.filter(title="Sales visit").first()
    for period, status, touchpoint in (
        ("2026-Q1/1", "skipped", None),
        ("2026-Q2/1", "done", make.touchpoint(account=account)),
    ):
        PlannedTouch.objects.create(
            account=account,
            template=template,
            lineage=template.lineage,
            period=period,
            due_on=DAY,
            owner_role="rep",
            status=status,
            touchpoint=touchpoint,
            closed_at=NOON,
            closed_by=rep,
            reason="On holiday",
        )
    assert told(account, rep) == [
        ("Plan touch: Skipped", "Sales visit. On holiday"),
        ("Call", ""),
    ]


def test_a_merged_account_brings_its_past_along(account, rep):
    duplicate = make.account(owner=rep)
    make.touchpoint(account=duplicate, note="Of the duplicate")
    assert told(account, rep) == []
    duplicate.merged_into = account
    duplicate.save()
    assert told(account, rep) == [("Call", "Of the duplicate")]


def test_what_a_day_brings_stands_below_what_a_moment_brings(account, rep):
    make.touchpoint(account=account, occurred_at=NOON)
    LifeEvent.objects.create(
        account=account, type=EventType.objects.get(key="moved"), occurred_on=DAY
    )
    first = timeline(account, user=rep, size=1)
    assert [row.item.title for row in first.rows] == ["Call"]
    second = timeline(account, user=rep, size=1, before=first.older)
    assert [row.item.day for row in second.rows] == [DAY]
    assert [row.begins_month for row in (*first.rows, *second.rows)] == [True, False]
    assert timezone.localtime(second.rows[0].item.at).time() == dt.time()


def test_a_source_is_registered_once_under_a_plain_key():
    source = timelines.source_named("contact")
    timelines.register(source)
    other = timelines.Source(
        key="contact",
        kind="x",
        kind_title="X",
        word="X",
        icon="x",
        query="x.y",
        permission="x.y",
    )
    with pytest.raises(ValueError, match="two timeline sources"):
        timelines.register(other)
