"""The demo firm's truth against the values of a run."""

import datetime as dt
import math
from dataclasses import dataclass

from django.db import connection

from clv.models import DemoFirm, ValuationRun

MONTHS = 36  # the truth's horizon

# Accounts of equal worth share the mean of their ranks, as Spearman has it.
COMPARISON = """
    SELECT count(*), coalesce(sum(expected), 0)::float8,
        coalesce(sum(truth), 0)::float8, corr(expected_rank, truth_rank)
    FROM (
        SELECT expected, truth,
            rank() OVER (ORDER BY expected)
                + (count(*) OVER (PARTITION BY expected) - 1) / 2.0 AS expected_rank,
            rank() OVER (ORDER BY truth)
                + (count(*) OVER (PARTITION BY truth) - 1) / 2.0 AS truth_rank
        FROM (
            SELECT v.expected_margin AS expected,
                t.expected_margin_36_months AS truth
            FROM clv_valuation v JOIN clv_trueworth t USING (account_id)
            WHERE v.run_id = %s
        ) pairs
    ) ranked
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Expected margin of a run, discounted, against the true one, undiscounted.

    Attributes
    ----------
    even_pace : float
        The ratio that discounting alone would give to margin that comes evenly over
        the horizon; margin that comes sooner loses less.
    rank_correlation : Spearman's, None where all accounts are equal
    """

    run: ValuationRun
    true_on: dt.date
    accounts: int
    expected: float
    truth: float
    even_pace: float
    rank_correlation: float | None

    @property
    def ratio(self) -> float | None:
        return self.expected / self.truth if self.truth else None


def against_truth() -> Comparison | None:
    """Compare the current run with the truth; None without a demo firm or a run.

    A run over another horizon than the truth's cannot be compared.
    """
    run = ValuationRun.objects.select_related("assumptions").current()
    demo = DemoFirm.objects.last()
    if run is None or demo is None or run.assumptions.horizon_months != MONTHS:
        return None
    with connection.cursor() as cursor:
        cursor.execute(COMPARISON, [run.pk])
        accounts, expected, truth, correlation = cursor.fetchone()
    return Comparison(
        run=run,
        true_on=demo.as_of,
        accounts=accounts,
        expected=expected,
        truth=truth,
        even_pace=_even_pace(float(run.assumptions.annual_rate), MONTHS / 12.0),
        rank_correlation=correlation,
    )


def _even_pace(annual_rate: float, years: float) -> float:
    """Return the mean discount factor over `years`."""
    if annual_rate == 0.0:
        return 1.0
    force = math.log1p(annual_rate)
    return -math.expm1(-force * years) / (force * years)
