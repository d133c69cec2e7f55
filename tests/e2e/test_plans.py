"""Journeys: a marketer changes a plan and touches follow; a rep works through Today."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import PlannedTouch, PlanVersion
from campaigns.services import plans
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.choices import Role
from crm.models import LedgerEntry, Touchpoint
from tests import make

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def firm():
    """A rep with two key accounts of different value, planned; a marketer."""
    rep = make.user(Role.REP, name="Rita Rep")
    marketer = make.user(Role.MARKETER, name="Max Marketer")
    plans.ensure_plans()
    for name, margin in (("Adler KG", "20000.00"), ("Brandt GmbH", "4000.00")):
        account = make.account(name=name, owner=rep, city="Kiel")
        make.valuation(
            account=account,
            expected_margin=Decimal(margin) * 3,
            expected_margin_year=Decimal(margin),
        )
        make.membership(
            account=account, worth_class="current_key", since=dt.date(2020, 1, 1)
        )
    return rep, marketer


def test_a_marketer_builds_compares_and_publishes_a_plan(
    page, live_server, sign_in, firm
):
    _, marketer = firm
    sign_in(marketer)
    page.goto(f"{live_server.url}{reverse('campaigns:plan_list')}")
    card = page.get_by_role("region", name="Current key")
    expect(card).to_contain_text("499.20")
    card.get_by_role("button", name="Edit as a draft").click()

    page.get_by_role("link", name="Add a touch").click()
    form = page.get_by_role("form", name="Touch")
    # What would lose the typing is not there while a touch is open.
    expect(page.get_by_text("From the library")).to_be_hidden()
    expect(form.get_by_label("Title")).to_be_focused()
    form.get_by_label("Title").fill("Check-in call")
    form.get_by_label("Channel").select_option("Call")
    expect(form.get_by_label("Weeks between")).to_be_hidden()
    form.get_by_label("How often").select_option("every few weeks")
    form.get_by_label("Weeks between").fill("4")
    form.get_by_label("Minutes").fill("10")
    form.get_by_label("Who does it").select_option("Account owner")
    form.get_by_label("Paid from").select_option("Account management")
    # What is not known is asked for, and what is typed is costed before it is saved.
    effect = page.get_by_role("region", name="Cost and effect")
    expect(effect).to_contain_text("The unit cost is missing for Check-in call")
    form.get_by_label("Unit cost").fill("0.20")
    # 13 calls at 0.20 and ten minutes at 60 an hour, on top of 499.20.
    expect(page.locator("#draft-cost")).to_contain_text("631.80")
    expect(effect).to_contain_text("as typed, not saved")
    form.get_by_role("button", name="Save the touch").click()
    expect(page.locator(".p-draft__what").get_by_text("Check-in call")).to_be_visible()
    expect(effect).not_to_contain_text("as typed, not saved")

    page.get_by_text("From the library").click()
    page.get_by_role("button", name="Card for years together").click()
    # A card for 2.20 and three minutes at 60 an hour.
    expect(page.locator("#draft-cost")).to_contain_text("637.00")

    page.get_by_role("link", name="Compare versions").click()
    expect(page.get_by_text("+137.80")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Publish for 2 accounts").click()
    expect(page.get_by_text("Its touches are planned.")).to_be_visible()
    version = PlanVersion.objects.published().get(plan__worth_class="current_key")
    assert [touch.title for touch in version.touches.all()] == [
        "Printed magazine",
        "Sales visit",
        "Check-in call",
        "Card for years together",
    ]
    calls = PlannedTouch.objects.filter(template__title="Check-in call")
    assert calls.count() <= 2


def test_a_rep_logs_a_due_touch_and_takes_it_back(page, live_server, sign_in, firm):
    rep, _ = firm
    plan_touches(as_of=business_today(), horizon_days=92)
    PlannedTouch.objects.filter(template__title="Sales visit").update(
        due_on=business_today()
    )
    sign_in(rep)
    page.goto(f"{live_server.url}{reverse('campaigns:today')}")
    rows = page.locator(".p-todo")
    expect(rows.first).to_contain_text("Adler KG")

    rows.first.get_by_role("link", name="Log").click()
    row = rows.first
    log = page.get_by_role("dialog", name="Log a contact")
    log.get_by_label("What happened").fill("visit 45m Wants ten chairs ok")
    log.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Done: Sales visit, Adler KG")
    logged = Touchpoint.objects.get()
    assert (logged.minutes, logged.outcome) == (45, "ok")
    assert logged.note == "Wants ten chairs"
    assert sum(row.amount for row in LedgerEntry.objects.all()) == Decimal("75.00")

    row.get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name="Done", exact=True)).to_be_visible()
    assert sum(row.amount for row in LedgerEntry.objects.all()) == 0


def test_skipping_without_a_reason_says_so_in_place(page, live_server, sign_in, firm):
    rep, _ = firm
    plan_touches(as_of=business_today(), horizon_days=92)
    PlannedTouch.objects.filter(template__title="Sales visit").update(
        due_on=business_today()
    )
    sign_in(rep)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}{reverse('campaigns:today')}")

    page.locator(".p-todo").first.get_by_role("link", name="Skip").click()
    page.get_by_label("Reason").fill(" ")
    page.get_by_role("button", name="Skip it").click()
    expect(page.locator(".errorlist")).to_be_visible()

    page.get_by_label("Reason").fill("On holiday until Monday")
    page.get_by_role("button", name="Skip it").click()
    expect(page.get_by_text("Skipped: Sales visit, Adler KG")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_typing_in_the_list_narrows_it_and_back_restores_it(
    page, live_server, sign_in, firm
):
    rep, _ = firm
    sign_in(rep)
    page.goto(f"{live_server.url}{reverse('campaigns:account_list')}")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("Adler KG")

    page.get_by_label("Search").press_sequentially("brandt", delay=60)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("Search")).to_be_focused()
    expect(page.get_by_label("Search")).to_have_value("brandt")

    page.get_by_role("link", name="Brandt GmbH").click()
    page.wait_for_url("**/accounts/*/")
    page.go_back()
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
