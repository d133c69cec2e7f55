"""How sure the worth of a set of accounts is, in money as it is stored."""

from decimal import Decimal
from typing import Any

from clv.engine.totals import TotalDoubt
from clv.policy import INTERVAL_LEVEL

CENT = Decimal("0.01")


def equity_interval(
    equity: Decimal | float,
    *,
    margin: Decimal | float,
    variance: float | None,
    doubt: TotalDoubt,
) -> tuple[Decimal | None, Decimal | None]:
    """Return the ends of the interval of a sum of future values.

    Parameters
    ----------
    equity, margin : Decimal or float
        Sums of future value and of expected margin, in money.
    variance : float or None
        Sum of the squares of `future_spread`; None where a spread is not known, and
        then the ends are not known either.
    doubt : TotalDoubt
    """
    if variance is None:
        return None, None
    low, high = doubt.interval(
        float(equity), margin=float(margin), variance=variance, level=INTERVAL_LEVEL
    )
    return _money(low), _money(high)


def equity_metrics(totals: dict[str, Any], doubt: TotalDoubt) -> dict[str, Any]:
    """Return what a run keeps of how sure its customer equity is."""
    low, high = equity_interval(
        totals["equity"] or 0,
        margin=totals["margin"] or 0,
        variance=totals["variance"] or 0.0,
        doubt=doubt,
    )
    return {
        "equity_low": str(low),
        "equity_high": str(high),
        "equity_spread": (totals["variance"] or 0.0) ** 0.5,
        "equity_margin": str(totals["margin"] or 0),
    }


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT)
