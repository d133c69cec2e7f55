"""A manager tries other assumptions, sees what they do, and publishes them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from clv.models import Assumptions, ValuationRun
from common.clock import business_today
from tests import make
from tests.live_worker import running_worker, wait_until


@pytest.fixture
def firm(rep):
    """Four customers of different size; one bought without a known cost."""
    today = business_today()
    for number, price in enumerate(("100.00", "250.00", "40.00", "900.00")):
        account = make.account(owner=rep, name=f"Kontor {number}")
        for days in (300, 180, 60 + number):
            lines = [(10, price, None if number == 2 else "20.00")]
            make.order(account=account, on=today - dt.timedelta(days=days), lines=lines)
        make.cost(account=account, on=today - dt.timedelta(days=50))
    call_command("nightly", verbosity=0)
    return ValuationRun.objects.current()


@pytest.mark.slow
def test_a_manager_drafts_previews_and_publishes(
    page, live_server, sign_in, manager, firm, tmp_path
):
    sign_in(manager)
    page.goto(f"{live_server.url}/value/")
    page.get_by_role("link", name="Assumptions").first.click()
    expect(page.get_by_text("100 earned in a year count as 90.91")).to_be_visible()
    page.get_by_role("link", name="Change").click()

    rate = page.get_by_label("Discount rate")
    rate.fill("200")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_text("A yearly rate lies between")).to_be_visible()
    rate.fill("15")
    page.get_by_label("Horizon").fill("24")
    with running_worker(tmp_path):
        page.get_by_role("button", name="Show the effect").click()
        effect = page.locator("#assumptions-effect")
        expect(effect.get_by_text("CLV of 4 accounts")).to_be_visible(timeout=60_000)
        expect(effect).to_contain_text("36 months → 24 months")
        expect(effect.get_by_role("link", name="Kontor 3").first).to_be_visible()
        assert Assumptions.objects.count() == 1
        assert ValuationRun.objects.current() == firm

        publish = page.get_by_role("form", name="Publish")
        publish.get_by_label("Reason").fill("Money is dearer")
        publish.get_by_label("Value all accounts now").check()
        publish.get_by_role("button", name="Publish").click()
        expect(page.get_by_text("Published: version")).to_be_visible()
        wait_until(
            lambda: (
                ValuationRun.objects.current() != firm
                and not ValuationRun.objects.current().is_open
            ),
            why="the worker has valued by the new version",
        )
    run = ValuationRun.objects.current()
    made = Assumptions.objects.current()
    assert (run.assumptions, made.annual_rate) == (made, Decimal("0.1500"))
    assert run.equity == made.equity_after
    assert not ValuationRun.objects.filter(kind="preview").exists()

    page.reload()
    history = page.get_by_role("row", name="Money is dearer")
    expect(history).to_contain_text("counts now")
    history.get_by_role("link").click()
    expect(page.get_by_text("changed", exact=True)).to_have_count(2)
