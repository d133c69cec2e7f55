"""How well a draft's effect could be told, and a campaign's effect as a chart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count, FloatField, StdDev
from django.db.models.functions import Cast

from campaigns import policy
from campaigns.engine.incrementality import half_width, share_to_spare
from campaigns.models import Campaign
from campaigns.queries.campaign_results import Outcome, Results
from clv.models import Valuation, ValuationRun
from common.charts import Chart, Column, Series
from common.templatetags.display import cents, count, money


@dataclass(frozen=True, slots=True)
class Precision:
    """What a control group buys: to within what the effect on a year could be told.

    `mean` and `spread` are those of the margin that is expected of an account within a
    year; they are 0 where nobody is valued.
    """

    accounts: int
    percent: int
    mean: float
    spread: float

    @property
    def spared(self) -> int:
        return round(self.accounts * self.percent / 100)

    @property
    def sentence(self) -> str:
        if not self.percent:
            return "Nobody is spared, so what it brings about cannot be told."
        said = f"{count(self.spared)} of {count(self.accounts)} are spared"
        if min(self.spared, self.accounts - self.spared) < policy.FEWEST_FOR_AN_EFFECT:
            fewest = policy.FEWEST_FOR_AN_EFFECT
            return f"{said}: too few to tell its effect, which takes {fewest} at least."
        if not self.spread:
            return f"{said}. What that tells is known once they are valued."
        width = half_width(
            accounts=self.accounts, share=self.percent / 100, spread=self.spread
        )
        return (
            f"{said}: after a year its effect can be told to within {_money(width)} an"
            f" account, where {_money(self.mean)} of margin is expected of one."
        )

    @property
    def proposal(self) -> str:
        """Say how many to spare so that the effect is told well; empty where it is."""
        wanted = policy.WANTED_PRECISION * abs(self.mean)
        if not self.spread or not wanted:
            return ""
        share = share_to_spare(
            accounts=self.accounts, spread=self.spread, wanted=wanted
        )
        if share is None:
            return (
                "Not even half of them spared tell it to within a tenth of that: it"
                " takes more accounts."
            )
        percent = math.ceil(share * 100)
        if percent <= self.percent:
            return ""
        return f"{percent} of 100 spared would tell it to within a tenth of that."


def precision(campaign: Campaign, account_ids: Sequence[int]) -> Precision:
    """Return what the control group of a draft buys among these accounts."""
    run = ValuationRun.objects.current()
    rows = Valuation.objects.order_by().filter(run=run, account__in=account_ids)
    year = Cast("expected_margin_year", FloatField())
    found = rows.aggregate(n=Count("pk"), mean=Avg(year), sd=StdDev(year, sample=True))
    return Precision(
        accounts=len(account_ids),
        percent=campaign.holdout_percent,
        mean=found["mean"] or 0.0,
        spread=found["sd"] or 0.0,
    )


def effect_chart(results: Results) -> Chart | None:
    """Return both groups side by side; None where there is nothing to be told."""
    found = results.headline
    if found.mean_treated is None or found.mean_control is None:
        return None
    return Chart(
        key="campaign-effect",
        title=f"{found.name[:1].upper()}{found.name[1:]} of one account",
        summary=_each(found),
        labels=["With the campaign", "Control group"],
        series=[
            Series(
                f"Mean {found.name}",
                [float(found.mean_treated), float(found.mean_control)],
                "bar",
            )
        ],
        columns_beside=[
            Column("Accounts", [count(found.treated), count(found.controls)])
        ],
    )


def _each(found: Outcome) -> str:
    return (
        f"One account with the campaign brought {cents(found.each)} more {found.name}"
        f" than one without ({cents(found.each_low)} to {cents(found.each_high)})."
    )


def _money(amount: float) -> str:
    return money(Decimal(repr(amount)))
