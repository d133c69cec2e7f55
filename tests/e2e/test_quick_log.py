"""A rep logs a contact by key, sees it counted, and takes it back."""

import re
import time
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from crm.models import Account, LedgerEntry, Task, Touchpoint
from tests import make
from tests.e2e.conftest import PHONE


@pytest.fixture
def account(rep):
    account = make.account(owner=rep, name="Kontor Nord", city="Kiel")
    make.contact(account=account, name="Anna Berg")
    return account


def opened(page, live_server, account, tab="timeline"):
    page.goto(f"{live_server.url}/accounts/{account.pk}/?tab={tab}")
    expect(page.get_by_role("heading", level=1)).to_have_text(account.name)


def test_a_call_is_logged_in_three_steps_seen_counted_and_undone(
    page, live_server, sign_in, rep, account, stopwatch
):
    sign_in(rep, by_form=True, then=f"/accounts/{account.pk}/")
    opened(page, live_server, account)
    expect(page.locator("#last-contact")).to_have_text("Never contacted")

    with stopwatch() as took:
        page.keyboard.press("l")
        page.keyboard.type("call 12m Anna pricing ok +tomorrow send offer")
        expect(page.locator("#quick-log-preview")).to_contain_text("Anna Berg")
        page.keyboard.press("Enter")
        told = page.get_by_role("region", name="Timeline").get_by_role("listitem")
        expect(told.get_by_text("pricing")).to_be_visible()
        assert took() < 10

    expect(page.locator("#quick-log")).to_be_hidden()
    expect(page.locator("#last-contact")).to_contain_text("today")
    row = Touchpoint.objects.get()
    assert (row.contact.name, row.minutes, row.note) == ("Anna Berg", 12, "pricing")
    assert LedgerEntry.objects.get().amount == Decimal("12.00")
    assert Task.objects.get().title == "send offer"

    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Taken back")
    expect(told.get_by_text("pricing")).to_have_count(0)
    expect(page.locator("#last-contact")).to_have_text("Never contacted")
    assert sum(e.amount for e in LedgerEntry.objects.all()) == 0
    assert Task.objects.get().status == "cancelled"


def test_an_undo_while_the_page_still_loads_shows_in_the_end(
    page, live_server, sign_in, rep, account
):
    sign_in(rep)
    opened(page, live_server, account)
    late = []
    page.route(
        "**/accounts/*/?tab=timeline",
        lambda route: late.append((route, route.fetch())),
        times=1,
    )
    page.keyboard.press("l")
    page.keyboard.type("call 12m Anna pricing")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Logged: Call")
    for _ in range(100):  # the answer is fetched while the browser is waited for
        if late:
            break
        page.wait_for_timeout(50)
    make.touchpoint(account=account, user=rep, note="meanwhile")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Taken back")
    [(route, before_undo)] = late
    assert "pricing</p>" in before_undo.text()
    route.fulfill(response=before_undo)

    told = page.get_by_role("region", name="Timeline").get_by_role("listitem")
    expect(told.get_by_text("meanwhile")).to_be_visible()
    expect(told.get_by_text("pricing")).to_have_count(0)


def test_a_refused_line_keeps_its_words_and_the_key_is_off_while_typing(
    page, live_server, sign_in, rep, account
):
    sign_in(rep)
    opened(page, live_server, account)
    page.keyboard.press("l")
    line = page.locator("#id_line")
    page.keyboard.type("call all well +frd")
    expect(line).to_have_value("call all well +frd")
    page.keyboard.press("Enter")
    error = page.locator("#quick-log .errorlist")
    expect(error).to_contain_text("“+frd” is no day I know")
    expect(line).to_have_value("call all well +frd")
    expect(line).to_be_focused()
    assert not Touchpoint.objects.exists()

    line.fill("call all well +fri ring")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Logged: Call")
    assert Touchpoint.objects.get().note == "all well"


def test_a_line_closed_unsaved_is_there_again(page, live_server, sign_in, rep, account):
    sign_in(rep)
    opened(page, live_server, account)
    page.keyboard.press("l")
    page.keyboard.type("call half a li")
    expect(page.locator("#id_line")).to_have_value("call half a li")
    page.keyboard.press("Escape")
    expect(page.locator("#quick-log")).to_be_hidden()
    page.keyboard.press("l")
    expect(page.locator("#id_line")).to_have_value("call half a li")
    page.keyboard.type("ne")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Logged: Call")
    assert Touchpoint.objects.get().note == "half a line"
    page.keyboard.press("l")
    expect(page.locator("#id_line")).to_have_value("")


def test_keys_typed_before_the_form_is_here_count(
    page, live_server, sign_in, rep, account
):
    sign_in(rep)
    opened(page, live_server, account)
    page.route("**/log/_form/**", lambda route: (time.sleep(0.5), route.continue_()))
    page.keyboard.press("l")
    page.keyboard.type("call 5m anna fast")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Logged: Call")
    assert Touchpoint.objects.get().note == "fast"


