"""A real purchase log is imported, valued by the worker, classed and shown."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from clv.models import AccountSummary, Valuation, ValuationRun
from common.clock import business_today
from common.templatetags.display import count
from crm.models import Account, Order, OrderLine
from segments.models import Membership
from tests import cdnow
from tests.live_worker import running_worker, wait_until

pytestmark = pytest.mark.slow

# Of MBG/NBD, the better of the two models here; time in weeks (docs/methods).
PUBLISHED_78_WEEKS = {"r": 0.6178, "alpha": 8.6570, "a": 0.5515, "b": 1.0091}


@pytest.fixture
def imported(tmp_path, db):
    file = cdnow.write_csv(tmp_path / "cdnow.csv", ending_on=business_today())
    call_command("import_orders", str(file), "--source", "cdnow", verbosity=0)


def test_the_real_order_file_is_valued_by_the_worker_and_shown(
    page, live_server, sign_in, manager, imported, tmp_path
):
    assert Account.objects.count() == cdnow.CUSTOMERS
    everybody = count(cdnow.CUSTOMERS)
    sign_in(manager)
    with running_worker(tmp_path):
        page.goto(f"{live_server.url}/runs/")
        page.get_by_role("button", name="Value now").click()
        wait_until(
            lambda: ValuationRun.objects.filter(finished_at=None).count() == 0,
            seconds=90,
            why="the worker has published the run",
        )
        expect(page.get_by_text(f"of {everybody} present")).to_be_visible()

    run = ValuationRun.objects.current()
    assert run.as_of == business_today()
    # Before two in the morning the night that is due is still yesterday's.
    assert ValuationRun.objects.published().filter(as_of=run.as_of).count() == 1
    assert Valuation.objects.of_run(run).count() == cdnow.CUSTOMERS
    assert Membership.objects.open().count() == cdnow.CUSTOMERS
    assert AccountSummary.objects.filter(order_days=0).count() == 0

    page.goto(f"{live_server.url}/value/")
    expect(page.get_by_text(everybody, exact=True).first).to_be_visible()
    page.get_by_role("link", name="All by CLV").click()
    page.locator("table tbody tr a:not([data-dialog])").first.click()
    expect(page.get_by_text("Why this number")).to_be_visible()


def test_the_model_of_the_real_orders_has_the_published_parameters(imported):
    call_command("nightly", verbosity=0)

    buying = ValuationRun.objects.current().parameters["buying"]["parameters"]
    in_weeks = {**buying, "alpha": buying["alpha"] / 7}
    assert {name: round(in_weeks[name], 4) for name in PUBLISHED_78_WEEKS} == (
        pytest.approx(PUBLISHED_78_WEEKS, abs=5e-4)
    )


def test_loading_the_real_order_file_again_changes_nothing(imported, tmp_path):
    before = (Order.objects.count(), OrderLine.objects.count())
    file = cdnow.write_csv(tmp_path / "again.csv", ending_on=business_today())

    call_command("import_orders", str(file), "--source", "cdnow", verbosity=0)

    assert (Order.objects.count(), OrderLine.objects.count()) == before
