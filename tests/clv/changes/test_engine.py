"""The split of changes without a database: exact sums, planted causes, limits."""

import dataclasses
import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clv.engine.change import (
    COST,
    EXPANSION,
    MARGIN,
    PARTS,
    Known,
    Side,
    split_change,
)
from clv.engine.costs import CostRates, CostToServe
from clv.engine.errors import BadParameterError
from clv.engine.judging.composed import CohortModel, Mixture
from clv.engine.ledgers import Grouping
from clv.engine.models.bgnbd import BgNbd
from clv.engine.models.mbgnbd import MbgNbd
from clv.engine.models.own_pace import OwnPace
from clv.engine.parts import Chosen, Learnt
from clv.engine.seasons import Seasons
from clv.engine.spend import GammaGamma
from clv.queries.inputs import SUM_OVER_TIME, SUM_PER_ORDER, Inputs
from clv.queries.summaries import KINDS
from clv.services.learnt import Models
from clv.services.results import Terms
from clv.services.valuing import value_inputs

DAY = dt.date(2026, 6, 30)


def rates(mean, k):
    return CostRates(np.array([mean]), k, is_estimated=True)


def costs(per_order, per_year):
    """Rates of the two sums of kinds: what grows with orders, and with years."""
    return CostToServe(
        {SUM_PER_ORDER: "order", SUM_OVER_TIME: "year"},
        {SUM_PER_ORDER: per_order, SUM_OVER_TIME: per_year},
        Grouping(),
    )


LEARNT = Learnt(
    buying=BgNbd(r=0.8, alpha=60.0, a=0.7, b=3.0),
    spend=GammaGamma(p=6.0, q=3.5, v=40.0),
    costs=costs(rates(7.0, 4.0), rates(55.0, 2.0)),
    cost_to_win=80.0,
)
REFITTED = replace(LEARNT, buying=BgNbd(r=0.83, alpha=58.0, a=0.68, b=3.1))
MIX = Mixture(
    (
        LEARNT.buying,
        CohortModel((REFITTED.buying, MbgNbd(0.8, 60.0, 0.7, 3.0)), (350.0,)),
        OwnPace(365.0, 700.0),
    ),
    (0.6, 0.3, 0.1),
)
QUIET_SUMMER = Seasons(
    factors=(1.2, 1.2, 1.2, 1.0, 1.0, 0.4, 0.4, 0.4, 1.2, 1.3, 1.3, 1.4), is_on=True
)
CHOSEN = Chosen(0.10, 1095.75, 0.30, 91.0)


def known(**columns):
    """Three customers, a prospect and one that bought once, as one run knew them."""
    given = {
        "is_present": [1, 1, 1, 1, 1],
        "order_days": [6, 12, 2, 0, 1],
        "recency_days": [300, 700, 40, 0, 0],
        "age_days": [340, 720, 400, -1, 30],
        "revenue_cost_unknown": [0, 25_555, 10_001, 0, 0],
        "margin": [60_000, 91_234, 8_000, 0, 4_000],
        "cost_to_win": [5_000, 0, 9_000, 2_500, 0],
        "cost_per_order_kinds": [4_200, 9_000, 1_000, 0, 700],
        "cost_over_time_kinds": [9_000, 20_000, 3_000, 1_000, 0],
        "future_value": [0, 0, 0, 0, 0],
        "revenue": [90_000, 150_000, 20_000, 0, 9_000],
        **{kind: [0, 0, 0, 0, 0] for kind in KINDS},
        "group_code": [-1, -1, -1, -1, -1],
    } | columns
    return Known(
        **{name: np.array(values, dtype=np.int64) for name, values in given.items()}
    )


def stored(knows, learnt, chosen, day=DAY):
    """The same with the future value that a run with these models stores."""
    models = Models(
        name="bgnbd",
        buying=learnt.buying,
        step="individual",
        reason="",
        log_likelihoods={},
        spend=learnt.spend,
        spend_step="individual",
        costs=learnt.costs,
        cost_to_win=learnt.cost_to_win,
        seasons=learnt.seasons,
    )
    inputs = Inputs(
        account_id=np.arange(len(knows)),
        age_days=knows.age_days,
        recency_days=knows.recency_days,
        order_days=knows.order_days,
        margin=knows.margin,
        cost_to_win=knows.cost_to_win,
        cost_per_order_kinds=knows.cost_per_order_kinds,
        cost_over_time_kinds=knows.cost_over_time_kinds,
        revenue=knows.revenue,
        **dict.fromkeys(KINDS, np.zeros(len(knows), dtype=np.int64)),
        paid_back_age_days=np.full(len(knows), -1),
        group_code=np.full(len(knows), -1),
        trait_code=np.zeros(len(knows), dtype=np.int64),
    )
    terms = Terms(chosen.annual_rate, chosen.horizon_days, day)
    future = value_inputs(inputs, models, terms).future_value
    return replace(knows, future_value=np.where(knows.is_present > 0, future, 0))


