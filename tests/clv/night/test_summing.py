"""Sums worked out in memory against the statement that works out few accounts."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection

from clv.models import AccountSummary, SummaryState
from clv.models.summaries import NO_DAY
from clv.policy import COST_DRIVERS
from clv.queries import happenings, kept
from clv.queries.inputs import CARRIED, COLUMNS, staged_inputs
from clv.queries.summaries import COUNTS, DAYS, SUMS
from clv.services import summaries
from clv.services.summing import fingerprints
from tests import make
from tests.clv.night import firm

RATE = Decimal("0.3500")


@pytest.fixture
def accounts(db):
    return firm.build(40, prospects=5)


def by_statement():
    """The sums of all accounts by the statement, as of the day they are kept for."""
    state = SummaryState.objects.get()
    names = ", ".join(SUMS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id, {names} FROM ({summaries.sums_select()}) s"
            " ORDER BY account_id",
            summaries.parameters(state.as_of, state.margin_rate),
        )
        found = cursor.fetchall()
    return [(row[0], *map(_in_units, SUMS, row[1:])) for row in found]


def _in_units(name, value):
    return value if name in DAYS | COUNTS else Decimal(value) / 100


def as_kept():
    return list(AccountSummary.objects.order_by("pk").values_list("pk", *SUMS))


@pytest.mark.parametrize("days_ago", [0, 30, 400])
def test_the_same_sums_as_by_the_statement(accounts, days_ago, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK_ACCOUNTS", 7)
    day = firm.TODAY - dt.timedelta(days=days_ago)
    behind_a_gap = make.account(pk=accounts[-1].pk + 2)
    make.order(account=behind_a_gap, on=firm.TODAY - dt.timedelta(days=401))

    done = summaries.refresh_summaries(as_of=day, margin_rate=RATE, full=True)

    assert done.accounts == done.changed == len(accounts) + 1
    assert AccountSummary.objects.get(pk=behind_a_gap.pk).order_count == 1
    assert as_kept() == by_statement()
    assert AccountSummary.objects.exclude(revenue=0).exists()


def test_again_writes_nothing(accounts):
    summaries.refresh_summaries(as_of=firm.TODAY, margin_rate=RATE, full=True)

    done = summaries.refresh_summaries(as_of=firm.TODAY, margin_rate=RATE, full=True)

    assert (done.accounts, done.changed) == (len(accounts), 0)


def test_only_what_differs_is_written(accounts):
    summaries.refresh_summaries(as_of=firm.TODAY, margin_rate=RATE, full=True)
    AccountSummary.objects.filter(pk=accounts[3].pk).update(revenue=Decimal("0.01"))
    AccountSummary.objects.filter(pk=accounts[4].pk).delete()

    done = summaries.refresh_summaries(as_of=firm.TODAY, margin_rate=RATE, full=True)

    assert done.changed == 2
    assert as_kept() == by_statement()


def test_what_was_written_is_known_by_its_fingerprint(accounts, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK_ACCOUNTS", 7)
    day = firm.TODAY

    def anew(as_of):
        SummaryState.objects.all().delete()
        return summaries.refresh_summaries(as_of=as_of, margin_rate=RATE).changed

    assert anew(day - dt.timedelta(days=40)) == len(accounts)
    assert anew(day - dt.timedelta(days=40)) == 0
    assert 0 < anew(day) < len(accounts)  # those with something in 40 days
    assert as_kept() == by_statement()
    make.order(account=accounts[3], on=day)
    few = summaries.refresh_summaries(as_of=day, margin_rate=RATE)
    assert (few.full, few.changed) == (False, 1)
    assert as_kept() == by_statement()
    assert anew(day) == 0
    # Where none is known, as after the statement for merged accounts, all is written.
    AccountSummary.objects.filter(pk=accounts[3].pk).update(fingerprint=0)
    assert anew(day) == 1
    assert AccountSummary.objects.filter(fingerprint=0).exists() is False
    assert as_kept() == by_statement()


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"margin_known": Decimal("-0.01")},
        {"first_on": None, "paid_back_on": None},
        {"order_count": 7, "first_on": dt.date(1969, 12, 31)},
    ],
)
def test_all_sums_stand_in_one_value_as_well(accounts, other):
    summaries.refresh_summaries(as_of=firm.TODAY, margin_rate=RATE)
    whose = AccountSummary.objects.filter(pk=accounts[3].pk)
    whose.update(revenue=Decimal("12.34"), **other)

    packed = np.frombuffer(whose.get().packed, np.uint8)

    found = kept.unpacked_sums(packed)
    assert list(found) == ["account_id", *SUMS]
    row = whose.values("account_id", *SUMS).get()
    assert {name: _read(name, int(found[name][0])) for name in found} == row


def _read(name, whole):
    if name in DAYS:
        none = whole == NO_DAY
        return None if none else dt.date(1970, 1, 1) + dt.timedelta(days=whole)
    whole_too = name in COUNTS or name == "account_id"
    return whole if whole_too else Decimal(whole) / 100


@pytest.mark.parametrize("name", SUMS)
def test_any_other_sum_is_another_fingerprint(name):
    zeros = {one: np.zeros(3, np.int64) for one in SUMS}
    moved = zeros | {name: np.array([0, 1, -1])}

    found = fingerprints(moved)

    assert len(set(found.tolist())) == 3
    assert found[0] == fingerprints(zeros)[0] != 0


@pytest.mark.parametrize("most_blocks", [512, 3])
def test_blocks_hold_every_account_once(accounts, most_blocks, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK_ACCOUNTS", 7)
    monkeypatch.setattr(kept, "MOST_BLOCKS", most_blocks)

    # They come in no order: the server may read several at once.
    blocks = (block.account for block in happenings.all_blocks())
    found = sorted(blocks, key=lambda block: block[0])

    assert [len(block) for block in found] == [7, 7, 7, 7, 7, 7, 3]
    assert np.concatenate(found).tolist() == [account.pk for account in accounts]


def test_ids_far_apart_make_few_blocks(accounts, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK_ACCOUNTS", 7)
    far = make.account(pk=2**61)

    found = kept.ends_of("crm_account", "id")

    first = accounts[0].pk
    assert found[0] == (-kept.FARTHEST, first + 6)
    assert found[-1] == (first + 42, kept.FARTHEST)
    assert len(found) == 7
    assert sum(far.pk in block.account for block in happenings.all_blocks()) == 1


@pytest.mark.parametrize("between", [{}, {"first": 5, "last": 21}])
def test_inputs_read_directly_are_those_that_would_be_staged(accounts, between):
    done = summaries.refresh_summaries(as_of=firm.TODAY, margin_rate=RATE)
    basis = summaries.Basis(firm.TODAY, RATE, COST_DRIVERS)
    summaries._stage(
        "clv_staged", basis.inputs_select("clv_accountsummary"), basis.parameters
    )
    first = accounts[0].pk
    ends = {name: first + at for name, at in between.items()}

    staged = staged_inputs("clv_staged", firm.TODAY, **ends)
    direct = summaries.read_current(basis, **ends)
    at_hand = summaries.inputs_after(done, basis).between(
        ends.get("first", first), ends.get("last", accounts[-1].pk)
    )

    assert len(direct) == (17 if between else len(accounts))
    assert direct.check() == staged.check() == at_hand.check()
    for name in (*COLUMNS, *CARRIED):
        owners = (
            (staged.carried, direct.carried) if name in CARRIED else (staged, direct)
        )
        left, right = (getattr(owner, name) for owner in owners)
        assert np.array_equal(left, right), name
