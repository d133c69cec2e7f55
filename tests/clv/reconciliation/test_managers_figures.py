"""What managers see sums up to the cent, whatever a firm has done.

Two nights of a random firm; the other side of each comparison is plain arithmetic over
stored rows.
"""

import datetime as dt
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings

from clv.models import Valuation
from clv.queries.changes import stored_change
from crm.choices import CostKind
from crm.models import LedgerEntry, OrderLine
from crm.services.orders import NewLine
from segments.choices import ProfitBy, ProfitEvery, WorthClass
from segments.models import Membership
from segments.queries.levers import lever_board, lever_boards
from segments.queries.migration import migration
from segments.queries.profit import profit_of
from segments.queries.scope import Scope
from segments.queries.value_tree import tree_of
from tests.clv.reconciliation.test_random_firms import TODAY, Firm, acts

EARLIER = TODAY - dt.timedelta(days=200)
PERIOD = {"from": "2023-01-01", "to": TODAY.isoformat()}
EXAMPLES = 2
# What every firm has done before: customers good and bad, and a cost that all share.
BEFORE = [
    ("order", place, EARLIER - dt.timedelta(days=back), [sold])
    for place, sold in enumerate(
        NewLine(Decimal(n), Decimal(f"{n}9.99"), unit_cost=Decimal(cost))
        for n, cost in ((9, "40"), (7, "20"), (3, "30"), (1, "25"))
    )
    for back in (-150, -60, 40, 130)
] + [
    ("service", 3, EARLIER, Decimal("777.77")),
    ("acquisition", 1, EARLIER, Decimal("33.33")),
    ("share", 1, TODAY, Decimal("100.01")),
]


@contextmanager
def undone():
    """Take everything back at the end, so that each firm begins empty."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(acts=acts)
def test_random_firms_reconcile(administrator, manager, run_night, acts):
    with undone():
        firm = Firm(administrator)
        for number, act in enumerate([*BEFORE, *acts]):
            firm.act(number, *act)
        before, run = run_night(EARLIER), run_night(TODAY)
        check_waterfalls(before, run)
        check_tree(run)
        check_migration(before, run, manager)
        check_profit(manager)
        check_allocation()


def check_waterfalls(before, run):
    """The firm's bars sum to its change, and each class's to that of the class."""
    whole = stored_change(run, before, "")
    assert sum((bar.amount for bar in whole.bars), Decimal(0)) == whole.total
    assert (whole.clv_before, whole.clv_after) == (clv_of(before), clv_of(run))
    for key in WorthClass:
        part = stored_change(run, before, key.value)
        assert sum((bar.amount for bar in part.bars), Decimal(0)) == part.total
        assert (part.clv_before, part.clv_after) == tuple(
            clv_of(night, account__in=standing(night, key).values("account"))
            for night in (before, run)
        )


def check_tree(run):
    customers = Valuation.objects.of_run(run).exclude(first_on=None)
    tree = tree_of(lever_board(run), lever_boards(run))
    equity = customers.aggregate(s=Sum("future_value", default=Decimal(0)))["s"]
    assert tree.amount == equity
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        for split in node.splits:
            assert sum(one.amount for one in split.nodes) == node.amount
            nodes.extend(split.nodes)


def check_migration(before, run, manager):
    found = migration(before, run, scope=Scope.read({}, manager))
    for night, total in ((before, found.total_before), (run, found.total_after)):
        counts = Counter(
            Membership.objects.on(night.as_of).values_list("worth_class", flat=True)
        )
        for key in WorthClass:
            clv = clv_of(night, account__in=standing(night, key).values("account"))
            assert total(key) == (counts[key.value], clv)


def check_profit(manager):
    """Every breakdown is what orders, returns and the ledger hold."""
    revenue, known = Decimal(0), Decimal(0)
    for line in OrderLine.objects.filter(status="confirmed"):
        back = line.returns.all()
        revenue += line.revenue - sum(one.refund for one in back)
        if line.cost is not None:
            known += line.cost - sum(one.cost_recovered for one in back)
    posted = LedgerEntry.objects.filter(allocated_from=None)
    costs = dict(posted.order_by().values_list("kind").annotate(Sum("amount")))
    for by in ProfitBy:
        found = profit_of(Scope.read(PERIOD, manager), by, ProfitEvery.YEAR)
        assert found.total.revenue == revenue
        assert found.total.goods - found.total.assumed == known
        for kind in CostKind.values:
            assert found.total.costs.get(kind, 0) == costs.get(kind, 0)
        over_time = [one.contribution for one in found.stretches]
        assert sum(over_time, Decimal(0)) == found.total.contribution


def check_allocation():
    """What was spread reached accounts in full; what was taken back is gone."""
    shared = LedgerEntry.objects.filter(account=None, reverses=None)
    for entry in shared.filter(parts__isnull=False).distinct():
        undone_amount = amount_of(LedgerEntry.objects.filter(reverses=entry))
        assert amount_of(entry.parts.all()) == entry.amount + undone_amount


def standing(night, key):
    return Membership.objects.on(night.as_of).filter(worth_class=key)


def clv_of(night, **only):
    rows = Valuation.objects.of_run(night).filter(**only)
    return rows.aggregate(s=Sum("clv", default=Decimal(0)))["s"]


def amount_of(rows):
    return rows.aggregate(s=Sum("amount", default=Decimal(0)))["s"]
