"""A campaign's effect: as a chart, and as the measured effect of its channel."""

from dataclasses import dataclass
from decimal import Decimal

from campaigns.models import Campaign, MeasuredEffect
from campaigns.queries.campaign_results import Outcome, Results
from campaigns.queries.campaigns import gate_channel
from common.charts import Chart, Column, Series
from common.templatetags.display import cents, count

YEAR_DAYS = 365
_SHARE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Takeable:
    """What a campaign was measured to secure, as a share of a year's margin without it.

    `refused` says why it cannot be taken as the effect of its channel; the shares
    mean nothing then. `current` is what counts for the channel now.
    """

    channel: str
    effect: Decimal
    low: Decimal
    high: Decimal
    refused: str
    current: MeasuredEffect | None


def takeable(campaign: Campaign, found: Results | None) -> Takeable:
    """Return the difference of margin as a share of what those spared bring in a year.

    Effects are shares of a year's margin. What a shorter campaign secured is all that
    is counted, so that its share of the year is smaller than that of its own days.
    """
    channel = gate_channel(campaign.touches.all())
    refused = _refused(channel, found)
    shares = [Decimal(0)] * 3
    if not refused and found is not None:
        shares = _shares(found)
    effect, low, high = shares
    current = None
    if channel:
        current = MeasuredEffect.objects.current().filter(channel=channel).first()
    return Takeable(channel, effect, low, high, refused, current)


def _refused(channel: str, found: Results | None) -> str:
    if found is None:
        return "Nothing was measured. It has not started yet."
    if not found.margin.is_told:
        return f"Nothing was measured. {found.margin.untold}"
    if not channel:
        return "It used several channels. An effect is measured of one."
    base = found.margin.mean_control
    if base is None or base <= 0:
        return "Those who were spared brought no margin, so there is no share of it."
    if not all(-1 <= share <= 1 for share in _shares(found)):
        return "The effect or its interval lies beyond 100 % of a year's margin."
    return ""


def _shares(found: Results) -> list[Decimal]:
    margin = found.margin
    days = min((found.until - found.since).days + 1, YEAR_DAYS)
    base = (margin.mean_control or Decimal(1)) * YEAR_DAYS / days
    amounts = (margin.each, margin.each_low, margin.each_high)
    return [((value or Decimal(0)) / base).quantize(_SHARE) for value in amounts]


def effect_chart(results: Results) -> Chart | None:
    """Return both groups side by side; None where there is nothing to be told."""
    found = results.headline
    if found.mean_treated is None or found.mean_control is None:
        return None
    return Chart(
        key="campaign-effect",
        title=f"{found.name[:1].upper()}{found.name[1:]} of one account",
        summary=_each(found),
        labels=["Reached", "Control group"],
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
