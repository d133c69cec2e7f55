"""Expansion potential: shares of like accounts, money, and where it is shown."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.urls import reverse

from clv.engine.errors import BadParameterError
from clv.engine.expansion import potential, purchase_rates
from clv.models import ExpansionRate, Valuation
from clv.queries.expansion import expansion_of
from clv.services.expansion import learn_expansion
from crm.choices import SizeBand
from crm.models import Holding, OrderLine
from tests import make

TODAY = dt.date(2026, 6, 30)
LONG_AGO, LATELY = dt.date(2025, 3, 1), dt.date(2026, 2, 1)


# -- Engine -------------------------------------------------------------------


def test_many_owners_give_their_own_share_and_none_the_pairs():
    rates = purchase_rates([1e9, 0, 40], [1e8, 0, 20], np.array([0, 0, 1]))
    assert rates.own.tolist() == [0.1, 0.0, 0.5]
    assert rates.shrunk[:2] == pytest.approx([0.1, 0.1], abs=1e-6)
    # (20 + 20 x 0.1) / (40 + 20) of the pair, then (20 + 20 pair) / (40 + 20)
    assert rates.shrunk[2] == pytest.approx((20 + 20 * 22 / 60) / 60, abs=1e-6)


def test_nobody_to_learn_from_is_no_chance():
    rates = purchase_rates([0, 0], [0, 0], np.array([0, 1]))
    assert rates.shrunk.tolist() == [0.0, 0.0]
    assert purchase_rates([], [], np.array([], dtype=np.intp)).shrunk.size == 0


def test_potential_is_chance_times_gain_times_alive():
    assert potential([0.5, 0.5, 1.0], [100, -100, 30], 0.8).tolist() == [40, 0, 24]
    assert potential([0.5], [100], 0.0).tolist() == [0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: purchase_rates([1], [2], np.array([0])),
        lambda: purchase_rates([1], [-1], np.array([0])),
        lambda: purchase_rates([1], [1], np.array([0]), prior_accounts=0),
        lambda: potential([1.5], [1], 0.5),
        lambda: potential([0.5], [1], -0.1),
    ],
)
def test_what_is_no_probability_is_refused(call):
    with pytest.raises(BadParameterError):
        call()


# -- What the night learns -----------------------------------------------------


def buy(account, product, on, margin="40.00"):
    order = make.order(account=account, on=on, lines=[(1, margin, "0.00")])
    OrderLine.objects.filter(order=order).update(product=product)


@pytest.fixture
def shop(db):
    """Ten small accounts with paper; four of them bought toner within the year."""
    paper, toner, better = make.product(), make.product(), make.product()
    paper.complements.add(toner)
    paper.upgrade_to = better
    paper.save()
    buyers = [make.account(size_band=SizeBand.SMALL) for _ in range(10)]
    for account in buyers:
        buy(account, paper, LONG_AGO)
    for account in buyers[:4]:
        buy(account, toner, LATELY)
    return {"paper": paper, "toner": toner, "better": better, "buyers": buyers}


@pytest.fixture
def run(shop):
    return make.run(as_of=TODAY)


def test_shares_are_those_of_accounts_that_could_have_bought(shop, run):
    late = make.account(size_band=SizeBand.SMALL)
    buy(late, shop["paper"], LATELY)  # could not have had a year with it
    had_it = make.account(size_band=SizeBand.SMALL)
    buy(had_it, shop["paper"], LONG_AGO)
    buy(had_it, shop["toner"], LONG_AGO)
    asleep = make.account(size_band=SizeBand.SMALL)
    buy(asleep, shop["paper"], dt.date(2023, 1, 1))
    learn_expansion(run)
    rate = ExpansionRate.objects.get(
        base=shop["paper"], offered=shop["toner"], size_band=SizeBand.SMALL
    )
    assert (rate.owners, rate.buyers, rate.kind) == (10, 4, "complement")
    assert rate.yearly_gain == Decimal("40.00")
    other = ExpansionRate.objects.get(
        base=shop["paper"], offered=shop["toner"], size_band=SizeBand.LARGE
    )
    assert (other.owners, other.buyers) == (0, 0)
    assert 0 < other.probability < rate.probability


def test_an_upgrade_gains_only_what_it_brings_more(shop, run):
    for account in shop["buyers"][5:]:
        buy(account, shop["better"], LATELY, margin="100.00")
        buy(account, shop["paper"], LATELY, margin="30.00")
    learn_expansion(run)
    rate = ExpansionRate.objects.filter(kind="upgrade", size_band=SizeBand.SMALL).get()
    assert rate.yearly_gain == Decimal("70.00")


def test_nothing_is_learnt_where_nothing_is_offered(db):
    assert learn_expansion(make.run(as_of=TODAY)) == 0


def test_rates_are_learnt_once_a_week_and_the_same_again(shop, run):
    written = learn_expansion(run)
    assert written == ExpansionRate.objects.count() > 0
    assert learn_expansion(run) == written == ExpansionRate.objects.count()
    soon = make.run(as_of=TODAY + dt.timedelta(days=6))
    later = make.run(as_of=TODAY + dt.timedelta(days=7))
    assert learn_expansion(soon) == 0
    assert learn_expansion(later) == written


# -- One account ----------------------------------------------------------------


def expansion(account, run):
    value = Valuation.objects.of_run(run).get(account=account)
    return expansion_of(account=account, value=value, run=run)


def test_an_account_may_add_what_it_does_not_have(shop, run):
    learn_expansion(run)
    having, lacking = shop["buyers"][0], shop["buyers"][9]
    for account in (having, lacking):
        make.valuation(account=account, run=run, probability_alive=0.5)
    assert expansion(having, run).total == 0
    found = expansion(lacking, run)
    rate = ExpansionRate.objects.get(
        offered=shop["toner"], base=shop["paper"], size_band=SizeBand.SMALL
    )
    assert [offer.rate for offer in found.offers] == [rate]
    assert found.total == round(Decimal(rate.probability) * 20, 2)
    assert found.with_clv == Decimal("1000.00") + found.total

    Holding.objects.create(
        account=lacking, product=shop["toner"], quantity=1, acquired_on=LATELY
    )
    assert expansion(lacking, run).offers == []


def test_who_never_ordered_has_nothing_to_add_to(shop, run):
    learn_expansion(run)
    prospect = make.account()
    make.valuation(account=prospect, run=run, probability_alive=None)
    assert expansion(prospect, run).offers == []


def test_the_card_shows_three_parts_that_sum(client, manager, shop, run):
    learn_expansion(run)
    account = shop["buyers"][9]
    value = make.valuation(account=account, run=run, probability_alive=0.5)
    client.force_login(manager)
    url = reverse("clv:account_value", args=[account.pk])
    page = client.get(url).content.decode()
    total = expansion(account, run).total
    sums = f"+ {total} expansion potential = 1\u202f{total:06.2f}"
    assert value.clv == 1000
    assert f"100.00 realised + 900.00 expected {sums}" in page
    assert "4 of 10 accounts of this size bought it within a year" in page
    make.valuation(account=shop["buyers"][0], run=run)
    other = client.get(reverse("clv:account_value", args=[shop["buyers"][0].pk]))
    assert "Expansion potential" not in other.content.decode()
