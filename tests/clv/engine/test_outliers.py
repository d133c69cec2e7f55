import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError
from clv.engine.outliers import counted_up_to, drawn_in, far_out

CHANCE = np.random.default_rng(11)
USUAL = CHANCE.lognormal(3.0, 1.0, 400)


def absurd(*args, **options):
    return np.flatnonzero(far_out(*args, **options).is_absurd).tolist()


def test_a_slip_of_the_pen_is_found_and_said_how_far():
    amounts = USUAL.copy()
    amounts[17] = 999_999_999.99
    found = far_out(amounts)
    assert np.flatnonzero(found.is_absurd).tolist() == [17]
    assert found.times_typical(amounts[17]) == pytest.approx(
        999_999_999.99 / np.sort(amounts)[199]
    )


def test_a_credit_can_be_as_absurd_as_a_cost():
    assert absurd(np.append(USUAL, -5e9)) == [400]


def test_several_slips_do_not_hide_each_other():
    amounts = np.append(USUAL, [4e9, 5e9])
    assert absurd(amounts) == [400, 401]


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_tails_are_no_slips(spread):
    """A log-normal firm of 20,000: what is named is less than one amount in 5,000."""
    amounts = np.random.default_rng(5).lognormal(2.0, spread, 20_000)
    assert len(absurd(amounts)) <= 4


def test_the_boundary():
    """1,000 times the median, and 30 times the largest of a tail less two."""
    ones = np.ones(99)
    assert absurd(np.append(ones, 1000.0)) == []
    assert absurd(np.append(ones, 1000.01)) == [99]
    tail = np.append(np.ones(96), [40.0, 41.0, 42.0, 1230.01])  # 41 x 30 = 1230
    assert absurd(tail) == [99]
    tail[99] = 1230.0
    assert absurd(tail) == []


def test_a_cost_within_revenue_is_no_slip():
    amounts, revenue = np.append(USUAL, 5e6), np.append(USUAL, 6e6)
    assert absurd(amounts, within=revenue) == []


def test_a_kind_that_hardly_anybody_has_is_held_against_others():
    amounts = np.zeros(50)
    amounts[3] = 7e8
    assert absurd(amounts) == []  # nothing to hold it against
    assert absurd(amounts, instead=(np.zeros(50), np.full(50, 90.0))) == [3]
    amounts[3] = 80.0
    assert absurd(amounts, instead=(np.full(50, 90.0),)) == []


def test_few_or_equal_amounts_are_never_absurd():
    assert absurd([1.0, 1.0, 1.0, 1e12]) == []
    assert absurd(np.full(30, 1e12)) == []
    assert absurd([]) == []


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.integers(-3, 3))
def test_the_unit_of_money_does_not_matter(amounts, digits):
    amounts = np.round(amounts, 2)
    assert absurd(amounts) == absurd(amounts * 2.0**digits)


def test_faults_are_named():
    with pytest.raises(BadHistoryError, match="amount holds"):
        far_out([np.nan])


def test_others_learn_from_an_amount_up_to_a_limit():
    tail = np.append(np.ones(20), [10.0, -11.0, 500.0])
    assert counted_up_to(tail) == 30.0  # three times the largest but two
    assert drawn_in(tail).tolist() == [*np.ones(20), 10.0, -11.0, 30.0]
    assert drawn_in(-tail).tolist() == [*-np.ones(20), -10.0, 11.0, -30.0]
    many = np.arange(1.0, 10_001.0)
    assert counted_up_to(many) == 3 * 9_990.0  # a tenth of the root is put aside


def test_of_few_amounts_all_count():
    assert counted_up_to([0.0, 1.0, 1.0, 1.0, 1e9]) == np.inf
    assert counted_up_to([]) == np.inf


@pytest.mark.parametrize("spread", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("count", [50, 1_000, 20_000])
def test_usual_tails_are_hardly_drawn_in(spread, count):
    """Means of log-normal firms lose less than half of their own standard error."""
    firms = np.random.default_rng(8).lognormal(0.0, spread, (40, count))
    lost = np.mean([firm.mean() - drawn_in(firm).mean() for firm in firms])
    deviation = np.exp(spread**2 / 2) * np.sqrt(np.expm1(spread**2) / count)
    assert lost < 0.5 * deviation


def test_one_amount_sways_a_mean_by_a_limit_over_n():
    swayed = drawn_in(np.append(USUAL, 1e12)).mean() - drawn_in(USUAL).mean()
    assert swayed < 3.0 * np.sort(USUAL)[-2] / USUAL.size
