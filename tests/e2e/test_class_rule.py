"""A manager changes a threshold, sees who moves, and publishes it with a reason."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from segments.models import ClassingRequest, ClassPolicy
from tests import make

DAY = dt.date(2026, 11, 20)


@pytest.fixture
def firm(db):
    """Two key customers, one of them barely."""
    make.class_policy()
    run = make.run(as_of=DAY)
    for name, profit in (("Solid Yard", "900.00"), ("Barely Key", "550.00")):
        account = make.account(name=name)
        make.valuation(
            account=account, run=run, margin_year=profit, expected_margin="1500.00"
        )
        make.membership(
            account=account,
            worth_class="current_key",
            since=DAY - dt.timedelta(days=1),
            run=run,
        )


def test_a_manager_sees_who_moves_and_publishes(
    page, live_server, sign_in, manager, firm
):
    sign_in(manager)
    page.goto(f"{live_server.url}/value/classes/rule/")
    expect(page.get_by_text("last year's profit was at least 500")).to_be_visible()
    page.get_by_role("link", name="Change the rule").click()

    profit = page.get_by_label("Current key: last year's profit of at least")
    profit.fill("700")
    effect = page.locator("#rule-effect")
    expect(effect).to_contain_text("1 of 2 accounts would change class")
    expect(effect.get_by_role("link", name="Barely Key")).to_be_visible()
    assert not effect.get_by_text("Solid Yard").count()

    page.get_by_role("button", name="Keep as draft").click()
    page.get_by_role("link", name="Names").click()
    expect(page.locator("#rule-names")).to_contain_text("Barely Key")
    page.get_by_label("Reason, for those who ask").fill("Key means 700 a year")
    page.get_by_label("Class all accounts now").check()
    page.get_by_role("button", name="Publish").click()

    expect(
        page.get_by_text("All accounts are being classed by it now.")
    ).to_be_visible()
    expect(page.get_by_text("Key means 700 a year")).to_be_visible()
    assert ClassPolicy.objects.current().author == manager
    assert ClassingRequest.objects.count() == 1
