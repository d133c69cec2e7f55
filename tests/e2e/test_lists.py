"""What many people do with one list: a cell, many rows, a view; and nothing is lost."""

import re

import pytest
from playwright.sync_api import expect

from crm.models import Account, SavedView
from crm.services import accounts
from tests import make
from tests.e2e.conftest import DESK, PHONE


@pytest.fixture
def firm(rep, manager):
    """Three accounts of one rep in Kiel, one in Bonn."""
    return {
        name: make.account(name=name, owner=rep, city=city, industry=industry)
        for name, city, industry in (
            ("Alder", "Kiel", "Care"),
            ("Birch", "Kiel", "Care"),
            ("Cedar", "Kiel", "Law"),
            ("Dogwood", "Bonn", "Trade"),
        )
    }


def test_a_cell_that_two_change_shows_both_and_loses_neither(
    page, live_server, sign_in, rep, manager, firm
):
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/?columns=name,city,industry&sort=name")
    cell = page.get_by_role("row", name="Cedar").locator("[data-cell=industry]")
    cell.dblclick(position={"x": 4, "y": 4})
    box = cell.get_by_role("textbox", name="New value")
    expect(box).to_be_focused()
    accounts.change_account(actor=manager, account=firm["Cedar"], industry="Banks")

    box.fill("Notaries")
    box.press("Enter")

    expect(cell.get_by_role("alert")).to_contain_text("Now: Banks")
    expect(cell.get_by_role("alert")).to_contain_text("Yours: Notaries")
    assert Account.objects.get(name="Cedar").industry == "Banks"
    cell.get_by_role("button", name="Keep mine").click()
    expect(page.locator("#toasts")).to_contain_text("Industry of Cedar changed")
    assert Account.objects.get(name="Cedar").industry == "Notaries"
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(cell).to_contain_text("Banks")
    assert Account.objects.get(name="Cedar").industry == "Banks"


def test_all_that_match_are_counted_shown_changed_and_given_back(
    page, live_server, sign_in, rep, firm
):
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/?city=Kiel&sort=name")
    bulk = page.get_by_role("form", name="Change many")
    bulk.get_by_label("Which rows").select_option("All 3 that match")
    bulk.get_by_label("What to do").select_option("Set the industry")
    bulk.get_by_role("button", name="Go on").click()

    main = page.locator("#main")
    expect(main).to_contain_text("3 accounts, all that match")
    expect(main.get_by_role("listitem")).to_have_text(["Alder", "Birch", "Cedar"])
    assert not Account.objects.filter(industry="Ports").exists()
    page.get_by_label("New value").fill("Ports")
    page.get_by_role("button", name="Set the industry – 3 accounts").click()

    toast = page.locator("#toasts")
    expect(toast).to_contain_text("3 changed")
    assert Account.objects.filter(industry="Ports").count() == 3
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Undone for 3 of 3")
    found = Account.objects.order_by("name").values_list("industry", flat=True)
    assert list(found) == ["Care", "Care", "Law", "Trade"]


def test_a_view_is_saved_pinned_shared_and_opened_by_its_address(
    page, live_server, sign_in, rep, manager, firm
):
    make.account(name="Elder", owner=manager, city="Kiel")
    sign_in(manager)
    page.goto(f"{live_server.url}/accounts/?city=Kiel&sort=-name&columns=name,city")
    views = page.locator("summary", has_text="Views")
    views.click()
    page.get_by_label("Save what is shown as").fill("Kiel backwards")
    page.get_by_label("Share with everybody").check()
    page.get_by_role("button", name="Save view").click()
    tab = page.get_by_role("list", name="Views").get_by_role(
        "link", name="Kiel backwards"
    )
    expect(tab).to_have_attribute("aria-current", "page")
    view = SavedView.objects.get()
    assert list(view.pinned_by.all()) == [manager]

    # A colleague opens the address, sees the same of what is theirs, and keeps it.
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/?view={view.pk}&{view.query}")
    expect(page.locator("[data-row] td.is-main a")).to_have_text(
        ["Cedar", "Birch", "Alder"]
    )
    expect(page.get_by_role("columnheader")).to_have_text(
        [re.compile("^$"), re.compile("Name"), "City"]
    )
    expect(tab).to_have_attribute("title", "Shared by Mia Manager")
    views.click()
    page.get_by_role("button", name="Pin above the list").click()
    expect(page.get_by_text("Take down")).to_be_attached()
    page.goto(f"{live_server.url}/accounts/?view=all")
    expect(tab).to_be_visible()
    assert set(view.pinned_by.all()) == {manager, rep}


def test_a_form_that_a_colleague_overtook_asks_which_shall_stand(
    page, live_server, sign_in, rep, manager, firm
):
    account = firm["Cedar"]
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/{account.pk}/edit/")
    accounts.change_account(
        actor=manager, account=account, industry="Banks", phone="+49 431 77"
    )

    page.get_by_label("Industry").fill("Notaries")
    page.get_by_role("button", name="Save").first.click()

    choice = page.get_by_role("group", name=re.compile("Industry"))
    expect(choice).to_contain_text("Mine, as it stands below: “Notaries”")
    expect(choice).to_contain_text("Theirs: “Banks”")
    account.refresh_from_db()
    assert (account.industry, account.phone) == ("Banks", "+49 431 77")
    choice.get_by_label("Mine").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar")
    account.refresh_from_db()
    # The phone was touched by one side only, so both changes stand.
    assert (account.industry, account.phone) == ("Notaries", "+49 431 77")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_next_page_is_read_from_its_top(page, live_server, sign_in, rep, size):
    for number in range(60):
        make.account(name=f"Firm {number:02}", owner=rep)
    page.set_viewport_size(size)
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/?sort=name")
    page.get_by_role("link", name="Next →").click()
    first = page.get_by_role("link", name="Firm 50", exact=True)
    expect(first).to_be_in_viewport(ratio=1)
    bar = page.locator(".c-top")
    bottom = 0
    if bar.is_visible():
        bottom = bar.bounding_box()["y"] + bar.bounding_box()["height"]
    assert first.bounding_box()["y"] >= bottom
    page.get_by_role("link", name="← Previous").click()
    expect(page.get_by_role("link", name="Firm 00", exact=True)).to_be_in_viewport(
        ratio=1
    )
