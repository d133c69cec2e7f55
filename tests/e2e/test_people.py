"""An administrator invites a colleague, who sets a password and signs in."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from crm.models import Territory, User
from tests import make
from tests.e2e.conftest import PHONE

SECRET = "long enough 7"


def violations(page):
    return [found["id"] for found in Axe().run(page).response["violations"]]


def test_an_invited_colleague_signs_in(page, live_server, sign_in, administrator):
    sign_in(administrator)
    page.goto(f"{live_server.url}/people/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name").fill("Nora New")
    page.get_by_label("E-mail").fill("nora@example.test")
    page.get_by_label("Sales rep").check()
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_role("textbox", name="Link").input_value()

    page.context.clear_cookies()
    page.goto(link)
    fields = page.locator("input[type=password]")
    for position in range(fields.count()):
        fields.nth(position).fill(SECRET)
    page.get_by_role("button", name="Change Password").click()
    page.wait_for_url(lambda url: "/key/" not in url or url.endswith("/done/"))
    assert User.objects.get(email="nora@example.test").check_password(SECRET)


def test_the_pages_are_clear_to_everybody(page, live_server, sign_in, administrator):
    Territory.objects.create(name="North")
    person = make.user("rep", "manager", name="Rita Rep", is_active=False)
    sign_in(administrator)
    for path in ("/people/", "/people/new/", f"/people/{person.pk}/"):
        page.goto(live_server.url + path)
        assert violations(page) == [], path
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], path
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.set_viewport_size({"width": 1440, "height": 900})
