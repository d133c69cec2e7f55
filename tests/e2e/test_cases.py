"""A case by one key: the account is there, cases like it are told, Enter opens it."""

from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Case
from tests import make


def test_c_opens_a_case_of_the_account_on_the_page(page, live_server, sign_in, rep):
    account = make.account(name="Alder Bau", owner=rep)
    make.case(
        account=account,
        title="Toner leaks",
        status="resolved",
        resolved_at=timezone.now(),
        resolution="Sent a new cartridge",
    )
    sign_in(rep)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/accounts/{account.pk}/")
    page.wait_for_load_state()
    page.keyboard.press("c")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("New case of Alder Bau")
    page.wait_for_load_state()
    page.keyboard.type("toner again")
    expect(page.locator("#similar")).to_contain_text("Sent a new cartridge")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("toner again")
    case = Case.objects.get(title="toner again")
    assert (case.account, case.owner, case.status) == (account, rep, "open")
