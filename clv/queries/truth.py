"""The demo firm's truth against the values of a run, by class and as a whole."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from clv.engine.groups import Groups
from clv.engine.totals import reach_of
from clv.models import DemoFirm, ValuationRun
from common.copying import read_columns

MONTHS = 36  # the truth's horizon
YEARS = MONTHS / 12.0
LEVEL = 0.8
SLOWEST = 1e-9  # who leaves more slowly than this a year buys evenly

COLUMNS = {
    "account_id": "i8",
    "expected": "f8",
    "low": "f8",
    "high": "f8",
    "orders_per_year": "f8",
    "dropout": "f8",
    "truth": "f8",
}
QUERY = """
    SELECT v.account_id, v.expected_margin::float8, v.future_low::float8,
        v.future_high::float8, t.orders_per_year, t.dropout_probability,
        t.expected_margin_36_months::float8
    FROM clv_valuation v JOIN clv_trueworth t USING (account_id)
    WHERE v.run_id = %(run)s
"""

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One class, or the firm, against its truth; both discounted over 36 months.

    Attributes
    ----------
    key, name : empty key for the firm
    accounts : int
    expected, low, high : float
        Margin that the run expects, with its 80 % range.
    truth : float
        Margin that the firm was made to bring, on average over its possible futures.
    rank_correlation : Spearman's, None where all accounts are equal
    """

    key: str
    name: str
    accounts: int
    expected: float
    low: float
    high: float
    truth: float
    rank_correlation: float | None

    @property
    def error(self) -> float | None:
        """Return expected over true, minus 1."""
        return self.expected / self.truth - 1.0 if self.truth else None

    @property
    def is_within(self) -> bool:
        return self.low <= self.truth <= self.high


def truth_of(
    run: ValuationRun, groups: Groups, *, model_error: float, part_error: float
) -> list[TruthRow]:
    """Compare a run with the truth: the firm, then each class.

    Nothing without a demo firm, or over another horizon than the truth's.

    Parameters
    ----------
    run : ValuationRun
    groups : Groups
        The class of each account on the day of the run.
    model_error, part_error : float
        Relative sd of totals, of the firm and of its parts, from the back-test.
    """
    if not DemoFirm.objects.exists() or run.assumptions.horizon_months != MONTHS:
        return []
    rows = read_columns(QUERY, COLUMNS, {"run": run.pk})
    rows["truth"] = rows["truth"] * discounts(
        rows["orders_per_year"] * rows["dropout"], float(run.assumptions.annual_rate)
    )
    return list(_rows(rows, groups, model_error, part_error))


def discounts(leaving: Vector, annual_rate: float) -> Vector:
    """Return what discounting leaves of margin that comes over 36 months.

    An account that leaves at rate mu a year brings ``exp(-mu t)`` at time t; with the
    force of interest d, ``mu / (mu + d) x (1 - e^-(mu + d)T) / (1 - e^-mu T)`` of it
    remain.

    Parameters
    ----------
    leaving : float array, shape (n,), >= 0
        Orders a year times the chance to leave after one.
    annual_rate : float >= 0
    """
    force = math.log1p(annual_rate)
    mu = np.maximum(leaving, SLOWEST)
    both = mu + force
    return np.asarray(mu / both * np.expm1(-both * YEARS) / np.expm1(-mu * YEARS))


def restored_truth(stored: Mapping[str, Any]) -> list[TruthRow]:
    """Return what a judgement has stored."""
    return [TruthRow(**one) for one in stored.get("truth", [])]


def _rows(
    rows: Mapping[str, NDArray[Any]],
    groups: Groups,
    model_error: float,
    part_error: float,
) -> Iterator[TruthRow]:
    number = groups.of(rows["account_id"])
    everybody = np.ones(number.size, dtype=np.bool_)
    parts = [("", "All customers", everybody)]
    named = zip(groups.keys, groups.names, strict=True)
    parts += [(key, name, number == at) for at, (key, name) in enumerate(named)]
    for key, name, chosen in parts:
        if chosen.any():
            part = {column: values[chosen] for column, values in rows.items()}
            yield _row(key, name, part, part_error if key else model_error)


def _row(
    key: str, name: str, part: Mapping[str, NDArray[Any]], model_error: float
) -> TruthRow:
    expected, truth = float(part["expected"].sum()), float(part["truth"].sum())
    reach = reach_of(LEVEL)
    luck = float((((part["high"] - part["low"]) / (2.0 * reach)) ** 2).sum())
    half = reach * math.sqrt(luck + (model_error * expected) ** 2)
    return TruthRow(
        key=key,
        name=name,
        accounts=int(part["expected"].size),
        expected=expected,
        low=expected - half,
        high=expected + half,
        truth=truth,
        rank_correlation=_correlation(part["expected"], part["truth"]),
    )


def _correlation(left: Vector, right: Vector) -> float | None:
    """Return Spearman's rank correlation; ties share their ranks."""
    ranks = [rankdata(one) - (one.size + 1) / 2.0 for one in (left, right)]
    size = math.sqrt(float((ranks[0] ** 2).sum()) * float((ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum()) / size if size > 0.0 else None
