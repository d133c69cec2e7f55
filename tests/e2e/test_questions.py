"""Journey: a manager asks what comes before losses and turns a row into a rule."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import AlertRule
from common.clock import business_today
from crm.choices import Role
from crm.models import Account, EventType, LifeEvent
from tests import make


@pytest.fixture
def firm():
    """Thirty customers alike; eleven are lost, nine of them after the same event."""
    rep = make.user(Role.REP, name="Rita Rep")
    kind = EventType.objects.create(key="rival-seen", name="Rival seen")
    today = business_today()
    for n in range(30):
        is_lost = n < 11
        lost_on = today - dt.timedelta(days=40 + n) if is_lost else None
        account = Account.objects.create(
            name=f"Customer {n:02}",
            owner=rep,
            stage="former" if is_lost else "customer",
            acquired_on=today - dt.timedelta(days=900),
            lost_on=lost_on,
            loss_reason="competitor" if is_lost else "",
        )
        if n < 9 or n == 20:
            on = (lost_on or today - dt.timedelta(days=300)) - dt.timedelta(days=15)
            LifeEvent.objects.create(account=account, type=kind, occurred_on=on)
    for account in Account.objects.filter(stage="customer")[:3]:
        on = today - dt.timedelta(days=70)
        LifeEvent.objects.create(account=account, type=kind, occurred_on=on)
    return make.user(Role.MANAGER, name="Mia Manager")


def test_a_manager_asks_what_comes_before_losses_and_makes_a_rule(
    page, live_server, sign_in, firm
):
    sign_in(firm)
    page.goto(f"{live_server.url}{reverse('campaigns:question_list')}")
    page.get_by_role("link", name="were lost").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text("Before 11 losses, “Rival seen” was")

    page.get_by_role("spinbutton", name="How many").fill("5")
    page.get_by_role("spinbutton", name="How many").press("Enter")
    expect(answer).to_contain_text("nothing was seen before them often enough")
    page.get_by_role("spinbutton", name="How many").fill("60")
    page.get_by_role("spinbutton", name="How many").press("Enter")
    expect(answer).to_contain_text("usually 15 days before")
    expect(page).to_have_url(re.compile("window=60"))

    page.get_by_role(
        "button", name="Alert owners when this happens: Rival seen"
    ).click()
    expect(page.get_by_role("heading", name="Alert rules")).to_be_visible()
    expect(page.get_by_role("row", name="Rival seen")).to_contain_text("On")
    rule = AlertRule.objects.get()
    assert (rule.first, rule.window_days, rule.is_on) == ("event:rival-seen", 60, True)
