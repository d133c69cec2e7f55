"""The column of running campaigns, where accounts stand in a list."""

from typing import Any

from common.lists.columns import Cell, Column
from common.templatetags.display import UNKNOWN


def _campaigns(row: Any) -> Cell:
    if not row.campaigns:
        return Cell(UNKNOWN)
    first, *others = row.campaigns
    under = [
        *(["control group"] if first.is_control else []),
        *([f"and {len(others)} more"] if others else []),
    ]
    return Cell(
        first.campaign.name,
        hint=_campaign_names(row),
        under=", ".join(under),
        value=str(first.campaign_id),
    )


def _campaign_names(row: Any) -> str:
    return ", ".join(one.campaign.name for one in row.campaigns)


CAMPAIGN_COLUMN = Column(
    "campaign",
    "Campaign",
    cell=_campaigns,
    export=_campaign_names,
    filter="campaign",
    needs=frozenset({"campaigns"}),
    style="is-aside",
    help="Which running campaign touches the account, or spares it.",
)
