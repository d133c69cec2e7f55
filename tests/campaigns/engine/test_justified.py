"""How much care is justified: limits, properties, and one example by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.justified import (
    expected_gain,
    gain_of_spending,
    justified_spend,
    secured_of_year,
    share_of_year,
)

money = st.decimals("-100000", "100000", places=2)
share = st.decimals("0", "1", places=4)
scale = st.decimals("0.0001", "1", places=4)
ASSUMED = {"effect_share": Decimal("0.15"), "scale_share": Decimal("0.05")}


def spend(**fields):
    return justified_spend(
        **ASSUMED
        | {
            "expected_margin_year": Decimal("4000.00"),
            "expected_margin": Decimal("9500.00"),
            "used": Decimal("130.00"),
        }
        | fields
    )


def test_by_hand():
    """0.05 x 4,000 x ln 3 is 219.72; 130 of it are used, 89.72 more are justified."""
    result = spend()
    assert (result.limit, result.used, result.left, result.overspent) == (
        Decimal("219.72"),
        Decimal("130.00"),
        Decimal("89.72"),
        Decimal("0.00"),
    )


def test_all_margin_that_is_expected_is_the_cap():
    assert spend(expected_margin=Decimal("200.00")).limit == Decimal("200.00")


@pytest.mark.parametrize("margin", ["0.00", "-50.00"])
def test_nothing_is_justified_where_no_margin_is_expected(margin):
    result = spend(expected_margin_year=Decimal(margin))
    assert result.limit == result.left == 0
    assert result.overspent == Decimal("130.00")


@pytest.mark.parametrize("effect", ["0", "0.05", "0.03"])
def test_without_effect_or_where_the_first_unit_does_not_pay_nothing_is(effect):
    assert spend(effect_share=Decimal(effect)).limit == 0


@pytest.mark.parametrize("effect", ["-0.01", "1.01"])
def test_an_effect_beyond_its_range_is_refused(effect):
    with pytest.raises(ValueError, match="between 0 and 1"):
        spend(effect_share=Decimal(effect))


@given(year=money, horizon=money, effect=share, scale=scale, used=money)
def test_what_is_left_and_what_is_over_fit_the_limit(
    year, horizon, effect, scale, used
):
    result = justified_spend(
        expected_margin_year=year,
        expected_margin=horizon,
        effect_share=effect,
        scale_share=scale,
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


def more(cost, **fields):
    return gain_of_spending(
        **ASSUMED
        | {
            "expected_margin_year": Decimal("4000.00"),
            "expected_margin": Decimal("9500.00"),
            "used": Decimal("0.00"),
            "cost": Decimal(cost),
        }
        | fields
    )


def test_gain_of_spending_by_hand():
    """The first 200 of 4,000 secure 63.2 % of 600, which is 379.27."""
    assert more("200.00") == Decimal("179.27")
    # The next 200 secure 139.53 only, and cost more than that.
    assert more("200.00", used=Decimal("200.00")) == Decimal("-60.47")


def test_spending_up_to_what_is_justified_gains_and_beyond_it_loses():
    left = spend().left
    assert more(left, used=Decimal("130.00")) > 0
    assert more("10.00", used=Decimal("219.72")) < 0


def test_no_more_is_secured_than_all_that_is_expected():
    assert more("200.00", expected_margin=Decimal("50.00")) == Decimal("-150.00")
    assert more("7.00", expected_margin_year=Decimal("-9.00")) == Decimal("-7.00")


@given(used=money, first=st.decimals("0", "5000", places=2))
def test_money_spent_twice_gains_less_the_second_time(used, first):
    once = more(first, used=max(used, Decimal(0)))
    again = more(first, used=max(used, Decimal(0)) + first)
    assert again <= once


def year(cost_of_year, margin="4000.00"):
    return secured_of_year(
        **ASSUMED,
        expected_margin_year=Decimal(margin),
        cost_of_year=Decimal(cost_of_year),
    )


def test_a_year_of_a_plan_secures_what_its_cost_does():
    assert year("200.00") == pytest.approx(379.2723352971)
    assert year("200.00", margin="-1.00") == 0


def test_a_plan_that_costs_nothing_counts_as_what_is_justified():
    """At 219.72 care secures (0.15 - 0.05) x 4,000."""
    assert year("0.00") == pytest.approx(400)


def gain(secured="400.00", cost="30.00", share="0.125"):
    return expected_gain(
        secured_year=float(secured), share_of_year=Decimal(share), cost=Decimal(cost)
    )


def test_gain_of_a_touch_by_hand():
    """An eighth of 400 is 50; less 30 for the touch leaves 20."""
    assert gain() == Decimal("20.00")


def test_a_touch_can_cost_more_than_it_secures():
    assert gain(cost="100.00") == Decimal("-50.00")


@pytest.mark.parametrize("share", ["-0.01", "1.01"])
def test_a_share_of_the_year_beyond_its_range_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        gain(share=share)


def part(cost, cost_of_year, touches=8):
    return share_of_year(
        cost=Decimal(cost),
        cost_of_year=Decimal(cost_of_year),
        touches_per_year=Decimal(touches),
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
    margin=money,
    plan=st.lists(
        st.tuples(st.integers(1, 24), st.decimals("0", "500", places=2)),
        min_size=1,
        max_size=6,
    ),
)
def test_a_year_of_touches_secures_what_the_year_does(margin, plan):
    """Whatever the plan: up to a cent of rounding for each touch."""
    touches = sum(times for times, _ in plan)
    cost_of_year = sum(times * cost for times, cost in plan)
    secured = year(cost_of_year, margin=margin)
    found = sum(
        times * (gain(secured, cost, str(part(cost, cost_of_year, touches))) + cost)
        for times, cost in plan
    )
    assert abs(float(found) - secured) <= 0.01 * (touches + 1)