def test_away_from_an_account_it_is_searched_by_keys(
    page, live_server, sign_in, rep, account
):
    make.account(owner=rep, name="Kontor Süd")
    other = make.account(owner=rep, name="Papierhaus")
    make.contact(account=other, name="Anna Wolf")
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/new/")
    page.get_by_role("heading", name="New account").click()
    page.keyboard.press("l")
    expect(page.get_by_label("Account", exact=True)).to_be_focused()
    page.keyboard.type("kont")
    expect(page.get_by_role("radio")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Kontor Nord")).to_be_checked()
    page.keyboard.press("Enter")
    page.keyboard.type("visit 1h anna")
    expect(page.locator("#quick-log-preview")).to_contain_text("Anna Berg")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Logged: Visit")
    assert Account.objects.get(touchpoints__minutes=60) == account


def test_on_a_phone_the_button_opens_it_and_nothing_overflows(
    page, live_server, sign_in, rep, account
):
    page.set_viewport_size(PHONE)
    sign_in(rep)
    for tab in ("overview", "timeline", "people", "products", "use", "events"):
        opened(page, live_server, account, tab)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], tab
    page.locator("main").get_by_role("link", name="Log").click()
    page.locator("#id_line").fill("note calls back in May")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Logged: Note")


def test_a_line_typed_into_an_ended_session_is_there_after_signing_in(
    page, live_server, sign_in, rep, account
):
    make.contact(account=account, name="Zoe Last")
    sign_in(rep)
    opened(page, live_server, account)
    page.keyboard.press("l")
    page.get_by_role("button", name="Zoe Last").click()
    expect(page.locator("#id_line")).to_have_value("Zoe Last ")
    Session.objects.all().delete()
    page.keyboard.type("call 5m prices")

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Email").fill(rep.email)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.keyboard.press("Enter")

    expect(page.locator("#id_line")).to_have_value(re.compile("^Zoe Last call"))
    page.locator("#id_line").fill("Zoe Last call 5m prices")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Logged: Call")
    assert Touchpoint.objects.get().contact.name == "Zoe Last"
    page.reload()
    expect(page.locator("#quick-log")).to_be_hidden()


def test_without_scripts_it_is_a_page(
    browser, live_server, sign_in, page, rep, account
):
    sign_in(rep)
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    tab = plain.new_page()
    tab.goto(f"{live_server.url}/accounts/{account.pk}/")
    tab.get_by_role("main").get_by_role("link", name="Log").click()
    tab.get_by_label("What happened").fill("call 5m anna paper ok")
    tab.get_by_role("button", name="Save").click()
    assert "Logged: Call" in tab.locator("#toasts").inner_text()
    tab.get_by_role("region", name="Timeline").get_by_role(
        "button", name="Undo"
    ).click()
    assert "Taken back" in tab.locator("#toasts").inner_text()
    plain.close()
    assert Touchpoint.objects.get().voided_at


def test_an_account_chosen_after_the_line_reads_it_again(
    page, live_server, sign_in, rep, account
):
    make.account(owner=rep, name="Kontor Süd")
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/new/")
    page.get_by_role("navigation", name="Main").get_by_role("button").first.click()
    page.locator("#id_line").fill("call anna prices")
    preview = page.locator("#quick-log-preview")
    expect(preview).to_contain_text("anna prices")
    page.locator("#id_search").fill("kontor")
    page.get_by_role("radio", name="Kontor Nord").check()
    expect(preview).to_contain_text("Anna Berg")


def test_keys_follow_the_actions_of_the_page_and_rest_while_typing(
    page, live_server, sign_in, rep, account
):
    sign_in(rep)
    for key, title in (("t", "Task for"), ("e", "Edit ")):
        opened(page, live_server, account, "events")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    opened(page, live_server, account)
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="Add an event")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_visible()
    opened(page, live_server, account, "events")
    page.get_by_label("Note").press_sequentially("lent")
    expect(page.get_by_label("Note")).to_have_value("lent")
    expect(page.locator("#quick-log")).to_be_hidden()


def test_a_tab_changes_without_a_new_page_and_back_brings_the_first(
    page, live_server, sign_in, rep, account
):
    sign_in(rep)
    opened(page, live_server, account, "overview")
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.get_by_role("link", name="Anna Berg", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/accounts/{account.pk}/?tab=people")
    page.go_back()
    expect(page.get_by_role("heading", name="Last happenings")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kontor Nord")
    expect(page.get_by_role("link", name="Overview")).to_have_attribute(
        "aria-current", "page"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_is_readable_for_everybody(
    page, live_server, sign_in, rep, account, scheme
):
    """The page under it is judged among all pages (`test_every_page`)."""
    page.emulate_media(color_scheme=scheme)
    sign_in(rep)
    opened(page, live_server, account)
    page.keyboard.press("l")
    expect(page.locator("#id_line")).to_be_visible()
    page.keyboard.type("call 12m Anna pricing")
    expect(page.locator("#quick-log-preview")).to_contain_text("Anna Berg")
    found = Axe().run(page, "#quick-log").response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
