"""On a phone what is pressed is as large as a thumb, and nothing leaves the page."""

import pytest
from playwright.sync_api import expect

from common.clock import business_today
from crm.models import Contact, Task
from tests import make
from tests.e2e.conftest import PHONE

THUMB = 44  # pixels
ADDRESSES = (
    "/today/",
    "/accounts/",
    "/accounts/{pk}/",
    "/accounts/{pk}/?tab=timeline",
    "/accounts/{pk}/metrics/",
    "/calendar/visits/",
    "/tasks/",
    "/cases/",
    "/deals/",
)
# What is pressed by itself; links within a sentence are as high as its lines.
SMALL = """(thumb) => {
  const parts = ".btn, button, select, textarea, summary, .c-tabs__link, .p-todo__skip,"
    + " .p-todo__facts a, input:not([type=hidden])";
  const pressed = (one) => one.closest("label") ?? one.labels?.[0] ?? one;
  const boxed = (one) => one.type === "checkbox" || one.type === "radio";
  return [...document.querySelectorAll(parts)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest("thead, .u-hidden-visually, noscript"))
    .map((one) => (boxed(one) ? pressed(one) : one))
    .filter((one) => one.getBoundingClientRect().height < thumb - 0.5)
    .map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.fixture
def account(rep, manager):
    account = make.account(owner=rep, name="Hafen", phone="+49 40 1", city="Kiel")
    person = Contact.objects.create(account=account, name="Y" * 150, phone="+49 40 2")
    make.touchpoint(account=account, contact=person, user=rep, note="Met at the fair")
    make.order(account=account)
    make.deal(account=account, lines=[(2, "100.00", "60.00")])
    make.case(account=account)
    for kind in ("visit", "call"):
        Task.objects.create(
            account=account, owner=rep, title=kind, due_on=business_today(), kind=kind
        )
    return account


def test_what_is_pressed_is_as_high_as_a_thumb(
    page, live_server, sign_in, rep, account
):
    page.set_viewport_size(PHONE)
    sign_in(rep)
    for address in ADDRESSES:
        page.goto(live_server.url + address.format(pk=account.pk))
        expect(page.locator("[data-wait]")).to_have_count(0)
        assert page.evaluate(SMALL, THUMB) == [], address
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], address


def test_the_log_and_the_board_of_plans_fit_a_thumb(
    page, live_server, sign_in, rep, manager, account
):
    page.set_viewport_size(PHONE)
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/{account.pk}/")
    page.locator("[data-quick-log]:visible").first.click()
    page.keyboard.type("called 20m about printers", delay=5)
    expect(page.locator("#quick-log .p-log__chip").first).to_be_visible()
    assert page.evaluate(SMALL, THUMB) == []
    page.keyboard.press("Escape")
    sign_in(manager)
    page.goto(f"{live_server.url}/plans/board/")
    assert page.evaluate(SMALL, THUMB) == []


def test_a_name_is_opened_and_a_row_ticked_by_a_thumb(
    page, live_server, sign_in, rep, account
):
    page.set_viewport_size(PHONE)
    sign_in(rep)
    page.goto(f"{live_server.url}/today/")
    row = page.locator(".p-todo").first
    tick = row.locator(".p-tick").bounding_box()
    assert min(tick["width"], tick["height"]) >= THUMB
    page.mouse.click(tick["x"] + 3, tick["y"] + THUMB - 3)
    expect(row.get_by_role("checkbox")).to_be_checked()
    name = row.get_by_role("link", name="Hafen").bounding_box()
    assert name["height"] >= THUMB - 4
    assert name["x"] >= tick["x"] + tick["width"]
