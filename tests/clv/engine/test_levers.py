"""Levers on sums: nothing moved is today, parts sum, and sums say what customers do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.errors import BadParameterError
from clv.engine.levers import (
    Base,
    CostSum,
    Levers,
    Newcomer,
    Sums,
    moved,
    pull,
    sum_of,
)
from clv.engine.totals import TotalDoubt

money = st.integers(0, 10**9).map(lambda cents: cents / 100)
share = st.floats(-0.5, 0.5)
held = st.floats(0, 5)


@st.composite
def customers(draw):
    margin, grows, revenue = draw(money), draw(held), draw(money)
    with_orders, over_time = draw(money), draw(money)
    return Sums(
        margin=margin,
        revenue=margin + revenue,
        margin_held=margin * grows,
        revenue_held=(margin + revenue) * grows,
        costs={
            "delivery": CostSum(with_orders, with_orders * grows, with_orders=True),
            "service": CostSum(over_time, over_time * grows, with_orders=False),
        },
    )


@st.composite
def bases(draw):
    sums = draw(customers())
    newcomer = Newcomer(draw(customers()), draw(customers()), draw(money))
    return Base(
        equity=round(sums.value, 2),
        sums=sums,
        newcomer=draw(st.sampled_from([None, newcomer])),
        annual_rate=draw(st.floats(0, 0.5)),
        variance=draw(money),
        doubt=TotalDoubt(0.05, 0.1),
    )


levers = st.builds(
    Levers,
    frequency=share,
    retention=st.floats(0, 1),
    won=st.floats(0, 100),
    basket=share,
    price=share,
    savings=st.fixed_dictionaries({"delivery": share, "service": share}),
    spent=money,
)


@given(bases())
def test_all_at_zero_is_todays_equity_to_the_cent(base):
    found = pull(base, Levers())
    assert found.before == found.after == round(base.equity * 100)
    assert found.change == 0
    assert not any(found.parts.values())
    assert found.change_low == found.change_high == 0


@given(bases(), levers)
def test_parts_sum_to_the_change_to_the_cent(base, some):
    found = pull(base, some)
    assert sum(found.parts.values()) == found.change == found.after - found.before
    assert found.low <= found.after <= found.high
    assert found.change_low <= found.change <= found.change_high


@given(st.lists(customers(), min_size=1, max_size=5), levers)
def test_sums_answer_what_customer_by_customer_would(each, some):
    whole = moved(sum_of(each), some).value
    one_by_one = sum(moved(one, some).value for one in each)
    assert whole == pytest.approx(one_by_one, rel=1e-9, abs=1e-3)


@given(bases(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_saving_and_price_never_lower_equity(base, less, more):
    low, high = sorted((less, more))

    def saved(by):
        return pull(base, Levers(savings={"service": by})).after

    def priced(by):
        return pull(base, Levers(price=by)).after

    assert saved(low) <= saved(high)
    assert priced(low) <= priced(high)


@given(bases(), st.floats(0, 0.5))
def test_frequency_helps_where_an_order_brings_more_than_it_costs(base, more):
    change = pull(base, Levers(frequency=more)).change
    earns = base.sums.margin - base.sums.costs["delivery"].amount
    assert change == round(more * earns * 100) or abs(change - more * earns * 100) <= 1


def test_whoever_stays_is_worth_what_they_are_worth_if_nobody_leaves():
    """100 of margin and 20 of cost, half as much again if nobody leaves."""
    costs = {"service": CostSum(20.0, 10.0, with_orders=False)}
    sums = Sums(100.0, 300.0, 50.0, 150.0, costs)
    base = Base(80.0, sums, None, 0.1, 0.0, TotalDoubt(0.0, 0.1))
    assert pull(base, Levers(retention=1.0)).after == 12_000
    assert pull(base, Levers(retention=0.5)).after == 10_000


def test_customers_won_bring_their_worth_less_the_cost_to_win():
    """Undiscounted: first order 30 − 5, later 100 − 40, 25 to win: 60 each."""
    first = Sums(30.0, 90.0, 0, 0, {"delivery": CostSum(5.0, 0, with_orders=True)})
    later = Sums(100.0, 300.0, 0, 0, {"service": CostSum(40.0, 0, with_orders=False)})
    base = Base(0.0, Sums(), Newcomer(first, later, 25.0), 0.0, 0.0, TotalDoubt(0, 0))
    assert pull(base, Levers(won=10)).after == 60_000
    # Oftener means the later orders; the first is one order whatever happens.
    assert pull(base, Levers(won=10, frequency=0.1)).after == 70_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"frequency": -1.0},
        {"retention": 1.1},
        {"won": -1},
        {"price": float("nan")},
        {"spent": float("inf")},
        {"savings": {"service": 1.5}},
    ],
)
def test_no_lever_goes_further_than_it_can(wrong):
    with pytest.raises(BadParameterError):
        Levers(**wrong)
