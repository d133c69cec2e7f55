"""Figures that several fits bring about together, on the purchase log of CDNOW."""

import math

import numpy as np
import pandas as pd
import pytest

from clv.engine.models import fit_bgnbd, fit_pareto_nbd
from clv.engine.spend import fit_gamma_gamma
from tests.clv.engine import cdnow

WEEKLY_15_PERCENT = math.expm1(0.0027 / 7 * 365.25)
FULL = "CDNOW_master.txt"


def test_value_of_twelve_months_discounted_by_month():
    """lifetimes on the rebuilt sample: 71,507.95, at 1 % a month of 4.345 weeks."""
    rows, histories = cdnow.summary(), cdnow.histories()
    months = np.arange(13) * 4.345 * 7
    curve = fit_bgnbd(histories).purchase_curve(histories, months)
    orders = np.diff(curve, axis=1) @ 1.01 ** -np.arange(1.0, 13.0)
    spend = fit_gamma_gamma(rows.x, rows.mean_repeat)
    value = orders * spend.expected_value(rows.x, rows.mean_repeat)
    assert value.sum() == pytest.approx(71_507.95, abs=0.01)
    assert value[:5] == pytest.approx(
        [36.27398, 4.64094, 8.34448, 8.34448, 8.34448], abs=1e-5
    )


def test_value_of_all_customers_at_a_margin_of_thirty_percent():
    """The set-up of Fader, Hardie & Lee 2005, RFM and CLV: Pareto/NBD of the sample.

    By a prototype: 48.44 on average, 53,315 from 12,054 customers who never came back.
    """
    rows = cdnow.summary(cdnow.WEEKS_78, FULL)
    everyone = cdnow.histories(cdnow.WEEKS_78, FULL)
    buying = fit_pareto_nbd(cdnow.histories(cdnow.WEEKS_78))
    orders = buying.discounted_purchases(everyone, annual_rate=WEEKLY_15_PERCENT)
    spend = fit_gamma_gamma(rows.x, rows.mean_repeat)
    value = 0.3 * orders * spend.expected_value(rows.x, rows.mean_repeat)
    once = rows.x.to_numpy() == 0
    assert value.mean() == pytest.approx(48.44, abs=5e-3)
    assert once.sum() == 12_054
    assert value[once].sum() == pytest.approx(53_315, abs=0.5)


@pytest.mark.parametrize(
    ("fit", "published"),
    [
        (fit_pareto_nbd, [0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403]),
        (fit_bgnbd, [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]),
    ],
)
def test_orders_of_the_next_39_weeks_by_those_of_the_first(fit, published):
    """BTYD's vignette, by 0, 1 .. 6, 7 and more repeat orders."""
    histories = cdnow.histories()
    orders = fit(histories).expected_purchases(histories, horizon_days=273)
    bins = np.minimum(histories.frequency, 7).astype(int)
    means = np.bincount(bins, orders) / np.bincount(bins)
    assert np.bincount(bins).tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert means == pytest.approx(published, abs=1e-3)


def test_orders_that_came_in_these_weeks():
    later = cdnow.days()
    later = later[later.day > pd.Timestamp(cdnow.WEEKS_39)]
    came = later.groupby("account").size().reindex(cdnow.summary().index).fillna(0.0)
    bins = np.minimum(cdnow.histories().frequency, 7).astype(int)
    means = np.bincount(bins, came.to_numpy()) / np.bincount(bins)
    assert means == pytest.approx(
        [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], abs=1e-3
    )
    assert came.sum() == 1_882
