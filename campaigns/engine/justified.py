"""How much care for one account is justified, and what spending is expected to gain.

Money in cents around `campaigns.engine.response`. Care is justified up to the spend at
which the next unit no longer pays, and never beyond all the margin that is expected.
What was spent on care within a year already counts against it.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from campaigns.engine import response

_CENT = Decimal("0.01")
_SHARE = Decimal("1e-12")
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


def justified_share(*, effect_share: Decimal, scale_share: Decimal) -> Decimal:
    """Return the justified share of a year's margin, with twelve decimals.

    Rounded once here, so that whoever multiplies it with a margin, in Python or in the
    database, finds the same cent.

    Raises
    ------
    ValueError
        If the effect lies outside 0 to 1 or the scale is not positive.
    """
    share = response.justified_share(
        effect=float(effect_share), scale=float(scale_share)
    )
    return Decimal(repr(float(share))).quantize(_SHARE)


def justified_spend(
    *,
    expected_margin_year: Decimal,
    expected_margin: Decimal,
    effect_share: Decimal,
    scale_share: Decimal,
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
    scale_share : Decimal > 0
        Spend, as a share of the year's margin, that secures 63 % of that.
    used : Decimal
        What was spent in the last 365 days. Net reversals may make it negative; that
        is money back, and raises what is left.

    Raises
    ------
    ValueError
        As `justified_share`.
    """
    share = justified_share(effect_share=effect_share, scale_share=scale_share)
    limit = _to_cents(max(min(share * expected_margin_year, expected_margin), _NOTHING))
    used = _to_cents(used)
    return JustifiedSpend(
        limit=limit,
        used=used,
        left=max(limit - used, _NOTHING),
        overspent=max(used - limit, _NOTHING),
    )


def gain_of_spending(
    *,
    expected_margin_year: Decimal,
    expected_margin: Decimal,
    effect_share: Decimal,
    scale_share: Decimal,
    used: Decimal,
    cost: Decimal,
) -> Decimal:
    """Return what spending ``cost`` more is expected to gain, net of it, in cents.

    That is what it secures on top of what was ``used`` already, and never more than
    all the margin that is expected. Below zero it does not pay.

    Raises
    ------
    ValueError
        As `justified_share`.
    """
    most = float(max(expected_margin, _NOTHING))
    before, after = response.secured(
        spend=[float(used), max(float(used), 0.0) + float(cost)],
        margin_year=float(expected_margin_year),
        effect=float(effect_share),
        scale=float(scale_share),
    )
    return _from_float(min(after, most) - min(before, most) - float(cost))


def secured_of_year(
    *,
    expected_margin_year: Decimal,
    effect_share: Decimal,
    scale_share: Decimal,
    cost_of_year: Decimal,
) -> float:
    """Return what a year of a plan secures, before its cost.

    A plan that costs nothing says nothing of how much it does: it counts as if just
    what is justified were spent.

    Raises
    ------
    ValueError
        As `justified_share`.
    """
    effect, scale = float(effect_share), float(scale_share)
    margin = max(float(expected_margin_year), 0.0)
    spend = float(cost_of_year)
    if spend <= 0:
        spend = margin * float(response.justified_share(effect=effect, scale=scale))
    return float(
        response.secured(spend=spend, margin_year=margin, effect=effect, scale=scale)
    )


def expected_gain(
    *, secured_year: float, share_of_year: Decimal, cost: Decimal
) -> Decimal:
    """Return what one touch is expected to gain, net of its cost, in cents.

    Of what a year of its plan secures the touch secures ``share_of_year``. May be
    negative: the touch costs more than it secures.

    Raises
    ------
    ValueError
        If the share lies outside 0 to 1.
    """
    if not 0 <= share_of_year <= 1:
        raise ValueError("the share of the year must lie between 0 and 1")
    return _from_float(secured_year * float(share_of_year) - float(cost))


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


def _from_float(value: float) -> Decimal:
    """Return cents, read with the fifteen digits that the database reads as well."""
    return _to_cents(Decimal(f"{value:.15g}"))


def _to_cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)
