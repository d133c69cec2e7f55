"""Journey: a marketer starts from an example, tries it, and switches it on."""

from playwright.sync_api import expect

from campaigns.models import Automation
from campaigns.services.automations import firing
from crm.choices import Role
from crm.models import Task
from tests import make

PHONE = {"width": 390, "height": 844}


def test_from_an_example_to_a_task(page, live_server, sign_in):
    rep = make.user(Role.REP, name="Rita Rep")
    marketer = make.user(Role.MARKETER, name="Max Marketer")
    account = make.account(name="Adler KG", owner=rep)
    make.membership(account=account, worth_class="current_key")
    sign_in(marketer)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/automations/")
    page.get_by_role("link", name="A key customer has a problem").click()

    page.get_by_role("button", name="Remove Action 2").click()
    expect(page.get_by_role("group", name="Action 2")).to_have_count(0)
    page.get_by_role("group", name="Action 1").get_by_label("Due in days").fill("0")
    page.get_by_label("Account", exact=True).fill("adler")
    page.get_by_role("button", name="Try it").click()
    trial = page.locator("#automation-trial")
    expect(trial).to_contain_text("It would not fire: its trigger has not happened")
    expect(trial).to_contain_text("Call Adler KG about their case")
    page.get_by_role("button", name="Keep it, switched off").click()
    page.get_by_role("button", name="Switch on: A key customer").click()
    expect(page.get_by_text("It acts in the name of Max Marketer")).to_be_visible()

    make.case(account=account)
    assert firing.run_one(Automation.objects.get().pk) == 1
    assert Task.objects.get().owner == rep
    page.get_by_role("link", name="Log").click()
    expect(page.get_by_role("row", name="Adler KG")).to_contain_text("Fired")
