"""How much care is justified: limits, properties, and one example by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.justified import expected_gain, justified_spend, share_of_year

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
            "share_of_year": Decimal("0.125"),
            "cost": Decimal("30.00"),
        }
        | fields
    )


def test_gain_of_a_touch_by_hand():
    """An eighth of 600 is 75; less 30 for the touch leaves 45."""
    assert gain() == Decimal("45.00")


def test_a_touch_can_cost_more_than_it_secures():
    assert gain(cost=Decimal("100.00")) == Decimal("-25.00")


def test_no_margin_expected_leaves_only_the_cost():
    assert gain(expected_margin_year=Decimal("-9.00")) == Decimal("-30.00")


@pytest.mark.parametrize("share", ["-0.01", "1.01"])
def test_a_share_of_the_year_beyond_its_range_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        gain(share_of_year=Decimal(share))


def part(cost, cost_of_year, touches=8):
    return share_of_year(
        cost=Decimal(cost),
        cost_of_year=Decimal(cost_of_year),
        touches_per_year=touches,
    )


def test_a_touch_has_the_part_of_the_year_that_it_has_of_the_cost():
    """Four visits at 114 and four magazines at 4.80 cost 475.20 a year."""
    visit, magazine = part("114", "475.20"), part("4.80", "475.20")
    assert round(visit, 4) == Decimal("0.2399")
    assert round(magazine, 4) == Decimal("0.0101")
    assert 4 * visit + 4 * magazine == pytest.approx(Decimal(1))


def test_touches_of_a_plan_that_costs_nothing_count_the_same():
    assert part("0", "0") == Decimal("0.125")
    assert part("0", "0", touches=0) == Decimal(1)


@given(
    year=money,
    plan=st.lists(
        st.tuples(st.integers(1, 24), st.decimals("0", "500", places=2)),
        min_size=1,
        max_size=6,
    ),
)
def test_a_year_of_touches_secures_the_limit(year, plan):
    """Whatever the plan: up to a cent of rounding for each touch."""
    touches = sum(times for times, _ in plan)
    cost_of_year = sum(times * cost for times, cost in plan)
    secured = sum(
        times
        * (
            gain(
                expected_margin_year=year,
                cost=cost,
                share_of_year=part(cost, cost_of_year, touches),
            )
            + cost
        )
        for times, cost in plan
    )
    limit = spend(expected_margin_year=year, expected_margin=abs(year)).limit
    assert abs(secured - limit) <= Decimal("0.01") * (touches + 1)
