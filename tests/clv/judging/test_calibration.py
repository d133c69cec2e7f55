import numpy as np
import pytest

from clv.engine.errors import BadParameterError
from clv.engine.judging.calibration import (
    GRID,
    Calibration,
    model_error,
    money_places_of,
    places_of,
    pooled_calibration,
)
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.trials import try_origin
from tests.clv.engine import cdnow
from tests.clv.judging.logs import AS_OF

POINTS = np.linspace(0, 1, GRID + 1)


@pytest.fixture(scope="module")
def trial(log):
    return try_origin(log.until(AS_OF), AS_OF - 365, 365)


def cdnow_log():
    rows = cdnow.days()
    day = rows.day.map(lambda stamp: stamp.toordinal())
    return PurchaseLog.check(rows.account, day, rows.value)


def test_even_places_need_no_correction():
    even = Calibration(tuple(POINTS.tolist()))
    assert even.coverage(0.8) == pytest.approx(0.8)
    assert even.level(0.8) == pytest.approx(0.8)


def test_intervals_that_held_too_little_are_widened_to_what_would_have_held():
    # Places crowd at both ends: too many accounts outside.
    places = Calibration(tuple((0.5 + 4 * (POINTS - 0.5) ** 3).tolist()))
    asked = places.level(0.8)
    assert asked > 0.9
    assert places.coverage(asked) == pytest.approx(0.8, abs=0.005)


def test_intervals_that_held_too_much_still_hold_a_little_more():
    crowded = np.clip(2 * POINTS - 0.5, 0, 1)
    places = Calibration(tuple(crowded.tolist()))
    assert places.level(0.8) == pytest.approx(0.83 / 2)
    assert places.level(0.9) == pytest.approx(0.915 / 2)


def test_intervals_that_held_a_little_too_much_are_left():
    # Places lie closer to the middle by a fiftieth: 81.6 % instead of 80 %.
    places = Calibration(tuple(np.clip(1.02 * POINTS - 0.01, 0, 1).tolist()))
    assert places.coverage(0.8) == pytest.approx(0.816)
    assert places.level(0.8) == 0.8


def test_the_true_story_covers_what_it_promises(trial):
    places = places_of(trial, {"bgnbd": 1.0}, rng=np.random.default_rng(0), draws=200)
    got = pooled_calibration([trial], [places])
    assert got.coverage(0.8) == pytest.approx(0.8, abs=0.03)
    assert got.coverage(0.9) == pytest.approx(0.9, abs=0.02)


def test_a_certain_story_covers_too_little(trial):
    """Poisson counts around the rate know nothing of leaving."""
    places = places_of(trial, {"rate": 1.0}, rng=np.random.default_rng(0))
    got = pooled_calibration([trial], [places])
    assert got.coverage(0.8) < 0.6
    assert got.level(0.8) > 0.9


def test_four_in_five_cdnow_accounts_fall_inside_the_corrected_level():
    """Corrected by hold-outs inside 39 weeks, checked on the 39 after them."""
    log = cdnow_log()
    cutoff = cdnow.WEEKS_39.toordinal()
    rng = np.random.default_rng(0)
    inside = try_origin(log.until(cutoff), cutoff - 136, 136)
    mix = {"bgnbd": 0.5, "pareto_nbd": 0.5}
    learned = pooled_calibration([inside], [places_of(inside, mix, rng=rng)])
    outside = try_origin(log, cutoff, 273)
    shown = pooled_calibration([outside], [places_of(outside, mix, rng=rng)])
    assert shown.coverage(learned.level(0.8)) == pytest.approx(0.8, abs=0.03)
    assert shown.coverage(learned.level(0.9)) == pytest.approx(0.9, abs=0.02)


def test_model_error_starts_at_the_usual_and_learns():
    assert model_error(np.array([]), np.array([])) == pytest.approx(0.15)
    exact = np.array([10.0, 20.0, 30.0])
    assert model_error(exact, exact) == pytest.approx(0.15 * np.sqrt(2 / 5))
    bad = model_error(np.exp(0.5) * exact, exact)
    assert bad == pytest.approx(np.sqrt((2 * 0.15**2 + 3 * 0.25) / 5))
    assert model_error(np.array([1.0]), np.array([0.0])) == pytest.approx(0.15)


def test_levels_lie_between_0_and_1():
    even = Calibration(tuple(POINTS.tolist()))
    for level in (0.0, 1.0, np.nan):
        with pytest.raises(BadParameterError, match="a level lies between"):
            even.level(level)


def test_money_of_the_true_story_covers_what_it_promises(trial):
    rng = np.random.default_rng(0)
    got = pooled_calibration([trial], [money_places_of(trial, {"bgnbd": 1.0}, rng=rng)])
    assert got.coverage(0.8) == pytest.approx(0.8, abs=0.03)
    assert got.coverage(0.9) == pytest.approx(0.9, abs=0.02)


def test_money_of_cdnow_falls_inside_the_corrected_level():
    log = cdnow_log()
    cutoff = cdnow.WEEKS_39.toordinal()
    rng = np.random.default_rng(0)
    inside = try_origin(log.until(cutoff), cutoff - 136, 136)
    mix = {"bgnbd": 0.5, "pareto_nbd": 0.5}
    learned = pooled_calibration([inside], [money_places_of(inside, mix, rng=rng)])
    outside = try_origin(log, cutoff, 273)
    shown = pooled_calibration([outside], [money_places_of(outside, mix, rng=rng)])
    assert shown.coverage(learned.level(0.8)) == pytest.approx(0.8, abs=0.03)
    assert shown.coverage(learned.level(0.9)) == pytest.approx(0.9, abs=0.02)
