"""Money is Decimal, rounded half up to the cent, and never shared out by rounding."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def to_cents(value: Decimal | int | str) -> Decimal:
    """Round to two places, halves away from zero as PostgreSQL's numeric does."""
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)


def apportion(total: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Split `total` in proportion to `shares`; the parts sum to it exactly.

    Largest remainders get the odd cents; equal remainders go in order. Shares must be
    non-negative with a positive sum.

    Raises
    ------
    ValueError
        If a share is negative or all are zero.
    """
    whole = sum(shares, Decimal(0))
    if whole <= 0 or min(shares) < 0:
        raise ValueError("shares must be non-negative and not all zero")
    sign = -1 if total < 0 else 1
    exact = [abs(total) * share / whole for share in shares]
    parts = [value.quantize(CENT, rounding=ROUND_DOWN) for value in exact]
    odd_cents = int((abs(to_cents(total)) - sum(parts, ZERO)) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[:odd_cents]:
        parts[index] += CENT
    return [sign * part for part in parts]
