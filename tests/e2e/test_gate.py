"""Journey: the gate stops a magazine that is not worth its cost for everybody."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import GateDecision, PlannedTouch, PlanVersion
from campaigns.services import plans
from common.clock import business_today
from crm.choices import Role
from tests import make


@pytest.fixture
def marketer():
    """A marketer, and a magazine due for one rich and two poor accounts."""
    plans.ensure_plans()
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    template = version.touches.first()
    template.title, template.channel, template.owner_role = (
        "Magazine",
        "post",
        "marketer",
    )
    template.unit_cost, template.minutes = Decimal("4.80"), 0
    template.save()
    run = make.run()
    for name, margin in (("Adler KG", "9000"), ("Brandt AG", "30"), ("Cord", "20")):
        account = make.account(name=name)
        make.membership(account=account)
        make.valuation(
            run=run,
            account=account,
            expected_margin=Decimal(margin) * 2,
            expected_margin_year=Decimal(margin),
        )
        PlannedTouch.objects.create(
            account=account,
            template=template,
            lineage=template.lineage,
            period="1",
            due_on=business_today() - dt.timedelta(days=1),
            owner_role="marketer",
        )
    return make.user(Role.MARKETER, name="Max Marketer")


def test_the_gate_stops_an_uneconomic_send(page, live_server, sign_in, marketer):
    sign_in(marketer)
    page.goto(f"{live_server.url}{reverse('campaigns:today')}")
    page.get_by_role("link", name="Print and post").click()
    expect(page.locator("main")).to_contain_text("2 of 3 are not worth 4.80 each")
    page.get_by_role("button", name="Mark 3 as posted").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Should we?")
    expect(page.locator("main")).to_contain_text("2 of 3 are not worth 4.80 each")
    page.get_by_label("Include them all the same").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("Say why they are included")

    page.get_by_label("Leave them out").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("1 times done: Magazine. 2 left out.")).to_be_visible()
    touches = PlannedTouch.objects.order_by("account__name")
    assert [one.status for one in touches] == ["done", "skipped", "skipped"]
    assert len(GateDecision.objects.get().below) == 2
