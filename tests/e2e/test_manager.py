"""A manager goes from the value of the firm down to one order line."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from common.clock import business_today
from tests import make


@pytest.fixture
def firm(rep):
    """A good customer, sold to below cost since the night before; and another."""
    today = business_today()
    good = make.account(owner=rep, name="Kontor Nord", acquired_on=today)
    for days in (200, 120, 40):
        make.order(account=good, on=today - dt.timedelta(days=days))
    make.cost(account=good, amount="25.00", on=today - dt.timedelta(days=50))
    once = make.account(owner=rep, name="Hafen Süd", acquired_on=today)
    make.order(account=once, on=today - dt.timedelta(days=10))
    call_command("nightly", as_of=today - dt.timedelta(days=30), verbosity=0)
    make.order(
        account=good,
        on=today - dt.timedelta(days=10),
        external_id="N-4711",
        lines=[(3, "100.00", "160.00")],
    )
    call_command("nightly", verbosity=0)
    return good


def test_a_manager_finds_why_equity_fell_down_to_the_order_line(
    page, live_server, sign_in, manager, firm
):
    sign_in(manager, by_form=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "What our customers are worth"
    )

    page.get_by_role("link", name="Accounts whose CLV fell").click()
    expect(page.get_by_role("link", name="Hafen Süd")).to_have_count(0)
    page.get_by_role("link", name="Kontor Nord").first.click()

    page.get_by_text("Why this number").click()
    page.get_by_role("link", name="Profit and loss with every order line").click()
    statement = page.get_by_role("region", name="Statement")
    # Three orders of 100 with 40 margin, one of 300 that cost 480; less 25 of cost.
    expect(statement.locator("tr", has_text="Margin")).to_contain_text("60.00")
    expect(statement.locator("tr", has_text="Contribution")).to_contain_text("85.00")
    expect(page.get_by_text("is to the cent the realised profit")).to_be_visible()

    statement.locator("tr", has_text="Revenue").get_by_role("link").last.click()
    rows = page.locator("#profit-rows")
    expect(rows).to_contain_text("N-4711")
    expect(rows).to_contain_text("300.00")


def test_a_rep_cannot_open_the_value_of_the_firm(page, live_server, sign_in, rep):
    sign_in(rep, by_form=True)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")
    expect(page.get_by_role("link", name="Value", exact=True)).to_have_count(0)


def test_a_long_menu_begins_where_the_page_stands(
    page, live_server, sign_in, manager, firm
):
    sign_in(manager)
    for url_name, title in (
        ("segments:value", "Value"),
        ("segments:levers", "Levers"),
        ("clv:accuracy", "Accuracy"),
    ):
        page.goto(f"{live_server.url}{reverse(url_name)}")
        here = page.locator(".c-side [aria-current=page]")
        expect(here).to_have_text(title)
        expect(page.locator("[data-quick-log]").first).to_be_in_viewport()
        foot = page.locator(".c-side__foot").bounding_box()
        link = here.bounding_box()
        assert 0 <= link["y"] <= foot["y"] - link["height"]
        assert page.evaluate("scrollY") == 0


def test_no_line_of_a_long_menu_begins_half_under_the_log_button(
    page, live_server, sign_in, manager, firm
):
    sign_in(manager)
    for height in (600, 640, 680, 700, 720):
        page.set_viewport_size({"width": 1440, "height": height})
        moved = []
        for url_name in ("clv:assumptions", "clv:accuracy", "clv:run_list"):
            page.goto(f"{live_server.url}{reverse(url_name)}")
            expect(page.locator(".c-side [aria-current=page]")).to_be_in_viewport()
            assert lines_cut(page) == [], (height, url_name)
            moved.append(page.evaluate("document.querySelector('.c-side').scrollTop"))
        assert max(moved) > 0, height


def lines_cut(page):
    """Return the boxes of the menu's lines that begin above the button's lower edge."""
    button = page.locator(".c-side [data-quick-log]").bounding_box()
    under = button["y"] + button["height"]
    lines = page.locator(".c-side :is(.c-nav__title, .c-nav__link)").all()
    boxes = [line.bounding_box() for line in lines]
    return [box for box in boxes if box["y"] < under - 1 < box["y"] + box["height"]]