def side(knows=None, learnt=LEARNT, chosen=CHOSEN, day=DAY):
    knows = stored(knows or known(), learnt, chosen, day)
    return Side(knows, learnt, chosen, day.toordinal())


def moved(knows, row, **by):
    """`knows` with some numbers of one account moved."""
    columns = {}
    for name, amount in by.items():
        columns[name] = getattr(knows, name).copy()
        columns[name][row] += amount
    return replace(knows, **columns)


def silent(knows, days):
    return replace(
        knows, age_days=np.where(knows.order_days > 0, knows.age_days + days, -1)
    )


def parts_of(changes, row=None):
    """The names of the parts that are not zero."""
    table = changes.parts if row is None else changes.parts[[row]]
    return {PARTS[column] for column in np.flatnonzero(np.abs(table).sum(axis=0))}


def assert_exact(before, after, changes):
    was, now = before.known, after.known
    assert (changes.parts.sum(axis=1) == now.clv - was.clv).all()
    assert (changes.expected.sum(axis=1) == now.future_value - was.future_value).all()
    realised = now.margin - now.costs - was.margin + was.costs
    assert (changes.realised.sum(axis=1) == realised).all()


def test_nothing_changed_is_nothing_everywhere():
    changes = split_change(side(), side(), days=0)
    assert not changes.parts.any()


def test_a_silent_day_is_retention_only():
    before, after = side(), side(silent(known(), 1))
    changes = split_change(before, after, days=1)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"retention"}
    assert not changes.realised.any()
    assert not changes.parts[3].any()  # nobody has to hope for a prospect's order


def test_silence_of_months_never_raises_what_a_regular_is_worth():
    before, after = side(), side(silent(known(), 150))
    lost = split_change(before, after, days=150).parts[:3].sum(axis=1)
    assert (lost < 0).all()


def test_one_more_order_is_orders_only():
    margin = 10_000  # what an order of the first account usually brings
    after = moved(known(), 0, order_days=1, recency_days=40, margin=margin)
    before, after = side(), side(after)
    changes = split_change(before, after, days=0)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"orders"}
    assert changes.realised[0].sum() == margin
    assert changes.expected[0].sum() > 0


def test_a_first_order_is_orders_only():
    after = moved(known(), 3, order_days=1, age_days=1, margin=9_999)
    changes = split_change(side(), side(after), days=0)
    assert parts_of(changes) == {"orders"}
    assert changes.realised[3].sum() == 9_999


def test_what_an_order_brings_beyond_the_usual_is_margin():
    after = moved(known(), 0, order_days=1, recency_days=40, margin=13_500)
    changes = split_change(side(), side(after), days=0)
    assert parts_of(changes) == {"orders", "margin"}
    assert changes.realised[0].tolist() == [10_000, 3_500, 0, 0, 0, 0, 0]


def test_a_changed_unit_cost_is_margin_only():
    before, after = side(), side(moved(known(), 1, margin=-2_500))
    changes = split_change(before, after, days=0)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"margin"}
    assert changes.realised[1, MARGIN] == -2_500
    assert changes.expected[1, MARGIN] < 0


@pytest.mark.parametrize(
    "kind", ["cost_to_win", "cost_per_order_kinds", "cost_over_time_kinds"]
)
@pytest.mark.parametrize("row", [0, 3])
def test_a_ledger_row_is_cost_only(kind, row):
    before, after = side(), side(moved(known(), row, **{kind: 3_333}))
    changes = split_change(before, after, days=0)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"cost"}
    assert changes.realised[row, COST] == -3_333


@pytest.mark.parametrize(
    "change", [{"annual_rate": 0.15}, {"horizon_days": 730.5}, {"annual_rate": 0.0}]
)
def test_new_assumptions_are_assumptions_only(change):
    before, after = side(), side(chosen=replace(CHOSEN, **change))
    changes = split_change(before, after, days=0)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"assumptions"}
    assert not changes.realised.any()


def test_a_new_margin_rate_is_assumptions_only_and_exact_in_cents():
    knows = known()
    margin = knows.margin.copy()
    margin[1] += 8_944 - 7_667  # 35 % of 255.55 is 89.44, 30 % is 76.67: half up
    margin[2] += 3_500 - 3_000
    before = side()
    after = side(
        replace(knows, margin=margin), chosen=replace(CHOSEN, margin_rate=0.35)
    )
    changes = split_change(before, after, days=0)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"assumptions"}
    assert changes.realised[:, 5].tolist() == [0, 1_277, 500, 0, 0]


@pytest.mark.parametrize(
    "learnt",
    [
        REFITTED,
        replace(LEARNT, buying=MbgNbd(r=0.8, alpha=60.0, a=0.7, b=3.0)),
        replace(LEARNT, buying=MIX),
        replace(LEARNT, buying=MIX, seasons=QUIET_SUMMER),
        replace(LEARNT, spend=GammaGamma(p=5.0, q=3.0, v=38.0)),
        replace(
            LEARNT, costs=costs(rates(8.0, 3.0), rates(55.0, 2.0)), cost_to_win=70.0
        ),
    ],
    ids=[
        *("refitted", "another model", "a mix", "a mix and seasons"),
        *("other margins", "other costs"),
    ],
)
def test_what_was_learnt_anew_is_model_only(learnt):
    before, after = side(), side(learnt=learnt)
    changes = split_change(before, after, days=0)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"model"}


