"""What like customers say of an account before its first order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.likeness import TRAITS, Seen, fit_likeness
from clv.engine.models import BgNbd
from clv.engine.nested import FEWEST_LIKE
from clv.engine.newcomers import Terms, pay_at_most, value_newcomers
from clv.engine.pace import FRESH, PACES, Pace, at_pace
from clv.engine.spend import GammaGamma

BUYING = BgNbd(r=0.6, alpha=60.0, a=0.8, b=2.5)
SPEND = GammaGamma(p=4.0, q=4.0, v=75.0)  # mean 100
TERMS = Terms(5.0, 20.0, annual_rate=0.1, horizon_days=1096.0)


def code(size=0, industry=0, source=0, territory=0):
    values = zip((size, industry, source, territory), TRAITS, strict=True)
    return sum(value << trait.shift for value, trait in values)


def seen(codes, *, orders=3.0, age=700.0, margin=100.0, won=30.0):
    codes = np.asarray(codes, dtype=np.int64)
    columns = np.broadcast_arrays(codes, orders, age, margin, won)
    return Seen(codes, *(np.array(one, dtype=np.float64) for one in columns[1:]))


def learnt(known, *wanted):
    codes = np.array(wanted, dtype=np.int64)
    likeness = fit_likeness(known, codes, buying=BUYING, spend=SPEND)
    return likeness, likeness.rows_of(codes)


def simulated(rng, codes, pace=1.0, margin=1.0, *, age=None):
    """New customers by the story of BG/NBD and gamma-gamma, order by order.

    Returns order counts, ages, mean margins and the discounted value, the first order
    included.
    """
    count = len(codes)
    age = rng.uniform(30.0, 1500.0, count) if age is None else np.full(count, age)
    rate = rng.gamma(BUYING.r, 1.0 / BUYING.alpha, count) * pace
    leaving = rng.beta(BUYING.a, BUYING.b, count)
    mean = SPEND.p * margin / rng.gamma(SPEND.q, 1.0 / SPEND.v, count)
    orders, total, value = np.ones(count), np.zeros(count), np.zeros(count)
    delta = np.log1p(TERMS.annual_rate) / 365.25
    for n in range(count):
        day, ends = 0.0, False
        total[n] = first = rng.gamma(SPEND.p, mean[n] / SPEND.p)
        value[n] = first - TERMS.cost_per_order
        while not ends:
            day += rng.exponential(1.0 / rate[n])
            if day > age[n]:
                day = age[n]
                break
            amount = rng.gamma(SPEND.p, mean[n] / SPEND.p)
            orders[n], total[n] = orders[n] + 1, total[n] + amount
            value[n] += (amount - TERMS.cost_per_order) * np.exp(-delta * day)
            ends = rng.random() < leaving[n]
        value[n] -= TERMS.cost_per_year * -np.expm1(-delta * day) / delta / 365.25
    return orders, age, total / orders, value


# -- Limits -------------------------------------------------------------------------


def test_very_many_customers_speak_for_themselves():
    codes = [code(1)] * 200_000 + [code(2)] * 200_000
    margins = np.repeat([80.0, 120.0], 200_000)
    known = seen(codes, margin=margins, won=np.repeat([10.0, 50.0], 200_000))
    likeness, rows = learnt(known, code(1), code(2))
    assert likeness.margin[rows] == pytest.approx([80.0, 120.0], rel=1e-3)
    assert likeness.cost_to_win[rows] == pytest.approx([10.0, 50.0], rel=1e-3)
    assert likeness.customers[rows].tolist() == [200_000, 200_000]


def test_no_like_customer_is_as_the_wider_group_with_more_doubt():
    known = seen([code(1, 1)] * 40 + [code(1, 2)] * 40 + [code(2, 1)] * 40)
    chance = np.random.default_rng(1)
    known = seen(known.code, margin=chance.gamma(4.0, 25.0, 120))
    likeness, rows = learnt(known, code(1), code(1, 9), code(7, 9))
    size, industry, nobody = rows
    assert likeness.margin[industry] == likeness.margin[size]
    assert likeness.margin_doubt[industry] > likeness.margin_doubt[size]
    assert likeness.margin[nobody] == pytest.approx(SPEND.mean)
    assert likeness.customers[rows].tolist() == [80, 80, 120]
    assert likeness.shared[rows].tolist() == [1, 1, 0]


def test_what_is_not_known_is_left_out_of_the_chain():
    known = seen([code(1, 1)] * 30 + [code(2, 1)] * 30 + [code(2, 2)] * 30)
    likeness, rows = learnt(known, code(0, 1), code(0, 2))
    assert likeness.customers[rows].tolist() == [60, 30]
    assert likeness.shared[rows].tolist() == [2, 2]


def test_fewer_than_named_are_not_called_the_like_ones():
    known = seen([code(1, 1)] * (FEWEST_LIKE - 1) + [code(1, 2)] * FEWEST_LIKE)
    likeness, rows = learnt(known, code(1, 1), code(1, 2))
    assert likeness.customers[rows].tolist() == [2 * FEWEST_LIKE - 1, FEWEST_LIKE]
    assert likeness.shared[rows].tolist() == [1, 3]


def test_a_firm_without_customers_has_what_it_assumes():
    likeness, rows = learnt(seen([]), code(1, 2))
    assert likeness.margin[rows[0]] == SPEND.mean
    assert likeness.pace[rows[0]] == 1.0
    assert likeness.customers[rows[0]] == 0
    unknown = Terms(5.0, 20.0, 0.1, 1096.0, margin_is_known=False)
    wide, narrow = (
        value_newcomers(
            likeness,
            buying=BUYING,
            spend=SPEND,
            terms=terms,
            rng=np.random.default_rng(1),
            draws=2_000,
        )
        for terms in (unknown, TERMS)
    )
    assert np.isfinite(wide.value).all()
    assert 0.0 <= wide.repeat_share[0] <= 1.0
    assert (wide.high - wide.low)[0] > 1.2 * (narrow.high - narrow.low)[0]


def test_everybody_is_the_model_itself():
    likeness, _ = learnt(seen([code(1)] * 50), code(1))
    valued = value_newcomers(
        likeness,
        buying=BUYING,
        spend=SPEND,
        terms=TERMS,
        rng=np.random.default_rng(1),
        draws=100,
    )
    fresh = Pace.of(BUYING).usual
    bought = fresh.expected_purchases(FRESH, horizon_days=1096.0)
    assert valued.orders[0] == pytest.approx(1.0 + bought[0], rel=1e-12)


def test_a_pace_multiplies_the_rate_of_ordering():
    fast = at_pace(BUYING, 2.0)
    assert (fast.r, fast.alpha) == (BUYING.r, BUYING.alpha / 2.0)
    with pytest.raises(BadParameterError, match="positive"):
        at_pace(BUYING, 0.0)


def test_faulty_customers_are_refused():
    with pytest.raises(BadHistoryError, match="length"):
        Seen(np.array([1]), np.ones(2), np.ones(1), np.ones(1), np.ones(1))
    with pytest.raises(BadHistoryError, match="an order"):
        seen([1], orders=0.0)


# -- Properties ---------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(1, 9),
            st.integers(0, 2000),
            st.floats(-50, 500),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_any_firm_gets_sound_numbers(rows):
    codes = [code(*row[:3]) for row in rows]
    orders, age, margin = (
        np.array(column) for column in list(zip(*rows, strict=True))[3:]
    )
    age = np.where(orders > 1, np.maximum(age, orders), age)
    likeness, _ = learnt(seen(codes, orders=orders, age=age, margin=margin), *codes)
    assert (np.diff(likeness.code) > 0).all()
    assert likeness.code[0] == 0
    for values in (likeness.margin, likeness.pace, likeness.margin_doubt):
        assert np.isfinite(values).all()
    assert (likeness.pace >= PACES[0] * 0.999).all()
    assert ((likeness.repeat_share <= 1) & (likeness.repeat_share >= -1)).all()
    assert (likeness.customers <= len(codes)).all()


def test_estimates_lie_between_the_own_mean_and_the_wider_one():
    chance = np.random.default_rng(5)
    codes = chance.integers(1, 5, 300)
    margins = chance.gamma(4.0, 25.0, 300) * (1.0 + 0.2 * codes)
    known = seen([code(int(size)) for size in codes], margin=margins)
    likeness, rows = learnt(known, *(code(size) for size in range(1, 5)))
    wider = margins.mean()
    shift = SPEND.mean - wider  # the whole firm has what the model says
    for size, row in zip(range(1, 5), rows, strict=True):
        own = margins[codes == size].mean()
        low, high = sorted((own, wider))
        assert low - 1e-9 <= likeness.margin[row] - shift <= high + 1e-9


def test_the_answer_does_not_depend_on_what_else_is_asked():
    chance = np.random.default_rng(3)
    codes = [code(int(a), int(b)) for a, b in chance.integers(1, 4, (200, 2))]
    known = seen(codes, margin=chance.gamma(4.0, 25.0, 200))
    alone, row = learnt(known, code(2, 3))
    among, rows = learnt(known, *set(codes), code(2, 3), code(9, 9))
    for name in ("margin", "pace", "cost_to_win", "repeat_share", "customers"):
        assert getattr(alone, name)[row[0]] == getattr(among, name)[rows[-2]]


# -- Simulation ---------------------------------------------------------------------


def test_planted_differences_are_recovered():
    """Size 2 orders twice as often, industry 3 pays half as much again."""
    rng = np.random.default_rng(11)
    sizes, industries = rng.integers(1, 4, 6_000), rng.integers(1, 5, 6_000)
    codes = [
        code(*pair) for pair in zip(sizes.tolist(), industries.tolist(), strict=True)
    ]
    orders, age, mean, _ = simulated(
        rng, codes, np.where(sizes == 2, 2.0, 1.0), np.where(industries == 3, 1.5, 1.0)
    )
    known = seen(codes, orders=orders, age=age, margin=mean)
    likeness, rows = learnt(known, code(1, 3), code(2, 3), code(1, 1), code(2, 1))
    pace, margin = likeness.pace[rows], likeness.margin[rows]
    assert pace[1] / pace[0] == pytest.approx(2.0, rel=0.25)
    assert pace[3] / pace[2] == pytest.approx(2.0, rel=0.25)
    assert margin[0] / margin[2] == pytest.approx(1.5, rel=0.15)
    again = likeness.repeat_share[rows]
    old = (age >= 365) & (sizes == 2) & (industries == 1)
    assert again[3] == pytest.approx((orders[old] > 1).mean(), abs=0.05)


def test_intervals_hold_new_customers_who_were_held_out():
    """Nominal 80 %: of customers nobody has seen, 75 to 90 % lie within."""
    rng = np.random.default_rng(17)
    sizes = rng.integers(1, 4, 1_500)
    pace, margin = np.array([1, 0.6, 1.0, 1.8]), np.array([1, 0.7, 1.0, 1.4])
    codes = [code(int(size)) for size in sizes]
    orders, age, mean, _ = simulated(rng, codes, pace[sizes], margin[sizes])
    known = seen(codes, orders=orders, age=age, margin=mean, won=0.0)
    likeness, _ = learnt(known, *codes)
    valued = value_newcomers(
        likeness,
        buying=BUYING,
        spend=SPEND,
        terms=TERMS,
        rng=np.random.default_rng(2),
        draws=1_000,
    )
    held = rng.integers(1, 4, 3_000)
    asked = np.array([code(int(size)) for size in held])
    *_, truth = simulated(rng, asked, pace[held], margin[held], age=1096.0)
    rows = likeness.rows_of(asked)
    for size in (1, 2, 3):
        some = held == size
        inside = (truth >= valued.low[rows]) & (truth <= valued.high[rows])
        assert 0.75 <= inside[some].mean() <= 0.90
    assert valued.value[rows].mean() == pytest.approx(truth.mean(), rel=0.1)


def test_few_like_customers_leave_a_wider_interval():
    rng = np.random.default_rng(23)
    many = [code(1)] * 2_000 + [code(2)] * 2_000 + [code(3)] * 8
    margin = np.where(np.array(many) == code(2), 2.0, 1.0)
    orders, age, mean, _ = simulated(rng, many, 1.0, margin)
    known = seen(many, orders=orders, age=age, margin=mean)
    likeness, rows = learnt(known, code(1), code(3))
    relative = likeness.margin_doubt[rows] / likeness.margin[rows]
    assert relative[1] > 3 * relative[0]


# -- Pay at most --------------------------------------------------------------------


def test_pay_at_most_is_what_the_chance_is_worth_less_what_was_spent():
    assert pay_at_most(
        np.array([1000.0, 1000.0, -50.0]), 0.2, np.array([0.0, 300.0, 0.0])
    ).tolist() == [
        200.0,
        0.0,
        0.0,
    ]
    assert pay_at_most(np.array([500.0]), 1.0, np.zeros(1))[0] == 500.0
    assert pay_at_most(np.array([500.0]), 0.0, np.zeros(1))[0] == 0.0
    with pytest.raises(BadParameterError, match="chance"):
        pay_at_most(np.array([500.0]), 1.5, np.zeros(1))


def test_one_customer_does_not_speak_for_a_kind():
    """Of twelve kinds of fifty that do not differ; margins beyond the limit are it."""
    rng = np.random.default_rng(3)
    codes = np.repeat([code(s, i) for s in (1, 2, 3) for i in (1, 2, 3, 4)], 50)
    margins = SPEND.p * SPEND.v / rng.gamma(SPEND.q, 1.0, codes.size)
    usual, row = learnt(seen(codes, margin=margins), code(1, 1))
    found = []
    for mine in (margins.max() * 20.0, margins.max() * 2.0):
        spoilt = margins.copy()
        spoilt[0] = mine
        found.append(learnt(seen(codes, margin=spoilt), code(1, 1))[0].margin[row])
    assert found[0] == found[1]
    assert abs(found[0] / usual.margin[row] - 1.0) < 0.15
