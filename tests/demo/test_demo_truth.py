"""The truth beside the demo firm is the one that its facts were made with."""

import numpy as np
import pytest
from django.db.models import Count, Sum

from clv.models import DemoFirm, TrueWorth
from crm.models import Account, OrderLine
from crm.services.demo.catalogue import make_shelf
from crm.services.demo.orders import fill_orders, line_revenue, make_returns
from crm.services.demo.truth import (
    SEASON,
    WINDOW_DAYS,
    Traits,
    Truth,
    act_out,
    draw_traits,
    expected_orders,
)

MODEL = Truth()
BEGIN = np.datetime64("2023-07-01")


def _traits(size, *, rate, dropout, margin=200.0):
    nobody = np.zeros(size, bool)
    full = [np.full(size, float(value)) for value in (rate, dropout, margin)]
    return Traits(*full, nobody, nobody)


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(5)
    ones = np.ones(20_000)
    traits = draw_traits(rng, MODEL, ones, ones)
    return traits, act_out(rng, MODEL, traits, BEGIN)


def test_who_never_leaves_is_alive_and_buys_at_the_rate():
    traits = _traits(4_000, rate=12 / 365.25, dropout=1e-12)
    story = act_out(np.random.default_rng(1), MODEL, traits, BEGIN)
    assert story.is_alive.all()
    years = (WINDOW_DAYS - story.first_day).sum() / 365.25
    repeats = len(story.day) - 4_000
    assert repeats / years == pytest.approx(12, rel=0.03)


def test_who_always_leaves_buys_once_more_at_most():
    traits = _traits(500, rate=1.0, dropout=1.0)
    story = act_out(np.random.default_rng(1), MODEL, traits, BEGIN)
    assert np.bincount(story.customer).max() <= 2
    # Nobody leaves before a repeat order, so who ordered once is alive.
    once = np.bincount(story.customer) == 1
    assert (story.is_alive == once).all()


def test_leavers_are_as_many_as_their_chance_says(many):
    traits, story = many
    # Each repeat order is one trial of the account's own chance to leave.
    trials = traits.dropout[story.customer][np.diff(story.customer, prepend=-1) == 0]
    assert (~story.is_alive).sum() == pytest.approx(trials.sum(), rel=0.05)


def test_expected_orders_match_a_simulated_future():
    size = 20_000
    rng = np.random.default_rng(3)
    rate, dropout = 9 / 365.25, 0.08
    count = 0
    moment, active = np.zeros(size), np.arange(size)
    while active.size:
        moment[active] += rng.exponential(1 / rate, active.size)
        active = active[moment[active] < WINDOW_DAYS]
        count += active.size
        active = active[rng.random(active.size) >= dropout]
    traits = _traits(1, rate=rate, dropout=dropout)
    told = expected_orders(traits, np.array([True]))[0]
    assert told == pytest.approx(count / size, rel=0.02)
    assert expected_orders(traits, np.array([False]))[0] == 0


def test_margins_scatter_around_the_account_mean(many):
    traits, story = many
    sums = np.bincount(story.customer, story.margin) / 100
    counts = np.bincount(story.customer)
    often = counts >= 30
    ratio = sums[often] / counts[often] / traits.margin[often]
    assert ratio.mean() == pytest.approx(1, abs=0.01)


def test_lines_earn_the_margin_of_their_order_to_the_cent(many):
    _, story = many
    shelf = make_shelf()
    lines = fill_orders(np.random.default_rng(2), story, shelf)
    earned = line_revenue(lines, shelf) - lines.quantity * shelf.cost[lines.item]
    assert (np.bincount(lines.order, earned) == story.margin).mean() > 0.999
    assert (lines.quantity >= 1).all()
    assert (lines.discount >= 0).all()
    assert (line_revenue(lines, shelf) > 0).all()


def test_the_stated_return_loss_is_the_one_made(many):
    _, story = many
    shelf, rng = make_shelf(), np.random.default_rng(2)
    lines = fill_orders(rng, story, shelf)
    returns = make_returns(rng, MODEL, story, lines, shelf)
    lost = (returns.refund - returns.recovered).sum() / story.margin.sum()
    assert lost == pytest.approx(MODEL.return_loss, abs=0.003)
    assert len(returns.line) / len(story.day) == pytest.approx(0.03, abs=0.003)


def test_a_season_changes_when_not_how_much():
    assert np.mean(SEASON) == pytest.approx(1, abs=0.005)


@pytest.mark.django_db
def test_truth_is_kept_for_every_customer(firm):
    buyers = Account.objects.exclude(orders=None)
    assert TrueWorth.objects.count() == buyers.count()
    dead = TrueWorth.objects.filter(is_alive=False)
    assert set(dead.values_list("expected_margin_36_months", flat=True)) == {0}
    alive = TrueWorth.objects.filter(is_alive=True)
    assert not alive.filter(expected_margin_36_months__lte=0).exists()
    assert 0.4 < alive.count() / buyers.count() < 0.85
    stored = DemoFirm.objects.get()
    assert stored.parameters["truth"] == MODEL.as_json()
    assert stored.seed == 7


@pytest.mark.django_db
def test_gems_are_overlooked_and_darlings_dear(firm):
    planted = DemoFirm.objects.get().parameters["planted"]
    gems = Account.objects.filter(external_id__in=planted["gems"])
    darlings = Account.objects.filter(external_id__in=planted["darlings"])
    assert gems.exists()
    assert darlings.exists()

    def per_order(accounts):
        lines = OrderLine.objects.filter(account__in=accounts)
        total = lines.aggregate(
            revenue=Sum("revenue"), orders=Count("order", distinct=True)
        )
        return total["revenue"] / total["orders"]

    assert per_order(gems) > per_order(darlings)

    def touches(accounts):
        counted = accounts.annotate(n=Count("touchpoints"))
        return sum(account.n for account in counted) / len(counted)

    assert touches(darlings) > 8 * max(touches(gems), 1)