def test_the_same_mix_a_month_later_leaves_nothing_to_model():
    """On the seasonal clock too: time has passed, and nobody bought."""
    learnt = replace(LEARNT, buying=MIX, seasons=QUIET_SUMMER)
    month = dt.timedelta(days=30)
    before = side(learnt=learnt, day=DAY - month)
    after = side(silent(known(), 30), learnt=learnt)
    changes = split_change(before, after, days=30)
    assert_exact(before, after, changes)
    assert parts_of(changes) == {"retention"}
    assert (changes.parts[:, 3] < 0).sum() == 4  # all but the prospect


def test_a_computation_that_changed_is_model():
    after = side()
    other = replace(after.known, future_value=after.known.future_value + 5_000)
    changes = split_change(side(), replace(after, known=other), days=0)
    assert parts_of(changes) == {"model"}
    assert (changes.parts.sum(axis=1) == 5_000).all()


@pytest.mark.parametrize("leaves", [False, True])
def test_who_comes_or_goes_changes_by_all_that_they_are_worth(leaves):
    nobody = known(**{name.name: [0] * 5 for name in dataclasses.fields(Known)})
    sides = [side(nobody), side()]
    sides[0] = replace(sides[0], known=nobody)
    before, after = reversed(sides) if leaves else sides
    changes = split_change(before, after, days=30)
    assert_exact(before, after, changes)
    assert parts_of(changes) <= {"orders", "cost"}
    sign = -1 if leaves else 1
    assert (changes.realised[:, COST] == -sign * known().costs).all()


def test_two_causes_share_what_they_do_together_by_halves():
    """Margin and rate: each alone, and half of what is left goes to either."""
    dearer = moved(known(), 0, margin=12_000)
    later = replace(CHOSEN, annual_rate=0.2)
    both = split_change(side(), side(dearer, chosen=later), days=0).expected[0]
    alone = split_change(side(), side(dearer), days=0).expected[0]
    after = split_change(side(chosen=later), side(dearer, chosen=later), days=0)
    middle = (alone[MARGIN] + after.expected[0, MARGIN]) / 2
    assert both[MARGIN] == pytest.approx(middle, abs=1)


def test_sides_must_fit():
    short = Known(
        **{f.name: getattr(known(), f.name)[:2] for f in dataclasses.fields(Known)}
    )
    with pytest.raises(BadParameterError, match="same accounts"):
        split_change(side(), side(short), days=0)
    with pytest.raises(BadParameterError, match="days"):
        split_change(side(), side(), days=-1)


counts = st.integers(0, 9)
cents = st.integers(-500_000, 500_000)


@st.composite
def accounts(draw, size=4, *, older=None, days=0):
    """What a run could know of any few accounts; later than `older` by `days`."""
    columns = {field.name: [] for field in dataclasses.fields(Known)}
    for row in range(size):
        orders = draw(counts)
        least = older.age_days[row] + days if older is not None and orders else 0
        age = draw(st.integers(max(int(least), 10), 2000)) if orders else -1
        recency = draw(st.integers(orders, age)) if orders > 1 and age >= orders else 0
        if orders > 1 and recency == 0:
            orders = 1
        is_present = draw(st.integers(0, 3)) > 0
        numbers = {
            "is_present": 1,
            "order_days": orders,
            "recency_days": recency,
            "age_days": age,
            "revenue_cost_unknown": draw(cents) if orders else 0,
            "margin": draw(cents) if orders else 0,
            "cost_to_win": draw(cents),
            "cost_per_order_kinds": draw(cents),
            "cost_over_time_kinds": draw(cents),
            "future_value": 0,
            "revenue": draw(cents) if orders else 0,
            **{kind: draw(cents) for kind in KINDS},
            "group_code": draw(st.integers(-1, 3)),
        }
        for name, number in numbers.items():
            columns[name].append(number if is_present else 0)
    return Known(**{n: np.array(v, dtype=np.int64) for n, v in columns.items()})


@settings(max_examples=25, deadline=None)
@given(data=st.data(), days=st.integers(0, 400))
def test_parts_sum_to_the_cent_whatever_happened(data, days):
    chosen = [
        Chosen(
            data.draw(st.sampled_from([0.0, 0.1, 0.35])),
            data.draw(st.sampled_from([30.0, 1095.75])),
            data.draw(st.sampled_from([0.0, 0.3, 0.1234, 1.0])),
            91.0,
        )
        for _ in range(2)
    ]
    learnt = data.draw(st.sampled_from([LEARNT, REFITTED]))
    before = side(data.draw(accounts()), chosen=chosen[0])
    after = side(data.draw(accounts()), learnt, chosen[1])
    changes = split_change(before, after, days=days)
    assert_exact(before, after, changes)
    assert not changes.parts[:, EXPANSION].any()
