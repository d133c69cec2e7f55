"""How much care is justified: limits, properties, and one example by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.justified import expected_gain, justified_spend

money = st.decimals("-100000", "100000", places=2)
share = st.decimals("0", "1", places=4)


def spend(**fields):
    return justified_spend(
        **{
            "expected_margin_year": Decimal("4000.00"),
            "expected_margin": Decimal("9500.00"),
            "effect_share": Decimal("0.15"),
            "used": Decimal("130.00"),
        }
        | fields
    )


def test_by_hand():
    """15 % of 4,000 is 600; 130 of it are used, so 470 more are justified."""
    result = spend()
    assert (result.limit, result.used, result.left, result.overspent) == (
        Decimal("600.00"),
        Decimal("130.00"),
        Decimal("470.00"),
        Decimal("0.00"),
    )


def test_all_margin_that_is_expected_is_the_cap():
    assert spend(expected_margin=Decimal("200.00")).limit == Decimal("200.00")


@pytest.mark.parametrize("margin", ["0.00", "-50.00"])
def test_nothing_is_justified_where_no_margin_is_expected(margin):
    result = spend(expected_margin_year=Decimal(margin))
    assert result.limit == result.left == 0
    assert result.overspent == Decimal("130.00")


def test_without_effect_nothing_is_justified():
    assert spend(effect_share=Decimal(0)).limit == 0


@pytest.mark.parametrize("effect", ["-0.01", "1.01"])
def test_an_effect_beyond_its_range_is_refused(effect):
    with pytest.raises(ValueError, match="between 0 and 1"):
        spend(effect_share=Decimal(effect))
    with pytest.raises(ValueError, match="between 0 and 1"):
        gain(effect_share=Decimal(effect))


@given(year=money, horizon=money, effect=share, used=money)
def test_what_is_left_and_what_is_over_fit_the_limit(year, horizon, effect, used):
    result = justified_spend(
        expected_margin_year=year,
        expected_margin=horizon,
        effect_share=effect,
        used=used,
    )
    assert result.limit >= 0
    assert result.left >= 0
    assert result.overspent >= 0
    assert result.left * result.overspent == 0
    assert result.limit - result.used == result.left - result.overspent
    assert result.limit <= max(horizon, Decimal(0))


@given(used=st.decimals("0", "1000", places=2), more=st.decimals("0", "1000", places=2))
def test_spending_more_never_leaves_more(used, more):
    assert spend(used=used + more).left <= spend(used=used).left


def gain(**fields):
    return expected_gain(
        **{
            "expected_margin_year": Decimal("4000.00"),
            "effect_share": Decimal("0.15"),
            "touches_per_year": Decimal(8),
            "cost": Decimal("30.00"),
        }
        | fields
    )


def test_gain_of_a_touch_by_hand():
    """600 over eight touches is 75 each; less 30 for the touch leaves 45."""
    assert gain() == Decimal("45.00")


def test_a_touch_can_cost_more_than_it_secures():
    assert gain(cost=Decimal("100.00")) == Decimal("-25.00")


def test_no_margin_expected_leaves_only_the_cost():
    assert gain(expected_margin_year=Decimal("-9.00")) == Decimal("-30.00")


def test_fewer_than_one_touch_a_year_counts_as_one():
    assert gain(touches_per_year=Decimal(0)) == Decimal("570.00")


@given(year=money, touches=st.integers(1, 365), cost=st.decimals("0", "500", places=2))
def test_gains_and_costs_of_a_year_never_exceed_what_is_justified(year, touches, cost):
    """A year of touches secures the limit, up to a cent of rounding each."""
    each = gain(expected_margin_year=year, touches_per_year=Decimal(touches), cost=cost)
    limit = spend(expected_margin_year=year, expected_margin=abs(year)).limit
    assert abs((each + cost) * touches - limit) <= Decimal("0.01") * (touches + 1)
