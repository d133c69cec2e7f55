"""What nights sum up equals what is counted from the rows themselves, to the cent."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clv.models import Valuation
from common import older
from config import prepared
from config.prepared import PARTS, REPORTS, addresses, addresses_of_parts, prepare
from crm.models import LedgerEntry, Territory
from segments.models import CohortCell, Membership, StoredFigures, ValueTotal
from segments.queries import cohorts, effort, loyalty, paybacks, spread, worth
from segments.queries.scope import Scope
from segments.services import classes
from segments.services.rollups import write_rollups
from tests import make

BEFORE, NOW = dt.date(2026, 9, 30), dt.date(2026, 11, 20)
CENTS = Decimal("0.01")


def values(run, accounts, factor):
    for number, account in enumerate(accounts):
        first_on = account.acquired_on if account.acquired_on <= run.as_of else None
        make.valuation(
            account=account,
            run=run,
            realised=f"{(number * 37 - 60) * factor:.2f}",
            expected_margin=f"{number * 100 * factor:.2f}",
            first_on=first_on,
            last_on=first_on,
            order_days=0 if first_on is None else 1 + number % 3,
            future_spread=10.0,
        )


@pytest.fixture
def firm(db, rep, colleague):
    """Twelve customers of all sorts, two nights, orders and costs of three years."""
    north, south = (Territory.objects.create(name=name) for name in ("N", "S"))
    accounts = [
        make.account(
            name=f"Firm {n}",
            owner=(rep, colleague, None)[n % 3],
            territory=(north, south)[n % 2],
            industry=("Food", "Steel", "")[n % 3],
            relationship_type=("contract", "partner", "", "reseller")[n % 4],
            acquired_on=dt.date(2024 + n % 3, 1 + n * 5 % 9 + n // 11, 10),
        )
        for n in range(12)
    ]
    runs = [make.run(as_of=day, metrics={}) for day in (BEFORE, NOW)]
    for run, factor in zip(runs, (1, 1.5), strict=True):
        values(run, accounts, factor)
    classes.classify(runs[-1])
    for n, account in enumerate(accounts):
        make.order(account=account, on=account.acquired_on, lines=[(n + 1, 10, 6)])
        later = account.acquired_on + dt.timedelta(days=100 * (1 + n % 3))
        if later <= NOW:
            make.order(account=account, on=later, lines=[(n + 2, 10, None)])
        won = account.acquired_on - dt.timedelta(days=5)
        make.cost(account=account, amount="50.00", on=won, kind="marketing")
        make.cost(account=account, amount="7.00", on=later, kind="delivery")
        make.cost(account=account, amount=f"{n}.25", on=later, kind="service")
    make.cost(account=make.account(), amount="1000.00", on=NOW)  # never valued
    return runs


def asked(manager, **given):
    return Scope.read(given, manager)


WAYS = [
    {},
    {"class": "general"},
    {"class": "current_key"},
    {"relationship": "contract"},
    {"class": "general", "relationship": "partner"},
    {"industry": "Food"},
    {"owner": "rep"},
    {"territory": "north"},
    {"industry": "Food", "class": "general"},
    {"industry": "Food", "relationship": "contract"},
    {"owner": "rep", "territory": "north"},
    {"industry": "Nobody's"},
]


def resolved(given, rep):
    found = dict(given)
    if "owner" in found:
        found["owner"] = rep.pk
    if "territory" in found:
        found["territory"] = Territory.objects.get(name="N").pk
    return found


def everything(scope):
    """Return what every block says, in plain values."""
    found = cohorts.cohorts_of(scope)
    paid = paybacks.paybacks_in(scope)
    return {
        "worth": worth.worth_by_class(scope),
        "equity": worth.history_of(scope)[-1:],
        "whale": spread.whale_of(scope),
        "bars": spread.bars_of(scope),
        "payback": [
            (one.label, one.customers, one.cost_to_win, one.paid_back, one.course)
            for one in (paid.cohorts if paid else ())
        ],
        "waiting": [
            (one.label, one.waiting.share.tolist(), one.waiting.watched.tolist())
            for one in (paid.cohorts if paid else ())
        ],
        "loyalty": loyalty.loyalty_by_relationship(scope),
        "cells": {k: v for k, v in found.found.items() if v != (0, 0)},
        "quarters": [
            (one.number, one.win, one.keep, one.orders, one.won, one.kept)
            for one in effort.quarters_of(scope)
        ],
        "gains": [
            one.gain and (one.gain.new, one.gain.existing, one.gain.new_count)
            for one in effort.quarters_of(scope)
        ],
    }


@pytest.mark.parametrize("given", WAYS, ids=str)
def test_what_is_stored_is_what_is_counted(firm, manager, rep, given):
    scope = asked(manager, **resolved(given, rep))
    live = everything(scope)
    written = write_rollups(firm[-1])
    assert written.cells
    stored = everything(asked(manager, **resolved(given, rep)))
    for key, value in live.items():
        assert stored[key] == value, key


def test_payback_of_a_class_is_read_from_what_the_night_counted(firm, manager):
    held = Membership.objects.open().values_list("worth_class", flat=True)
    largest = Counter(held).most_common(1)[0][0]
    with CaptureQueriesContext(connection) as before:
        live = paybacks.paybacks_in(asked(manager, **{"class": largest}))
    write_rollups(firm[-1])
    with CaptureQueriesContext(connection) as after:
        stored = paybacks.paybacks_in(asked(manager, **{"class": largest}))
    assert stored.firm.customers == live.firm.customers > 0
    assert stored.firm.course == live.firm.course
    assert len(stored.firm.course) > 1

    def counting(found):
        return [one for one in found if "crm_orderline" in one["sql"]]

    assert len(counting(before)) == 1
    assert counting(after) == []
    older = StoredFigures.objects.filter(block__startswith="waits:")
    assert older.count() == 4
    again = make.run(as_of=NOW + dt.timedelta(days=1))
    write_rollups(again)
    assert set(older.values_list("run", flat=True)) == {again.pk}


def test_again_writes_the_same_and_cohorts_are_counted_once_a_week(firm):
    first = write_rollups(firm[-1])
    again = write_rollups(firm[-1])
    assert again == first
    assert ValueTotal.objects.filter(run=firm[-1]).count() == first.totals
    blocks = StoredFigures.objects.filter(run=firm[-1])
    assert blocks.exclude(block__startswith="cohorts:").count() == first.blocks
    assert blocks.filter(block__startswith="cohorts:").count() == 6
    next_night = make.run(as_of=NOW + dt.timedelta(days=1))
    assert write_rollups(next_night).cells is None
    assert not CohortCell.objects.filter(run=next_night).exists()


def test_dimensions_sum_to_the_classes(firm, manager):
    write_rollups(firm[-1])
    tiles = worth.worth_by_class(asked(manager))
    for dimension in ("owner", "territory", "industry", "relationship"):
        rows = ValueTotal.objects.filter(run=firm[-1], dimension=dimension)
        for key, one in tiles.items():
            mine = [row for row in rows if row.worth_class == key]
            assert sum(row.clv for row in mine) == one.clv
            assert sum(row.accounts for row in mine) == one.accounts


def test_cells_sum_to_the_orders_of_their_cohort(firm, manager):
    found = cohorts.cohorts_of(asked(manager))
    # 4 a piece where the cost is known, the assumed rate of 10 where it is not.
    rate = firm[-1].assumptions.margin_rate_if_cost_unknown
    days = [dt.date(2024 + n % 3, 1 + n * 5 % 9 + n // 11, 10) for n in range(12)]
    expected = sum(Decimal(4 * (n + 1)) for n in range(12))
    for n, day in enumerate(days):
        if day + dt.timedelta(days=100 * (1 + n % 3)) <= NOW:
            expected += (n + 2) * 10 * rate
    assert found.margin == expected.quantize(CENTS)
    assert found.customers == 12
    assert sum(one.customers for one in found.all) == 12
    assert all(one.cells[0].share == 1 for one in found.all)


def test_shares_of_spending_add_up_and_unknown_is_apart(firm, manager):
    LedgerEntry.objects.create(
        kind="marketing", amount=Decimal("99.00"), incurred_on=NOW
    )
    quarters = effort.quarters_of(asked(manager))
    last = quarters[-1]
    assert last.is_part
    assert last.shared == Decimal("99.00")
    for one in quarters:
        if one.share_new is not None:
            assert one.share_new + float(
                one.on_existing / (one.win + one.on_existing)
            ) == pytest.approx(1)
    assert effort.quarters_of(asked(manager, **{"class": "general"}))[-1].shared == 0


def test_gains_are_the_change_of_all_customers(firm, manager):
    last = effort.quarters_of(asked(manager))[-1].gain
    was, now = (sum(one.clv for one in Valuation.objects.of_run(run)) for run in firm)
    assert last.change == now - was
    assert last.before == was
    assert (last.start.as_of, last.end.as_of) == (BEFORE, NOW)


def test_facts_of_a_merged_account_stay_with_its_survivor(firm, manager):
    kept = next(iter(asked(manager).accounts().filter(name="Firm 1")))
    make.order(account=kept, on=NOW, lines=[(1, "10.00", "5.00")])
    whole = cohorts.cohorts_of(asked(manager))
    lost = make.account(name="Twin")
    make.order(account=lost, on=NOW, lines=[(1, "110.00", "10.00")])
    type(lost).objects.filter(pk=lost.pk).update(merged_into=kept)
    again = cohorts.cohorts_of(asked(manager))
    assert again.margin - whole.margin == Decimal("100.00")
    assert again.customers == whole.customers
    quarter = cohorts.quarter_of(NOW)
    assert again.buyers_in(quarter) == whole.buyers_in(quarter)


def test_the_night_asks_for_reports_before_anybody_does(
    firm, manager, settings, monkeypatch
):
    settings.CACHES = settings.CACHES | {
        "answers": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "prepared",
        }
    }
    asked_for = prepare(firm[-1])
    assert asked_for == len(REPORTS) + 2 * 4
    monkeypatch.setattr(older, "LARGE_ROWS", -1)
    parts = list(addresses_of_parts())
    assert {one.partition("?")[2].partition("=")[0] for one in parts} == set(PARTS)
    assert prepare(firm[-1]) == asked_for + len(addresses()) + len(parts)
    monkeypatch.setattr(prepared, "PARTS_SECONDS", 0.0)
    assert prepare(firm[-1]) == asked_for + len(addresses())
    firm[0].refresh_from_db()
    assert prepare(firm[0]) == 0  # not the current run


def test_nothing_is_asked_where_answers_are_not_kept(firm, manager):
    assert prepare(firm[-1]) == 0
