"""A rep logs without a network: kept on the device, sent later, stored once."""

import pytest
from playwright.sync_api import expect

from crm.models import LedgerEntry, Touchpoint
from tests import make

# The service worker asks for itself anew, also where there is no network.
NO_NETWORK = ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "when fetching the script"]


@pytest.fixture
def account(rep):
    account = make.account(owner=rep, name="Kontor Nord", city="Kiel")
    make.contact(account=account, name="Anna Berg")
    return account


def test_what_is_typed_without_a_network_is_sent_later_and_once(
    page, live_server, sign_in, rep, account
):
    page.expected += NO_NETWORK
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/{account.pk}/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    waiting = page.locator("#log-waiting")

    page.context.set_offline(True)
    for line in ("call 12m Anna pricing ok", "call 31.2. Anna"):
        page.keyboard.press("l")
        expect(page.locator("#quick-log")).to_contain_text("Kontor Nord")
        page.keyboard.type(line)
        page.keyboard.press("Enter")
        expect(page.locator("#quick-log")).to_be_hidden()
    expect(waiting).to_have_text("2 waiting to be sent")
    assert not Touchpoint.objects.exists()

    # The page opens too, and knows what waits, but no customer.
    page.goto(f"{live_server.url}/log/")
    expect(page.get_by_role("heading", name="No network")).to_be_visible()
    expect(waiting).to_have_text("2 waiting to be sent")
    page.get_by_label("Account").first.fill("kontor")
    page.get_by_label("What happened").first.fill("visit 1h Anna stock")
    page.get_by_role("button", name="Keep").click()
    expect(waiting).to_have_text("3 waiting to be sent")

    # The first answer is lost on its way: the server stored, the device asks again.
    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/log/_send/", lose, times=1)
    page.context.set_offline(False)
    expect(waiting).to_have_text("1 refused", timeout=20_000)
    assert Touchpoint.objects.count() == 2
    assert LedgerEntry.objects.count() == 2

    waiting.click()
    listed = page.locator("#log-waiting-list")
    expect(listed).to_contain_text("“31.2.” is no day of the calendar")
    listed.get_by_label("What happened").fill("call Anna terms")
    listed.get_by_role("button", name="Send now").click()
    expect(waiting).to_be_hidden()
    notes = Touchpoint.objects.values_list("note", flat=True)
    assert sorted(notes) == ["pricing", "stock", "terms"]


def test_nobody_sends_what_somebody_else_typed(
    page, live_server, sign_in, rep, colleague, account
):
    page.expected += NO_NETWORK
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/{account.pk}/")
    page.context.set_offline(True)
    page.keyboard.press("l")
    page.keyboard.type("call Anna pricing")
    page.keyboard.press("Enter")
    expect(page.locator("#log-waiting")).to_have_text("1 waiting to be sent")
    page.context.clear_cookies()
    page.context.set_offline(False)
    expect(page.locator("#log-waiting")).to_contain_text("sign in to send")

    sign_in(colleague)
    page.goto(f"{live_server.url}/accounts/")
    expect(page.locator("#log-waiting")).to_be_hidden()
    assert not Touchpoint.objects.exists()
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/")
    expect(page.locator("#toasts")).to_contain_text("Sent: Call, Anna Berg")
    assert Touchpoint.objects.get().user == rep
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Taken back.")
    assert Touchpoint.objects.get().voided_at is not None
