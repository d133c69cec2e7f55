"""A day by keyboard: find, open, go through a list, see the keys, switch them off."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import make


@pytest.fixture
def firm(rep):
    run = make.run()
    for name, clv in (("Alder Bau", "900.00"), ("Birch Bau", "300.00")):
        account = make.account(name=name, owner=rep)
        make.valuation(account=account, run=run, realised=clv, expected_margin="0.00")


def test_one_finds_opens_and_goes_on_without_a_mouse(
    page, live_server, sign_in, rep, firm
):
    heading = page.get_by_role("heading", level=1)

    def arrive(title):
        """Wait for a page and its scripts: keys mean nothing before they are there."""
        expect(heading).to_have_text(title)
        page.wait_for_load_state()

    sign_in(rep)
    page.goto(f"{live_server.url}/today/")

    page.keyboard.press("Control+k")
    page.keyboard.type("bau")
    found = page.get_by_role("listbox", name="Found")
    expect(found.get_by_role("option")).to_have_text(["Alder Bau 900", "Birch Bau 300"])
    _assert_accessible(page, "#palette")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    arrive("Birch Bau")

    page.keyboard.press("g")
    page.keyboard.press("a")
    arrive("Accounts")
    page.get_by_role("link", name="Alder Bau").press("Enter")
    arrive("Alder Bau")
    page.keyboard.press("ArrowRight")
    arrive("Birch Bau")
    page.keyboard.press("ArrowLeft")
    arrive("Alder Bau")

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys on this page")
    expect(keys).to_contain_text("Next of the list")
    _assert_accessible(page, "#key-help")
    keys.get_by_role("button", name="Switch off").click()
    expect(keys).to_contain_text("Single keys are off")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+k")
    expect(
        page.get_by_role("dialog", name="Find anything, do anything")
    ).to_be_visible()


def _assert_accessible(page, part):
    found = Axe().run(page, context=part)
    assert found.violations_count == 0, found.generate_report()
