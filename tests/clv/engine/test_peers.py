"""Agreement with lifetimes and pymc-marketing, by figures recorded from them.

Made by ``python -m benchmarks.agreement`` with lifetimes 0.11.3 and pymc-marketing
0.19.2 (MAP with flat priors); times in weeks. docs/methods/README.md has the notes.
"""

import numpy as np
import pytest

from benchmarks import agreement
from clv.engine.history import Histories
from clv.engine.models import fit_bgnbd
from tests.clv.engine import cdnow

LIFETIMES = {
    "bgnbd r": 0.2425929,
    "bgnbd alpha": 4.413532,
    "bgnbd a": 0.792886,
    "bgnbd b": 2.425752,
    "bgnbd P(alive) x=2": 0.7266091,
    "bgnbd P(alive) x=10": 0.03812423,
    "bgnbd E[39 weeks] x=26": 20.75057,
    "bgnbd E[39 weeks] x=10": 0.2767267,
    "bgnbd total": 1653.423,
    "mbgnbd r": 0.5248377,
    "mbgnbd alpha": 6.182988,
    "mbgnbd a": 0.8913563,
    "mbgnbd b": 1.614,
    "mbgnbd P(alive) x=0": 0.3893291,
    "mbgnbd E[39 weeks] x=2": 1.262671,
    "mbgnbd total": 1576.736,
    "pareto_nbd r": 0.5532897,
    "pareto_nbd alpha": 10.57788,
    "pareto_nbd s": 0.6061871,
    "pareto_nbd beta": 11.66694,
    "pareto_nbd P(alive) x=2": 0.8691214,
    "pareto_nbd E[39 weeks] x=10": 0.5549707,
    "pareto_nbd total": 1665.547,
    "gamma-gamma p": 6.248802,
    "gamma-gamma q": 3.744588,
    "gamma-gamma v": 15.44775,
    "bgbb alpha": 1.203522,
    "bgbb beta": 0.7497164,
    "bgbb gamma": 0.6567182,
    "bgbb delta": 2.783442,
}
PYMC = {
    "bgnbd r": 0.2425941,
    "bgnbd alpha": 4.413568,
    "bgnbd P(alive) x=2": 0.7266026,
    "bgnbd E[39 weeks] x=26": 20.74982,
    "bgnbd total": 1653.385,
    "mbgnbd r": 0.5248363,
    "mbgnbd alpha": 6.182954,
    "mbgnbd a": 0.8913552,
    "mbgnbd b": 1.614001,
    "mbgnbd total": 1576.737,
    "pareto_nbd r": 0.5532778,
    "pareto_nbd alpha": 10.57763,
    "pareto_nbd s": 0.6062041,
    "pareto_nbd beta": 11.66761,
    "pareto_nbd E[39 weeks] x=26": 20.1159,
    "pareto_nbd total": 1665.541,
    "gamma-gamma p": 6.248787,
    "gamma-gamma v": 15.44781,
    "bgnbd + flag r": 0.2430404,
    "bgnbd + flag alpha": 4.581093,
    "bgnbd + flag a": 0.7942793,
    "bgnbd + flag b": 2.434419,
    "bgnbd + flag purchases": 0.09924074,
    "mbgnbd + flag r": 0.5247383,
    "mbgnbd + flag alpha": 6.397821,
    "mbgnbd + flag a": 0.8921626,
    "mbgnbd + flag b": 1.620724,
    "mbgnbd + flag purchases": 0.0926541,
    "pareto_nbd + flag r": 0.5551264,
    "pareto_nbd + flag alpha": 10.90711,
    "pareto_nbd + flag s": 0.6017682,
    "pareto_nbd + flag beta": 11.28584,
    "pareto_nbd + flag purchases": 0.08106032,
    "pareto_nbd + flag leaving": -0.05695654,
    "bgbb alpha": 1.203503,
    "bgbb beta": 0.749705,
    "bgbb gamma": 0.656769,
    "sbg high end alpha": 0.6680876,
    "sbg high end beta": 3.806109,
    "sbg regular alpha": 0.7040768,
    "sbg regular beta": 1.182041,
    "sbg + flag alpha": 0.6946962,
    "sbg + flag beta": 1.16271,
    "sbg + flag leaving": -1.235326,
}


@pytest.fixture(scope="module")
def figures():
    return agreement.ours(cdnow.data_file("").resolve())


@pytest.mark.parametrize("recorded", [LIFETIMES, PYMC], ids=["lifetimes", "pymc"])
def test_figures_agree(figures, recorded):
    ours = {name: figures[name] for name in recorded}
    assert ours == pytest.approx(recorded, rel=1e-4)


def test_where_pymc_stops_short_our_likelihood_is_higher():
    """Its a and b are 1.2e-4 off; the maximum is flat there, but a maximum it is."""
    data = agreement.cdnow(cdnow.data_file("").resolve())
    best = fit_bgnbd(Histories.check(data["x"], data["t"], data["age"]))
    theirs = np.array([0.2425941, 4.413568, 0.7929829, 2.426057])
    moved = np.log(theirs / best.parameters)
    curvature = np.linalg.inv(np.array(best.log_covariance))
    assert 0.0 < 0.5 * moved @ curvature @ moved < 1e-4
