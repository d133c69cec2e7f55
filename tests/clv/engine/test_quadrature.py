import numpy as np
import pytest
from hypothesis import given
from scipy.special import betaln

from clv.engine.quadrature import beta_nodes, legendre, logit_nodes
from tests.clv.engine.strategies import parameter


@given(parameter(0.001, 1e4), parameter(0.001, 1e4))
def test_moments_of_the_beta_are_exact(a, b):
    points, weights = beta_nodes(a, np.array([b]), 20)
    second = a * (a + 1) / ((a + b) * (a + b + 1))
    assert weights.sum() == pytest.approx(1)
    assert (weights * points).sum() == pytest.approx(a / (a + b))
    assert (weights * points**2).sum() == pytest.approx(second)


@given(parameter(0.05, 100.0), parameter(0.05, 1e3))
def test_both_rules_agree_on_a_smooth_function(a, b):
    for_b = np.array([b])
    first, second = (
        (weights * np.log1p(points)).sum()
        for points, weights in (beta_nodes(a, for_b, 40), logit_nodes(a, for_b, 1, 120))
    )
    assert first == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize("a", [0.05, 0.8, 5.0])
@pytest.mark.parametrize("b", [0.05, 2.4, 50.0])
def test_a_sharp_function_needs_no_more_nodes(a, b):
    """E[1 / (1 + 1e6 p)] against a grid of two million points."""
    c = 1e6
    points, weights = logit_nodes(a, np.array([b]), c, 80)
    u = np.linspace(-900, 900, 2_000_001)
    log_density = -a * np.logaddexp(0, -u) - b * np.logaddexp(0, u) - betaln(a, b)
    exact = np.trapezoid(
        np.exp(log_density) / (1 + c * np.exp(-np.logaddexp(0, -u))), u
    )
    assert (weights / (1 + c * points)).sum() == pytest.approx(exact, rel=1e-5)


def test_legendre_rule_has_length_one():
    points, weights = legendre(12)
    assert weights.sum() == pytest.approx(1)
    assert (weights * points**5).sum() == pytest.approx(1 / 6)


def test_few_densities_have_the_nodes_that_they_have_among_many():
    b = np.linspace(0.3, 60.0, 40)
    points, weights = logit_nodes(0.7, b, 5.0, 20)
    for _ in range(2):  # found the first time, kept the second
        for row, one in enumerate(b):
            alone = logit_nodes(0.7, np.array([one]), 5.0, 20)
            assert alone[0][0].tolist() == points[row].tolist()
            assert alone[1][0].tolist() == weights[row].tolist()
