import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError
from clv.engine.history import Histories, compress
from clv.engine.models import Contracts, Opportunities
from tests.clv.engine import cdnow


def through_a_pickle(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301  our own bytes


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        (([1], [5], [4]), "recency_days exceeds age_days"),
        (([-1], [0], [4]), "frequency is negative"),
        (([1.5], [1], [4]), "frequency is not a whole number"),
        (([0], [3], [4]), "recency_days without repeat purchase"),
        (([2], [0], [4]), "recency_days is 0 with repeat purchases"),
        (([0], [0], [-1]), "age_days is negative"),
        (([0], [0], [np.nan]), "age_days holds a value that is not finite"),
        (([0, 0], [0], [1, 1]), "recency_days has 1 values for 2 accounts"),
        (([[0]], [0], [1]), "frequency must be one-dimensional"),
        ((["0", "x"], [0, 0], [1, 1]), r"frequency must be numbers \(row 1\)"),
        (([0, None], 0, 9), r"frequency holds a value that is not finite \(row 1\)"),
        (([0], [0], [10**400]), r"age_days must be numbers \(row 0\)"),
        (([0, 0], [[0], [1, 2]], 9), r"recency_days must be numbers \(row 0\)"),
        (([0], [0], [1 + 2j]), "age_days must be numbers, not complex128"),
        ((np.ma.array([0, 1], mask=[0, 1]), 1, 2), r"not finite \(row 1\)"),
        (([0], [0], np.array([9], "m8[D]")), "not timedelta64.*length of a day"),
        (([0], [0], pd.to_datetime(["2026-01-05"])), "not datetime64.*between two"),
        (([0], [0], [1], [0]), "weights must be positive"),
    ],
)
def test_a_fault_is_named(columns, fault):
    with pytest.raises(BadHistoryError, match=fault):
        Histories.check(*columns)


def test_checked_vectors_cannot_be_changed():
    one = Histories.check([1], [2], [3])
    with pytest.raises(ValueError, match="read-only"):
        one.frequency[0] = 9


def test_rows_are_equal_when_all_they_hold_is():
    rows = Histories.check([1, 0], [2, 0], [3, 9])
    assert rows == Histories.check([1, 0], [2, 0], [3, 9])
    assert rows != Histories.check([1, 0], [2, 0], [3, 8])
    assert rows != Histories.check([1], [2], [3])
    assert Contracts.check([1], [0]) == Contracts.check([1], [0])
    assert Opportunities.check([1], [2], [3]) != Histories.check([1], [2], [3])


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, through_a_pickle])
@pytest.mark.parametrize(
    "rows",
    [
        Histories.check([1, 0], [2, 0], [3, 9], [1, 5]),
        Opportunities.check([1, 0], [2, 0], [3, 9], [1, 5]),
        Contracts.check([1, 0], [1, 0], [1, 5]),
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_nor_can_copies(rows, again):
    other = again(rows)
    assert type(other) is type(rows)
    for name in rows.__slots__:
        copied = getattr(other, name)
        assert copied.tolist() == getattr(rows, name).tolist()
        with pytest.raises(ValueError, match="read-only"):
            copied[0] = 9.0


def test_no_account_is_a_valid_history():
    assert len(Histories.check([], [], [])) == 0
    assert len(compress(Histories.check([], [], [])).histories) == 0


def test_compressed_rows_lead_back_to_every_account():
    everyone = cdnow.histories()
    small = compress(everyone)
    back = small.histories.take(small.inverse)
    assert np.array_equal(back.frequency, everyone.frequency)
    assert np.array_equal(back.recency_days, everyone.recency_days)
    assert np.array_equal(back.age_days, everyone.age_days)
    assert small.histories.account_count == len(everyone)
    assert len(small.histories) < len(everyone)


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0.1, 99), st.floats(0, 99))))
def test_rounding_keeps_histories_possible(rows):
    x = [row[0] for row in rows]
    recency = np.array([row[1] for row in rows])
    age = recency + np.array([row[2] for row in rows])
    small = compress(Histories.check(x, recency, age), resolution_days=7).histories
    Histories.check(small.frequency, small.recency_days, small.age_days, small.weights)
    assert small.account_count == len(rows)


def test_fractions_of_days_compress_exactly():
    small = compress(Histories.check([1, 1, 1], [0.3, 0.1, 0.3], [1.5, 1.5, 1.5]))
    assert small.histories.weights.tolist() == [1.0, 2.0]
    assert small.inverse.tolist() == [1, 0, 1]


def test_resolution_must_be_positive():
    with pytest.raises(BadHistoryError, match="resolution_days"):
        compress(Histories.check([], [], []), resolution_days=0)
