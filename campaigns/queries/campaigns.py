"""Campaigns: who is in them, and what their touches cost."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from campaigns.engine.costs import cost_of_one
from campaigns.models import Campaign, TouchTemplate
from campaigns.queries.costs import hourly_costs
from common.money import ZERO, to_cents
from crm.choices import Stage


def cost_each(touches: Iterable[TouchTemplate]) -> Decimal:
    """Return what all touches cost for one account, minutes priced, in cents.

    A unit cost that is not known counts as nothing; a campaign does not start with one.
    """
    hourly = hourly_costs()
    return to_cents(
        sum(
            (
                cost_of_one(
                    unit_cost=touch.unit_cost or ZERO,
                    minutes=touch.minutes,
                    hourly_cost=hourly[touch.owner_role],
                )
                for touch in touches
            ),
            ZERO,
        )
    )


def gate_channel(touches: Iterable[TouchTemplate]) -> str:
    """Return the channel that all touches go by, or nothing where they are several."""
    channels = {touch.channel for touch in touches}
    return channels.pop() if len(channels) == 1 else ""


def included_ids(campaign: Campaign) -> Sequence[int]:
    """Return the accounts that could be touched: not left out, merged, or gone."""
    rows = campaign.enrolments.filter(left_out="", account__merged_into=None)
    if not campaign.takes_former:
        rows = rows.exclude(account__stage=Stage.FORMER)
    return list(rows.order_by("account_id").values_list("account_id", flat=True))
