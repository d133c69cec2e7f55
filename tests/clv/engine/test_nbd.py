import math

import numpy as np
import pytest

from clv.engine.errors import NotConvergedError
from clv.engine.history import Histories
from clv.engine.models import Nbd, fit_nbd
from tests.clv.engine import cdnow
from tests.clv.engine.stories import lives


def test_cdnow_parameters():
    """Measured by an independent prototype on the same data."""
    model = fit_nbd(cdnow.histories())
    assert model.parameters / [1, 7] == pytest.approx([0.384766, 12.072023], rel=2e-6)
    per_week = cdnow.histories().frequency.sum() * math.log(7)
    assert model.log_likelihood + per_week == pytest.approx(-9763.6576, abs=1e-4)


def test_nobody_leaves_and_recency_does_not_matter():
    rows = Histories.check([3, 3], [10, 300], [300, 300])
    model = Nbd(1.0, 30.0)
    assert model.probability_alive(rows).tolist() == [1.0, 1.0]
    orders = model.expected_purchases(rows, horizon_days=330)
    assert orders == pytest.approx([4.0, 4.0])
    days = model.expected_alive_days(rows, annual_rate=0.0, horizon_days=330)
    assert days == pytest.approx([330.0, 330.0])


def test_perpetuity_is_rate_over_delta():
    rows = Histories.check([3], [10], [300])
    orders = Nbd(1.0, 30.0).discounted_purchases(rows, annual_rate=0.15)
    delta = math.log(1.15) / 365.25
    assert orders[0] == pytest.approx(4 / 330 / delta, rel=1e-6)


def test_all_alike_is_an_error():
    with pytest.raises(NotConvergedError):
        fit_nbd(Histories.check([5] * 400, [300] * 400, [330] * 400))


def test_the_story_comes_true():
    def story(rng):
        return rng.gamma(1.2, 1 / 40.0), lambda _: False, np.inf

    past = lives(
        np.random.default_rng(2), 3000, age=365, future=365, draw_account=story
    )
    orders = Nbd(1.2, 40.0).expected_purchases(past.histories, horizon_days=365)
    assert orders.sum() == pytest.approx(past.future_orders.sum(), rel=0.03)
    model = fit_nbd(past.histories)
    errors = np.sqrt(np.diag(model.log_covariance))
    assert np.abs(np.log(model.parameters / [1.2, 40.0]) / errors).max() < 3.5
