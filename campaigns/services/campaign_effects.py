"""The result of a campaign becomes the measured effect of its channel."""

from decimal import Decimal

from django.db import transaction

from campaigns.errors import CannotRecordEffectError
from campaigns.models import Campaign, MeasuredEffect
from campaigns.queries.campaign_results import Results, results
from campaigns.queries.campaigns import gate_channel
from campaigns.services import effects
from crm.models import User

_SHARE = Decimal("0.0001")


@transaction.atomic
def take_effect(
    *,
    actor: User,
    campaign: Campaign,
    reason: str,
    based_on: int | None = None,
) -> MeasuredEffect:
    """Record what a campaign was measured to secure as the effect of its channel.

    It is the difference of margin as a share of what those who were spared brought.

    Raises
    ------
    CannotRecordEffectError
        If it used several channels, nothing can be told of it, those who were spared
        brought no margin, or as `effects.record_effect`.
    StaleRecordError
        If another effect of the channel was recorded than `based_on` names.
    """
    channel = gate_channel(campaign.touches.all())
    found = results(campaign)
    if found is None or not found.margin.is_told:
        said = found.margin.untold if found else "It has not started yet."
        raise CannotRecordEffectError(f"Nothing was measured. {said}")
    if not channel:
        raise CannotRecordEffectError(
            "It used several channels. An effect is measured of one."
        )
    effect, low, high = _shares(found)
    return effects.record_effect(
        actor=actor,
        effect=effect,
        low=low,
        high=high,
        accounts=found.treated + found.controls,
        measured_from=found.since,
        measured_until=found.until,
        source=f"Campaign “{campaign.name}”, against its control group",
        reason=reason,
        channel=channel,
        based_on=based_on,
    )


def _shares(found: Results) -> tuple[Decimal, Decimal, Decimal]:
    margin = found.margin
    base = margin.mean_control
    if base is None or base <= 0:
        raise CannotRecordEffectError(
            "Those who were spared brought no margin, so there is no share of it."
        )
    amounts = (margin.each, margin.each_low, margin.each_high)
    one, low, high = ((value or Decimal(0)) / base for value in amounts)
    return one.quantize(_SHARE), low.quantize(_SHARE), high.quantize(_SHARE)
