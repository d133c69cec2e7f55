"""How many of an audience to spare, and how well that tells what a campaign does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, StdDev

from campaigns import policy
from campaigns.engine.incrementality import half_width, share_to_spare
from campaigns.models import Campaign
from campaigns.queries.campaigns import included_ids
from clv.models import Valuation, ValuationRun
from common.among import Among
from common.money import to_cents
from common.templatetags.display import cents, count

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Holdout:
    """A share to spare. `within` is money per account, None where it is not known."""

    percent: int
    proposed: int
    accounts: int
    spared: int
    within: Decimal | None
    expected: Decimal | None

    @property
    def is_too_few(self) -> bool:
        """Tell whether nothing could be told, whatever comes out."""
        fewest = policy.FEWEST_FOR_AN_EFFECT
        return min(self.spared, self.accounts - self.spared) < fewest

    @property
    def sentence(self) -> str:
        """Say what sparing so many tells."""
        if not self.percent:
            return "Nobody is spared: what it brings about cannot be told afterwards."
        said = f"About {count(self.spared)} of {count(self.accounts)} are spared"
        if self.is_too_few:
            return (
                f"{said}: too few to tell. At least"
                f" {policy.FEWEST_FOR_AN_EFFECT} have to be on either side."
            )
        if self.within is None:
            return (
                f"{said}. How well that tells the effect shows after the first night."
            )
        return (
            f"{said}. That tells the effect to within {cents(self.within)} an account,"
            f" of {cents(self.expected)} expected in that time."
        )


def holdout(
    campaign: Campaign,
    percent: int | None = None,
    *,
    account_ids: Sequence[int] | None = None,
) -> Holdout:
    """Return what sparing `percent` tells, by default what the campaign says.

    Accounts are taken to differ as their margins of the last year did; that is spread
    over the time in which the campaign is measured. `account_ids` are those who would
    be left, by default the audience as it stands.
    """
    keys = included_ids(campaign) if account_ids is None else account_ids
    accounts = len(keys)
    share = campaign.holdout_percent if percent is None else percent
    spread, expected = _spread(campaign, keys)
    proposed = policy.USUAL_HOLDOUT_PERCENT
    within = None
    if spread is not None and expected is not None:
        needed = share_to_spare(
            accounts=accounts,
            spread=spread,
            wanted=policy.WANTED_PRECISION * max(expected, 0.0),
        )
        proposed = max(proposed, math.ceil((needed or 0.0) * 100))
        width = half_width(accounts=accounts, share=share / 100, spread=spread)
        within = None if math.isinf(width) else to_cents(Decimal(width))
    return Holdout(
        percent=share,
        proposed=min(proposed, policy.MOST_HOLDOUT_PERCENT),
        accounts=accounts,
        spared=round(accounts * share / 100),
        within=within,
        expected=None if expected is None else to_cents(Decimal(expected)),
    )


def _spread(
    campaign: Campaign, account_ids: Sequence[int]
) -> tuple[float | None, float | None]:
    """Return how margins differ in the time measured, and what is expected of one."""
    run = ValuationRun.objects.current()
    if run is None:
        return None, None
    rows = Valuation.objects.of_run(run).filter(Among("account_id", account_ids))
    found = rows.aggregate(
        spread=StdDev("margin_year", sample=True), expected=Avg("expected_margin_year")
    )
    if found["spread"] is None or found["expected"] is None:
        return None, None
    days = (campaign.ends_on - campaign.starts_on).days + 1
    part = min((days + policy.CAMPAIGN_AFTERWARDS_DAYS) / DAYS_PER_YEAR, 1.0)
    return float(found["spread"]) * math.sqrt(part), float(found["expected"]) * part
