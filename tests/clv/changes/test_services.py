"""The split over stored runs: exact for all, and each planted change in its own bar."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from clv.choices import RunStatus
from clv.models import Assumptions, ChangeRollup, Valuation, ValuationRun
from clv.services import changes
from crm.models import Account, OrderLine
from segments.choices import WorthClass
from segments.models import Membership
from segments.services import changes as rollups
from segments.services import classes
from tests import make
from tests.clv.changes.firm import EARLIER, TODAY, valued


def bars(change):
    return {bar.key: bar.amount for bar in change.bars}


def moved_by(change):
    return {bar.key for bar in change.bars if bar.amount}


def clv_of(run, **only):
    return Valuation.objects.of_run(run).filter(**only).aggregate(s=Sum("clv"))["s"]


def again(run, **fields):
    """Value the same day once more: nothing but what was planted is different."""
    ValuationRun.objects.filter(pk=run.pk).update(
        status=RunStatus.SUPERSEDED, is_current=False
    )
    fields = {"like": run} | fields
    return valued(run.as_of, **fields)


def regular(run):
    """A customer with several orders, all of known cost."""
    value = (
        Valuation.objects.of_run(run)
        .filter(revenue_cost_unknown=0, last_on__lt=TODAY)
        .order_by("-order_days", "account_id")
        .first()
    )
    return value.account


def test_every_account_and_the_firm_change_by_exactly_what_is_stored(accounts, runs):
    before, run = runs
    split = changes.split_runs(run=run, before=before)
    stored = dict(Valuation.objects.of_run(run).values_list("account_id", "clv"))
    earlier = dict(Valuation.objects.of_run(before).values_list("account_id", "clv"))
    sums = split.changes.parts.sum(axis=1).tolist()
    ids = split.sides.account_id.tolist()
    assert set(ids) == set(stored) | set(earlier)
    for pk, cents in zip(ids, sums, strict=True):
        assert Decimal(cents) / 100 == stored.get(pk, 0) - earlier.get(pk, 0)

    whole = split.whole()
    assert (whole.clv_before, whole.clv_after) == (clv_of(before), clv_of(run))
    assert sum(bars(whole).values()) == whole.total


def test_one_account_is_split_as_among_all(accounts, runs):
    before, run = runs
    split = changes.split_runs(run=run, before=before)
    for row, pk in enumerate(split.sides.account_id.tolist()):
        account = Account.objects.get(pk=pk)
        one = changes.change_of_account(account=account, run=run, before=before)
        cents = split.changes.parts[row].tolist()
        assert list(bars(one).values()) == [Decimal(c) / 100 for c in cents]


def test_nothing_but_a_silent_day_is_retention(accounts):
    before = valued(EARLIER, current=False)
    OrderLine.objects.filter(ordered_on=TODAY).delete()
    make.account()
    run = valued(TODAY, like=before)
    change = changes.change_of_firm(run=run, before=before)
    came = Valuation.objects.of_run(run).exclude(
        account_id__in=Valuation.objects.of_run(before).values("account_id")
    )
    assert moved_by(change) <= {"retention", "orders"}
    assert bars(change)["orders"] == (came.aggregate(s=Sum("clv"))["s"] or 0)
    assert bars(change)["retention"] < 0


def test_a_new_order_lands_in_orders(accounts):
    before = valued(TODAY)
    account = regular(before)
    value = Valuation.objects.of_run(before).get(account=account)
    usual = value.margin / value.order_days
    price = str(round(usual * 2, 2))
    make.order(account=account, on=TODAY, lines=[(1, price, round(usual, 2))])
    run = again(before)
    change = changes.change_of_account(account=account, run=run, before=before)
    size = {key: abs(amount) for key, amount in bars(change).items()}
    assert max(size, key=size.get) == "orders"
    assert size["margin"] <= Decimal("0.10")  # the usual margin ends between two cents
    assert moved_by(change) <= {"orders", "margin"}
    firm = changes.change_of_firm(run=run, before=before)
    assert bars(firm) == bars(change)  # nobody else moved


def test_a_changed_unit_cost_lands_in_margin(accounts):
    before = valued(TODAY)
    account = regular(before)
    line = OrderLine.objects.filter(account=account, cost__isnull=False).first()
    line.unit_cost += 5
    line.save()
    run = again(before)
    change = changes.change_of_account(account=account, run=run, before=before)
    assert moved_by(change) == {"margin"}
    assert bars(change)["margin"] < -5


@pytest.mark.parametrize("kind", ["acquisition", "delivery", "service"])
def test_a_ledger_row_lands_in_cost(accounts, kind):
    before = valued(TODAY)
    account = regular(before)
    make.cost(account=account, kind=kind, amount="80.00", on=TODAY)
    run = again(before)
    change = changes.change_of_account(account=account, run=run, before=before)
    assert moved_by(change) == {"cost"}
    assert bars(change)["cost"] <= -80


@pytest.mark.parametrize(
    "assumed",
    [
        {"annual_rate": Decimal("0.2")},
        {"horizon_months": 24},
        {"margin_rate_if_cost_unknown": Decimal("0.4")},
    ],
)
def test_new_assumptions_land_in_assumptions(accounts, assumed):
    before = valued(TODAY)
    version = Assumptions.objects.create(**assumed)
    run = again(before, assumptions=version)
    assert moved_by(changes.change_of_firm(run=run, before=before)) == {"assumptions"}


def test_a_refit_lands_in_model(accounts):
    before = valued(TODAY)
    parameters = before.parameters
    parameters["buying"]["parameters"]["alpha"] *= 1.1
    refitted = ValuationRun(parameters=parameters)
    run = again(before, like=refitted)
    assert moved_by(changes.change_of_firm(run=run, before=before)) == {"model"}


def test_a_run_without_models_cannot_be_split(accounts, runs):
    before, run = runs
    before.parameters = {}
    assert changes.split_runs(run=run, before=before) is None
    assert changes.change_of_firm(run=run, before=before) is None
    assert (
        changes.change_of_account(account=accounts[0], run=run, before=before) is None
    )


@pytest.fixture
def classed(runs):
    """Both runs classed; one account was moved by hand in between."""
    before, run = runs
    for one in runs:
        classes.classify(one)
    return before, run


def test_the_night_keeps_sums_that_pages_then_read(classed, django_assert_num_queries):
    before, run = classed
    done = rollups.write_rollup(run)
    assert (done.rows, done.before) == (5, before)
    firm = ChangeRollup.objects.get(run=run, worth_class="")
    assert (firm.clv_before, firm.clv_after) == (clv_of(before), clv_of(run))
    with django_assert_num_queries(1):
        kept = changes.change_of_firm(run=run, before=before)
    assert bars(kept) == bars(changes.split_runs(run=run, before=before).whole())

    rollups.write_rollup(run)  # a repeated step leaves the same rows
    assert ChangeRollup.objects.filter(run=run).count() == 5


def test_classes_change_by_their_members_and_by_who_came_and_left(classed):
    before, run = classed
    leaver = Membership.objects.open().filter(worth_class="general").first()
    leaver.until = TODAY
    leaver.save()
    make.membership(
        account=leaver.account, worth_class="current_key", since=TODAY, run=run
    )
    Membership.objects.filter(pk=leaver.pk).update(since=EARLIER)
    rollups.write_rollup(run)
    for key in WorthClass:
        kept = rollups.change_of_class(worth_class=key, run=run, before=before)
        for day, amount in ((EARLIER, kept.clv_before), (TODAY, kept.clv_after)):
            held = Membership.objects.on(day).filter(worth_class=key)
            ids = held.values("account_id")
            there = before if day == EARLIER else run
            assert amount == (clv_of(there, account_id__in=ids) or 0)
        assert sum(bars(kept).values()) == kept.total
        ChangeRollup.objects.filter(worth_class=key).delete()
        anew = rollups.change_of_class(worth_class=key, run=run, before=before)
        assert bars(anew) == bars(kept)
    was = Valuation.objects.of_run(before).get(account=leaver.account).clv
    rollups.write_rollup(run)
    assert ChangeRollup.objects.get(worth_class="current_key").moved == was


def test_a_first_run_has_nothing_to_sum(accounts):
    done = rollups.write_rollup(valued(TODAY))
    assert (done.rows, done.before) == (0, None)
    assert not ChangeRollup.objects.exists()
