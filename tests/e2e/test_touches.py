"""Journey: a rep does a call that a plan asked for, from Today, by the quick log."""

from playwright.sync_api import expect

from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.services import plans
from common.clock import business_today
from crm.choices import Role
from crm.models import LedgerEntry, Touchpoint
from tests import make

PHONE = {"width": 390, "height": 844}


def test_a_call_is_done_from_today(page, live_server, sign_in):
    rep = make.user(Role.REP, name="Rita Rep")
    account = make.account(name="Adler KG", owner=rep)
    make.contact(account=account, name="Anna Berg")
    plans.ensure_plans()
    template = TouchTemplate.objects.filter(owner_role="rep").first()
    template.channel, template.minutes, template.title = "phone", 12, "Check-in"
    template.content, template.unit_cost = "Ask about shelves.", "0.20"
    template.save()
    touch = PlannedTouch.objects.create(
        account=account,
        template=template,
        lineage=template.lineage,
        period="1",
        due_on=business_today(),
        owner_role="rep",
    )
    sign_in(rep)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/today/")

    page.locator(f"#touch-{touch.pk}").get_by_role("link", name="Log").click()
    log = page.get_by_role("dialog", name="Log a contact")
    expect(log).to_contain_text("Ask about shelves.")
    line = log.get_by_label("What happened")
    expect(line).to_have_value("call 12m Anna Berg ")
    line.press("End")
    line.press_sequentially("wants shelves ok")
    line.press("Enter")

    row = page.locator(f"#touch-{touch.pk}")
    expect(row).to_contain_text("Done: Check-in, Adler KG")
    touch.refresh_from_db()
    assert touch.touchpoint == Touchpoint.objects.get()
    assert touch.touchpoint.minutes == 12
    assert LedgerEntry.objects.filter(source="plan").count() == 1
