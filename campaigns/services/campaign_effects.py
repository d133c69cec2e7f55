"""The result of a campaign becomes the measured effect of its channel."""

from django.db import transaction

from campaigns.errors import CannotRecordEffectError
from campaigns.models import Campaign, MeasuredEffect
from campaigns.queries.campaign_effects import takeable
from campaigns.queries.campaign_results import results
from campaigns.services import effects
from crm.models import User


@transaction.atomic
def take_effect(
    *,
    actor: User,
    campaign: Campaign,
    reason: str,
    based_on: int | None = None,
) -> MeasuredEffect:
    """Record what a campaign was measured to secure as the effect of its channel.

    It is the difference of margin as a share of what those who were spared bring in a
    year: what was secured in fewer days is taken for all of the year's.

    Raises
    ------
    CannotRecordEffectError
        If it used several channels, nothing can be told of it, those who were spared
        brought no margin, or as `effects.record_effect`.
    StaleRecordError
        If another effect of the channel was recorded than `based_on` names.
    """
    found = results(campaign)
    taken = takeable(campaign, found)
    if taken.refused or found is None:
        raise CannotRecordEffectError(taken.refused)
    return effects.record_effect(
        actor=actor,
        effect=taken.effect,
        low=taken.low,
        high=taken.high,
        accounts=found.treated + found.controls,
        measured_from=found.since,
        measured_until=found.until,
        source=f"Campaign “{campaign.name}”, against its control group",
        reason=reason,
        channel=taken.channel,
        based_on=based_on,
    )
