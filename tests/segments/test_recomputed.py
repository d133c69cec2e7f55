"""What the manager's pages sum up, worked out anew from rows by plain arithmetic."""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from clv.models import Valuation
from crm.models import LedgerEntry, OrderLine, OrderReturn
from segments.queries.cohorts import cohorts_of
from segments.queries.effort import quarters_of
from segments.queries.scope import Scope
from segments.queries.targeting import OWNER, health_in
from segments.services.classes import classify
from segments.services.rollups import write_rollups
from tests import make

AS_OF = dt.date(2026, 11, 20)
RATE = Decimal("0.3000")  # margin where the cost is not known
KINDS = ("acquisition", "marketing", "service", "delivery", "returns")


@pytest.fixture
def firm(db, rep, colleague):
    """Forty customers of two reps: merged ones, returns, unknown costs, odd cents."""
    draw = random.Random(5)  # noqa: S311
    run = make.run(as_of=AS_OF)
    for n in range(40):
        first = dt.date(2025, 1, 10) + dt.timedelta(days=draw.randrange(600))
        account = make.account(
            owner=rep if n % 3 else colleague,
            relationship_type=("contract", "partner", "")[n % 3],
        )
        gone = make.account(merged_into=account) if n % 5 == 0 else account
        for place in range(draw.randrange(1, 6)):
            on = first + dt.timedelta(days=80 * place)
            if on <= AS_OF:
                known = "13.37" if draw.random() < 0.5 else None
                bought = gone if place else account
                make.order(account=bought, on=on, lines=[(1, "33.35", known)])
        for kind in KINDS:
            on = first + dt.timedelta(days=draw.randrange(-40, 90))
            amount = f"{draw.randrange(1, 9999) / 100:.2f}"
            make.cost(account=gone, kind=kind, amount=amount, on=min(on, AS_OF))
        make.valuation(
            account=account,
            run=run,
            first_on=first,
            realised=f"{draw.randrange(-90000, 90000) / 100:.2f}",
            expected_margin=f"{draw.randrange(1, 300000) / 100:.2f}",
        )
    for line in OrderLine.objects.order_by("pk")[:6]:
        OrderReturn.objects.create(
            line=line,
            account=line.account,
            returned_on=min(line.ordered_on + dt.timedelta(days=45), AS_OF),
            quantity=1,
            refund=Decimal("11.11"),
            cost_recovered=Decimal("4.44") if line.cost is not None else 0,
            source="test",
            external_id=f"R-{line.pk}",
        )
    classify(run)
    return run


def quarter(day):
    return day.year * 4 + (day.month - 1) // 3


def happened():
    """Yield survivor, day, margin and whether it was an order, from each row."""
    for line in OrderLine.objects.select_related("account"):
        survivor = line.account.merged_into_id or line.account_id
        known = line.cost is not None
        margin = line.revenue - line.cost if known else RATE * line.revenue
        yield survivor, line.ordered_on, margin, True
        for back in line.returns.all():
            lost = back.refund - back.cost_recovered if known else RATE * back.refund
            yield survivor, back.returned_on, -lost, False


def firsts(run):
    return dict(Valuation.objects.of_run(run).values_list("account", "first_on"))


@pytest.mark.parametrize("is_stored", [False, True])
def test_every_cell_of_the_heat_maps_is_exact(firm, manager, is_stored):
    """Parts of cents of assumed margins are not lost in cells of classes."""
    first_on = firsts(firm)
    margins, buyers = defaultdict(Decimal), defaultdict(set)
    for account, day, margin, is_order in happened():
        key = quarter(first_on[account]), quarter(day) - quarter(first_on[account])
        margins[key] += margin
        if is_order:
            buyers[key].add(account)
    if is_stored:
        write_rollups(firm)
    found = cohorts_of(Scope.read({}, manager)).found
    assert {key: value for key, value in found.items() if any(value)} == {
        key: (len(buyers[key]), margins[key]) for key in margins
    }
    assert any(margin != round(margin, 2) for margin in margins.values())


def test_what_winning_and_keeping_cost_in_each_quarter(firm, manager):
    first_on = firsts(firm)
    spent = defaultdict(Decimal)
    for cost in LedgerEntry.objects.select_related("account"):
        first = first_on[cost.account.merged_into_id or cost.account_id]
        is_before = cost.incurred_on < first
        part = "win" if is_before or cost.kind == "acquisition" else "keep"
        if part == "keep" and cost.kind in {"delivery", "returns"}:
            part = "orders"
        spent[quarter(cost.incurred_on), part] += cost.amount
    again = defaultdict(set)
    for account, day, _, is_order in happened():
        if is_order and quarter(day) > quarter(first_on[account]):
            again[quarter(day)].add(account)
    shown = quarters_of(Scope.read({}, manager))
    assert len(shown) == 8
    for one in shown:
        n = one.number
        assert [one.win, one.keep, one.orders] == [
            spent[n, part] for part in ("win", "keep", "orders")
        ]
        assert one.won == sum(quarter(day) == n for day in first_on.values())
        assert one.kept == len(again[n])


def test_intervals_of_cohorts_are_students(firm, manager, rep, colleague):
    tables = {one.kind: one for one in health_in(Scope.read({}, manager)).tables}
    shown = {int(one.key): one for one in tables[OWNER].cohorts}
    of_run = Valuation.objects.of_run(firm)
    mean = np.mean([float(one.clv) for one in of_run])
    for person in (rep, colleague):
        clv = [float(one.clv) for one in of_run.filter(account__owner=person)]
        low, high = stats.t.interval(
            0.95, len(clv) - 1, np.mean(clv), stats.sem(clv, ddof=1)
        )
        one = shown[person.pk]
        assert one.customers == len(clv)
        assert float(one.mean) == pytest.approx(np.mean(clv), abs=0.0051)
        ends = (float(one.low), float(one.high))
        assert ends == pytest.approx((low, high), abs=0.0051)
        assert one.is_red == (high < mean)
