"""The forecast that a night keeps: by class and month, beside what months brought."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum

from clv.choices import RunKind
from clv.models import ActualMonth, ForecastMonth, LikeGroup, Valuation, ValuationRun
from clv.queries.forecast import actual_margins
from clv.services import forecast, runs
from clv.services.execution import Work
from clv.services.leases import Lease
from clv.services.summaries import refresh_summaries
from config.night import execute
from crm.choices import Stage
from crm.models import Account
from segments.choices import WorthClass
from segments.queries.members import classes_on
from tests import make

DAY = dt.date(2026, 11, 20)
RATE = Decimal("0.3")


def firm(customers=25, prospects=3):
    """Customers of two sizes that buy at their own pace, and accounts to be won."""
    for n in range(customers):
        size = "1-9" if n % 2 else "50-249"
        account = make.account(size_band=size, industry="Care", source="web")
        price = "40.00" if n % 2 else "90.00"
        for k in range(1 + n % 5):
            day = DAY - dt.timedelta(days=30 + n * 7 + k * (20 + n))
            make.order(account=account, on=day, lines=[(5, price, "10.00")])
        make.cost(account=account, kind="acquisition", on=DAY - dt.timedelta(days=400))
    for _ in range(prospects):
        make.account(stage=Stage.PROSPECT, size_band="1-9", industry="Care")
    entered = dt.datetime(2026, 10, 1, 9, tzinfo=dt.UTC)
    Account.objects.update(created_at=entered)


def night(kind=RunKind.ON_DEMAND):
    run = runs.request_run(actor=None, as_of=DAY, kind=kind)
    assert execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    return run


@pytest.fixture
def run(committed):
    firm()
    return night()


def test_a_night_keeps_what_it_expects_and_what_came(run):
    """One night, looked at from all sides: nights are slow."""
    rows = ForecastMonth.objects.filter(run=run)
    whole = rows.filter(worth_class="")
    values = Valuation.objects.of_run(run).filter(order_days__gt=0)

    # Every class and the firm have every month of the horizon.
    assert whole.count() == 37
    assert set(rows.values_list("worth_class", flat=True)) == {"", *WorthClass.values}
    assert whole.first().month == dt.date(2026, 11, 1)
    assert whole.last().month == dt.date(2029, 11, 1)

    # Classes add up to the firm to the cent, months to expected orders, undiscounted.
    for month in whole:
        parts = rows.filter(month=month.month).exclude(worth_class="")
        summed = parts.aggregate(margin=Sum("margin"), cost=Sum("cost"))
        assert summed == {"margin": month.margin, "cost": month.cost}
    expected = values.aggregate(s=Sum("expected_orders"))["s"]
    assert whole.aggregate(s=Sum("orders"))["s"] == pytest.approx(expected, abs=1e-3)
    profit = whole.aggregate(s=Sum("margin") - Sum("cost"))["s"]
    assert profit > run.equity > 0  # discounting takes something

    # Past months are the firm's margins, split by who was new.
    came = ActualMonth.objects.aggregate(s=Sum("margin_known") + Sum("margin_new"))["s"]
    of_all = values.aggregate(s=Sum("margin"))["s"]
    this_month = values.filter(last_on__gte=dt.date(2026, 11, 1))
    assert not this_month.exists()
    assert came == of_all

    # A worker that comes after one that died works out the same.
    again = forecast._forecast(Work(Lease(run.pk, run.token), run), classes_on(DAY))
    kept = {(row.worth_class, row.month): row for row in rows}
    for row in again:
        assert row.margin == kept[row.worth_class, row.month].margin
        assert row.margin_high == kept[row.worth_class, row.month].margin_high

    # Accounts without orders are valued by customers like them, and repeatably.
    group = LikeGroup.objects.filter(run=run).exclude(trait_code=0).get()
    assert (group.customers, group.traits) == (12, "same size and industry")
    prospects = Valuation.objects.of_run(run).filter(order_days=0)
    assert {value.like for value in prospects} == {group}
    future = {value.future_value for value in prospects}
    worth = group.worth_once_won - group.cost_to_win
    assert all(abs(one - worth) <= Decimal("0.02") for one in future)
    assert group.prospects_seen == 0
    again = runs.rerun_from_stored(actor=None, run_id=run.pk)
    assert execute(again.pk)
    again.refresh_from_db()
    assert (again.status, again.digest) == ("checked", run.digest)


def test_months_take_lines_and_returns_into_account(db):
    account, newcomer = make.account(), make.account()
    make.order(account=account, on=dt.date(2026, 1, 5), lines=[(1, "100.00", "60.00")])
    make.order(account=account, on=dt.date(2026, 2, 5), lines=[(2, "50.00", None)])
    make.order(account=newcomer, on=dt.date(2026, 2, 9), lines=[(1, "30.00", "10.00")])
    refresh_summaries(as_of=DAY, margin_rate=RATE)
    found = actual_margins(
        since=dt.date(2026, 1, 1), until=dt.date(2026, 3, 1), margin_rate=RATE
    )
    assert found == [
        (dt.date(2026, 1, 1), Decimal("0.00"), Decimal("40.00")),
        (dt.date(2026, 2, 1), Decimal("30.00"), Decimal("20.00")),
    ]


def test_a_firm_without_customers_has_a_forecast_of_nothing(committed):
    make.account(stage=Stage.PROSPECT)
    run = night()
    whole = ForecastMonth.objects.filter(run=run, worth_class="")
    assert whole.count() == 37
    assert {row.margin for row in whole} == {Decimal("0.00")}
    assert not ActualMonth.objects.exists()
    assert ValuationRun.objects.current() == run
