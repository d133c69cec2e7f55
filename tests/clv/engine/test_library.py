"""The engine as a library, as its own documentation shows it.

That it needs no Django is tested in tests/architecture/test_packages.py.
"""

import doctest
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clv.engine import models
from clv.engine.errors import NotConvergedError
from clv.engine.models import Contracts, Opportunities, fit_bgbb, fit_sbg
from tests.clv.engine import cdnow

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def table():
    """The orders of CDNOW, with days as numbers."""
    orders = cdnow.days().rename(columns={"value": "margin"})
    orders["day"] = orders["day"].map(lambda day: day.toordinal())
    seen = orders[orders["day"] <= cdnow.WEEKS_39.toordinal()]
    return {"orders": seen, "cutoff": cdnow.WEEKS_39.toordinal()}


def known_value():
    rows = cdnow.summary()
    histories = cdnow.histories()
    model = models.fit_bgnbd(histories)
    return rows, model.discounted_purchases(histories, annual_rate=0.15)


def test_the_lines_of_the_module_run_as_they_stand(table):
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(models, globs=dict(table))
    runner = doctest.DocTestRunner()
    runner.run(example, clear_globs=False)
    assert (runner.failures, runner.tries > 5) == (0, True)
    clv = example.globs["clv"]
    rows, orders = known_value()
    assert len(clv) == len(rows) == 2_357
    assert clv / example.globs["margin"] == pytest.approx(orders, rel=1e-9)
    assert (clv > 0).all()


def test_the_lines_of_the_methods_page_do_the_same(table):
    page = (ROOT / "docs/methods/README.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    names = {name: getattr(models, name) for name in models.__all__}
    from_page = dict(table) | names
    exec(  # noqa: S102  our own page
        "from clv.engine.history import Histories\n"
        "from clv.engine.spend import fit_gamma_gamma\n" + code,
        from_page,
    )
    orders = known_value()[1]
    assert from_page["clv"] / from_page["margin"] == pytest.approx(orders, rel=1e-9)


def test_discrete_and_contractual_models_have_the_same_surface():
    given = pd.read_csv(cdnow.data_file("donations.csv"))
    names = ("frequency", "recency", "periods", "weights")
    giving = fit_bgbb(Opportunities.check(*(given[name] for name in names)))
    contracts = fit_sbg(Contracts.from_survivors((1000, 869, 743, 653, 593)))
    for model, names in (
        (giving, ("alpha", "beta", "gamma", "delta")),
        (contracts, ("alpha", "beta")),
    ):
        assert tuple(model.standard_errors) == names
        assert all(error > 0 for error in model.standard_errors.values())
        assert model.log_likelihood < 0
        with pytest.raises(AttributeError):
            model.alpha = 1.0
    with pytest.raises(NotConvergedError, match=r"ran to its bound|flat"):
        fit_sbg(Contracts.check(np.arange(50) % 3, 0.0))
