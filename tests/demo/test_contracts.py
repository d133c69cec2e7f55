"""Contracts of the demo firm: what is stored is the story that the truth tells."""

import numpy as np
import pytest
from django.db.models import Count, F, Min, Sum

from clv.models import TrueWorth
from crm.choices import HoldingStatus
from crm.models import Account, Holding, Order, OrderLine
from crm.services.demo.agreements import TERM_DAYS, Agreements, agree, true_margin
from crm.services.demo.truth import WINDOW_DAYS, Truth, act_out, draw_traits
from tests.demo.conftest import AS_OF

MODEL = Truth(contracts=1.0)
BEGIN = np.datetime64("2023-07-01")


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(5)
    ones = np.ones(20_000)
    traits = draw_traits(rng, MODEL, ones, ones)
    story = act_out(rng, MODEL, traits, BEGIN)
    return agree(rng, MODEL, traits, story, BEGIN)


def test_renewals_follow_the_chance_of_each(many):
    _, story, made = many
    trials = np.minimum(made.terms, (WINDOW_DAYS - 1 - made.begin) // TERM_DAYS)
    left = ~story.is_alive[made.customer]
    assert left.sum() == pytest.approx((made.theta * trials).sum(), rel=0.03)
    assert (made.end[made.is_running] >= WINDOW_DAYS).all()
    assert (made.end[~made.is_running] < WINDOW_DAYS).all()


def test_orders_lie_in_the_contract_and_fees_begin_its_terms(many):
    _, story, made = many
    place = np.full(len(story.is_alive), -1)
    place[made.customer] = np.arange(len(made.customer))
    row = place[story.customer]
    told, row = row >= 0, row[row >= 0]
    day, fee = story.day[told], story.fee[told]
    assert (day >= made.begin[row]).all()
    assert (day <= made.end[row]).all()
    assert (((day - made.begin[row]) % TERM_DAYS)[fee > 0] == 0).all()
    assert (np.bincount(row[fee > 0]) == made.terms).all()


def test_true_margin_matches_a_simulated_future(many):
    traits, _, _ = many
    rng, size = np.random.default_rng(3), 200_000
    one = Agreements(
        customer=np.zeros(1, np.int64),
        theta=np.array([0.3]),
        begin=np.array([WINDOW_DAYS - 300]),
        terms=np.ones(1, np.int64),
        units=np.array([2]),
        is_running=np.ones(1, bool),
    )
    due, fees, days = 64, np.zeros(size), np.full(size, 64.0)
    alive = np.ones(size, bool)
    while due < WINDOW_DAYS:
        alive &= rng.random(size) >= 0.3
        fees += alive * 2
        days += alive * min(TERM_DAYS, WINDOW_DAYS - due)
        due += TERM_DAYS
    goods = traits.rate[0] * traits.margin[0] * (1 - MODEL.return_loss)
    expected = true_margin(one, traits, MODEL)[0]
    assert expected == pytest.approx(fees.mean() * 230 + days.mean() * goods, rel=0.01)


@pytest.mark.django_db
def test_contracts_are_chains_of_holdings_with_a_fee_each(firm):
    terms = Holding.objects.filter(product__term_months=12)
    assert terms.filter(status=HoldingStatus.ACTIVE).count() > 5
    assert not terms.filter(status=HoldingStatus.ACTIVE, ends_on__lte=AS_OF).exists()
    assert not terms.filter(status=HoldingStatus.ENDED, ends_on__gt=AS_OF).exists()
    renewed = terms.filter(status=HoldingStatus.REPLACED)
    assert renewed.exists()
    assert not renewed.exclude(replaced_by__acquired_on=F("ends_on")).exists()
    assert not renewed.exclude(replaced_by__account=F("account")).exists()
    fees = OrderLine.objects.filter(product__term_months=12)
    assert fees.count() == terms.count()
    assert fees.aggregate(n=Sum("quantity")) == terms.aggregate(n=Sum("quantity"))
    holders = Account.objects.filter(holdings__in=terms).distinct()
    per_account = holders.annotate(first=Min("holdings__acquired_on"), n=Count("pk"))
    assert not per_account.exclude(first__lte=F("acquired_on")).exists()
    alive = set(
        TrueWorth.objects.filter(account__in=holders, is_alive=True).values_list(
            "account", flat=True
        )
    )
    active = terms.filter(status=HoldingStatus.ACTIVE)
    assert alive == set(active.values_list("account", flat=True))
    gone = TrueWorth.objects.filter(account__in=holders, is_alive=False)
    late = Order.objects.filter(account__in=gone.values("account"))
    assert not late.filter(ordered_on__gt=AS_OF).exists()
