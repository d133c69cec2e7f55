"""How much care for one account is justified, and what one touch is expected to gain.

Care cannot earn more than it can secure. A stated share of the margin expected within
a year (the retention effect, an assumption of the business) is what care can secure at
most; so much may be spent on it within a year, and no more than all the margin that is
expected at all. What was spent already counts against it.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class JustifiedSpend:
    """What may be spent on one account's care within a year.

    Attributes
    ----------
    limit, used, left, overspent : Decimal
        Money in cents. ``limit`` is what is justified in all and ``used`` was spent;
        ``left = max(limit - used, 0)`` and ``overspent = max(used - limit, 0)``.
    """

    limit: Decimal
    used: Decimal
    left: Decimal
    overspent: Decimal


def justified_spend(
    *,
    expected_margin_year: Decimal,
    expected_margin: Decimal,
    effect_share: Decimal,
    used: Decimal,
) -> JustifiedSpend:
    """Return how much care is justified for an account.

    Parameters
    ----------
    expected_margin_year, expected_margin : Decimal
        Margin expected within a year and over the whole horizon, in money. Where an
        account is expected to lose money nothing is justified.
    effect_share : Decimal in [0, 1]
        Share of a year's expected margin that care can at most secure.
    used : Decimal
        What was spent in the last 365 days. Net reversals may make it negative; that
        is money back, and raises what is left.

    Raises
    ------
    ValueError
        If the share lies outside 0 to 1.
    """
    if not 0 <= effect_share <= 1:
        raise ValueError("effect_share must lie between 0 and 1")
    secured = min(effect_share * expected_margin_year, expected_margin)
    limit = _to_cents(max(secured, _NOTHING))
    used = _to_cents(used)
    return JustifiedSpend(
        limit=limit,
        used=used,
        left=max(limit - used, _NOTHING),
        overspent=max(used - limit, _NOTHING),
    )


def expected_gain(
    *,
    expected_margin_year: Decimal,
    effect_share: Decimal,
    share_of_year: Decimal,
    cost: Decimal,
) -> Decimal:
    """Return what one touch is expected to gain, net of its cost, in cents.

    Of the margin that care can secure within a year the touch secures
    ``share_of_year``. May be negative: the touch costs more than it secures.

    Raises
    ------
    ValueError
        If a share lies outside 0 to 1.
    """
    for name, share in (("effect", effect_share), ("year", share_of_year)):
        if not 0 <= share <= 1:
            raise ValueError(f"the share of the {name} must lie between 0 and 1")
    secured = effect_share * max(expected_margin_year, _NOTHING)
    return _to_cents(secured * share_of_year - cost)


def share_of_year(
    *, cost: Decimal, cost_of_year: Decimal, touches_per_year: Decimal | int
) -> Decimal:
    """Return the part of a year's care that one touch of a plan stands for.

    That is its part of what the plan costs within a year, because plans spend most
    where they expect most. The shares of a year's touches sum to one. Where a plan
    costs nothing all its touches count the same; fewer than one a year counts as one.
    """
    if cost_of_year > 0:
        return min(cost / cost_of_year, Decimal(1))
    return 1 / Decimal(max(touches_per_year, 1))


def _to_cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)
