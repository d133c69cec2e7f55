import numpy as np
import pytest

from clv.engine.errors import BadHistoryError
from clv.engine.judging.purchases import PurchaseLog


def test_rows_of_one_day_become_one_purchase(tiny):
    assert tiny.accounts.tolist() == [7, 9]
    assert tiny.day.tolist() == [100, 110, 130, 105]
    assert tiny.value.tolist() == [4.0, 2.0, -4.0, 5.0]
    assert tiny.purchase_days.tolist() == [3.0, 1.0]
    assert tiny.mean_values.tolist() == [pytest.approx(2 / 3), 5.0]
    assert tiny.log_gap_sum == pytest.approx(np.log(10) + np.log(20))


def test_histories_count_repeats_from_the_first_day(tiny):
    got = tiny.histories(140)
    assert got.frequency.tolist() == [2.0, 0.0]
    assert got.recency_days.tolist() == [30.0, 0.0]
    assert got.age_days.tolist() == [40.0, 35.0]


def test_an_earlier_view_knows_no_later_row(tiny):
    known = tiny.until(104)
    assert known.accounts.tolist() == [7]
    assert known.day.tolist() == [100]
    assert known.histories(104).age_days.tolist() == [4.0]
    with pytest.raises(BadHistoryError, match="after as_of_day"):
        tiny.histories(104)


def test_the_holdout_starts_after_the_origin_and_ends_with_the_horizon(tiny):
    known = tiny.until(110)
    came = tiny.outcome(known, 110, 20)
    assert known.accounts.tolist() == [7, 9]
    assert came.counts.tolist() == [1.0, 0.0]
    assert came.values.tolist() == [-4.0, 0.0]
    assert tiny.outcome(known, 110, 19).counts.tolist() == [0.0, 0.0]


def test_samples_are_always_the_same_accounts():
    codes = np.arange(5000)
    log = PurchaseLog.check(codes, codes % 50, np.ones(5000))
    some = log.sample(1000)
    assert 800 < len(some) < 1200
    assert np.array_equal(some.accounts, log.sample(1000).accounts)
    assert log.sample(9000) is log


def test_an_empty_log_is_a_log():
    log = PurchaseLog.check([], [], [])
    assert len(log) == 0
    assert len(log.until(5)) == 0
    assert len(log.histories(5)) == 0
    assert log.reach_days(5) == 0
    assert log.log_gap_sum == 0.0


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (([1], [1, 2], [1.0, 1.0]), "differ in length"),
        (([-1], [1], [1.0]), "negative code"),
        (([1.5], [1], [1.0]), "not whole"),
        (([1], [1], [np.nan]), "not finite"),
        ((["a"], [1], [1.0]), "must be numbers"),
    ],
)
def test_faulty_rows_are_refused(rows, fault):
    with pytest.raises(BadHistoryError, match=fault):
        PurchaseLog.check(*rows)
