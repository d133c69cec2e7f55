"""What people say of a typical customer, and what the models make of it."""

import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.ladder import fit_with_ladder
from clv.engine.models import FAMILIES, family
from clv.engine.priors import TypicalCustomer, highest_share_leaving
from clv.engine.spend import SPEND_PRIOR, fit_spend_with_ladder
from tests.clv.engine import cdnow

NAMES = list(FAMILIES)
NOBODY = Histories.check([], [], [])
FEW = Histories.check([0, 1, 3, 0, 2], [0, 40, 200, 0, 90], [300, 200, 250, 10, 180])


def moved(name, **stated):
    chosen = family(name)
    names = chosen.model.PARAMETERS
    prior = TypicalCustomer(**stated).buying(chosen.prior, names)
    return dict(zip(names, prior.medians, strict=True)), prior


@pytest.mark.parametrize("name", NAMES)
def test_nothing_said_is_the_builtin_prior(name):
    chosen = family(name)
    assert moved(name)[1] == chosen.prior
    said = fit_with_ladder(FEW, name=name, prior=TypicalCustomer())
    assert said == fit_with_ladder(FEW, name=name)


@pytest.mark.parametrize("name", NAMES)
def test_pace_and_loyalty_are_what_was_said(name):
    at, _ = moved(name, orders_per_year=6.0, share_leaving=0.3)
    assert 365.25 * at["r"] / at["alpha"] == pytest.approx(6.0)
    if "a" in at:  # Poisson orders, each with the same chance to leave
        chance = at["a"] / (at["a"] + at["b"])
        assert 1 - np.exp(-6.0 * chance) == pytest.approx(0.3)
        assert at["a"] + at["b"] == pytest.approx(3.8)
    if "beta" in at:
        assert 1 - np.exp(-365.25 * at["s"] / at["beta"]) == pytest.approx(0.3)


def test_leaving_alone_keeps_the_builtin_pace():
    at, _ = moved("bgnbd", share_leaving=0.3)
    assert at["alpha"] == 56.0


def test_who_does_not_order_cannot_leave():
    most = highest_share_leaving(1.0)
    assert most == pytest.approx(1 - np.exp(-0.95))
    moved("bgnbd", orders_per_year=1.0, share_leaving=most - 1e-9)
    with pytest.raises(BadParameterError, match="so few orders"):
        moved("bgnbd", orders_per_year=1.0, share_leaving=most + 0.01)


@pytest.mark.parametrize(
    "stated",
    [
        {"orders_per_year": 0.0},
        {"orders_per_year": float("inf")},
        {"share_leaving": 1.0},
        {"share_leaving": 0.0},
        {"margin_per_order": -1.0},
        {"strength": 0.0},
        {"strength": float("nan")},
    ],
)
def test_absurd_customers_are_refused(stated):
    with pytest.raises(BadParameterError):
        TypicalCustomer(**stated)


def test_strength_multiplies_precisions():
    _, prior = moved("bgnbd", strength=4.0)
    assert prior.log_spreads == tuple(s / 2 for s in family("bgnbd").prior.log_spreads)


@pytest.mark.parametrize("name", NAMES)
def test_a_firm_without_customers_is_what_was_said(name):
    fit = fit_with_ladder(
        NOBODY, name=name, prior=TypicalCustomer(orders_per_year=12.0)
    )
    assert fit.step == "assumed"
    assert 365.25 * fit.model.r / fit.model.alpha == pytest.approx(12.0)


def test_the_stronger_the_prior_the_closer_to_it():
    """Few customers order 2 to 5 times a year; told 24, the pace goes there."""
    paces = [
        365.25 * fit.model.r / fit.model.alpha
        for strength in (0.01, 1.0, 16.0, 1000.0)
        for fit in [
            fit_with_ladder(
                FEW,
                name="mbgnbd",
                prior=TypicalCustomer(orders_per_year=24.0, strength=strength),
            )
        ]
    ]
    assert paces == sorted(paces)
    assert paces[0] < 12.0
    assert paces[-1] == pytest.approx(24.0, rel=0.02)


def test_enough_accounts_are_not_moved():
    said = TypicalCustomer(orders_per_year=300.0, share_leaving=0.01, strength=1000.0)
    plain = fit_with_ladder(cdnow.histories())
    assert fit_with_ladder(cdnow.histories(), prior=said) == plain


def test_margins_of_few_accounts_go_towards_what_was_said():
    orders, means = [1, 2, 1, 4], [80.0, 120.0, 95.0, 110.0]
    seen, _ = fit_spend_with_ladder(orders, means)
    said, step = fit_spend_with_ladder(
        orders, means, prior=TypicalCustomer(margin_per_order=400.0)
    )
    strong, _ = fit_spend_with_ladder(
        orders, means, prior=TypicalCustomer(margin_per_order=400.0, strength=1000.0)
    )
    assert step == "pooled"
    assert seen.mean < said.mean < strong.mean
    assert strong.mean == pytest.approx(400.0, rel=0.05)


def test_margins_without_customers_are_what_was_said():
    model, step = fit_spend_with_ladder(
        [], [], prior=TypicalCustomer(margin_per_order=50.0)
    )
    assert step == "assumed"
    assert model.mean == pytest.approx(50.0)
    assert model.p == SPEND_PRIOR.medians[0]
