"""A manager spreads a shared cost and sees a customer's profit and loss change."""

import datetime as dt
from decimal import Decimal

from django.urls import reverse
from playwright.sync_api import expect

from crm.models import Allocation
from crm.services import allocation_rules, ledger
from tests import make

JAN = dt.date(2026, 1, 15)


def test_a_manager_spreads_a_cost_and_a_customer_bears_it(page, live_server, sign_in):
    manager = make.user("manager")
    account, other = make.account(name="Werft"), make.account(name="Druckerei")
    for one in (account, account, other):
        make.order(account=one, on=JAN)
    ledger.post_entry(
        actor=manager,
        account=None,
        kind="delivery",
        amount="90",
        incurred_on=JAN,
        note="Warehouse rent",
    )
    allocation_rules.create_rule(
        actor=manager, name="Rent", kind="delivery", driver="orders", reason="Agreed"
    )
    sign_in(manager)
    page.goto(live_server.url + reverse("crm:ledger_list") + "?since=2026-01-01")
    expect(page.get_by_text("90.00 stand with the firm")).to_be_visible()
    page.get_by_role("link", name="Shared costs").click()
    page.get_by_role("link", name="Rent", exact=True).first.click()
    expect(page.get_by_text("2 accounts would bear 90.00 of 90.00")).to_be_visible()
    expect(page.get_by_role("row", name="Werft")).to_contain_text("60.00")
    expect(page.get_by_role("heading", name="Which classes bear it")).to_be_visible()
    page.get_by_role("button", name="Spread 90.00").click()
    expect(page.get_by_text("90.00 spread over 2 accounts.")).to_be_visible()
    assert Allocation.objects.get().total == Decimal(90)

    statement = reverse("clv:account_profit_and_loss", args=[account.pk])
    page.goto(live_server.url + statement)
    expect(page.get_by_role("row", name="Delivery")).to_contain_text("−60.00")
    page.get_by_role("row", name="Delivery").get_by_role("link").first.click()
    expect(page.locator("#profit-rows")).to_contain_text("share of a common cost")
