"""Journey: from rows of a list to the touches of a campaign."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import Campaign, Enrolment, PlannedTouch
from crm.choices import Role
from tests import make


@pytest.fixture
def marketer(db):
    """A marketer, one rich account and two poor ones."""
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
    return make.user(Role.MARKETER, name="Max Marketer")


def add_all(page):
    page.get_by_label("Choose all of this page").check()
    page.get_by_role("button", name="Add to campaign…").click()
    expect(page.locator("main")).to_contain_text("3 accounts")
    page.get_by_role("button", name="Add to a campaign").click()


def test_rows_of_a_list_become_touches_of_a_campaign(
    page, live_server, sign_in, marketer
):
    make.campaign(owner=marketer, name="Spring", holdout_percent=0)
    sign_in(marketer)
    page.goto(f"{live_server.url}{reverse('campaigns:account_list')}")
    add_all(page)
    expect(page.get_by_text("Added to “Spring”: 3.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone for 3 of 3.")).to_be_visible()
    assert Enrolment.objects.count() == 0

    add_all(page)
    expect(page.get_by_text("Added to “Spring”: 3.")).to_be_visible()
    draft = Campaign.objects.get()
    page.goto(
        f"{live_server.url}{reverse('campaigns:campaign_detail', args=[draft.pk])}"
    )
    page.get_by_role("link", name="Add a touch").click()
    page.get_by_label("Title").fill("Letter")
    page.get_by_label("Channel").select_option("post")
    page.get_by_label("Unit cost").fill("4.80")
    page.get_by_label("Who does it").select_option("marketer")
    page.get_by_role("button", name="Save the touch").click()
    expect(page.locator("#campaign-cost")).to_contain_text(
        "2 of 3 are not worth 4.80 each"
    )
    page.get_by_role("button", name="Start…").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Should we?")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("1 account will hear of it.")).to_be_visible()
    touch = PlannedTouch.objects.get()
    assert (touch.account.name, touch.status) == ("Adler KG", "due")
    page.get_by_role("link", name="On the board").click()
    expect(page.locator("main")).to_contain_text("Adler KG")
    expect(page.locator("main")).to_contain_text("Letter")
