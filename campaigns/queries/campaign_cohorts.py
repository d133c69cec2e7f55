"""Whom campaigns won: their mean CLV against that of all customers.

Who is won, and by which campaign, says `campaign_results.won_by`; here they stand
against all customers, by their CLV.
"""

from typing import Any

from django import forms
from django.db.models import QuerySet

from campaigns.models import Campaign
from campaigns.queries.campaign_results import won_by
from campaigns.queries.campaign_sets import LARGEST_ID
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from segments.queries.against_all import CohortTable, against_all, to_money
from segments.queries.scope import Scope
from segments.queries.sets import values_of
from segments.queries.targeting import health_in

KIND = "campaign"
_COHORTS = """
    SELECT won.campaign, count(*), avg(v.clv)::float8,
        coalesce(stddev_samp(v.clv), 0)::float8, avg(%(day)s - v.first_on)::float8
    FROM unnest(%(campaigns)s::bigint[], %(accounts)s::bigint[])
        AS won (campaign, account)
    JOIN clv_valuation v ON v.account_id = won.account AND v.run_id = %(run)s
    WHERE v.order_days > 0
    GROUP BY 1 ORDER BY 2 DESC, 1
"""


def won_by_campaigns(scope: Scope) -> CohortTable | None:
    """Return the customers in scope that each campaign won, against all in scope.

    None where no campaign has won anybody.
    """
    health, run = health_in(scope), scope.run
    if health is None or run is None:
        return None
    won = _won_in(scope)
    params = {
        "run": run.pk,
        "day": run.as_of,
        "campaigns": [campaign for campaign, _ in won],
        "accounts": [account for _, account in won],
    }
    rows = kept_rows(_COHORTS, params) if won else []
    if not rows:
        return None
    known = Campaign.objects.in_bulk([row[0] for row in rows])
    cohorts = [
        against_all(
            key=str(key),
            label=str(known[key]),
            customers=customers,
            mean=mean,
            sd=sd,
            of_all=float(health.mean),
            age_days=age,
            url=scope.list_url("won-by-campaign", of_campaign=key),
        )
        for key, customers, mean, sd, age in rows
        if key in known
    ]
    return CohortTable(KIND, "Campaign", to_money(float(health.mean)), cohorts)


def _won_in(scope: Scope) -> list[tuple[int, int]]:
    """Return campaign and account of each customer in scope that one has won."""
    started = Campaign.objects.filter(started_at__isnull=False).order_by()
    won = won_by(list(started.values_list("pk", flat=True)))
    if not won or scope.is_whole_firm:
        return won
    among = scope.accounts().filter(pk__in=[account for _, account in won])
    mine = set(among.values_list("pk", flat=True))
    return [one for one in won if one[1] in mine]


def _won(_user: Any, given: Given) -> QuerySet[Any]:
    started = Campaign.objects.filter(started_at__isnull=False).order_by()
    won = won_by(list(started.values_list("pk", flat=True)))
    ids = [account for campaign, account in won if campaign == given["of_campaign"]]
    rows = values_of(given).filter(order_days__gt=0, account_id__in=ids)
    return rows.values("account_id")


def _title(given: Given) -> str:
    campaign = Campaign.objects.filter(pk=given["of_campaign"]).first()
    return f"won by “{campaign}”" if campaign else "won by a campaign that is gone"


WON_BY_CAMPAIGN = AccountSet(
    title=_title,
    accounts=_won,
    parameters={
        "of_campaign": lambda: forms.IntegerField(min_value=1, max_value=LARGEST_ID)
    },
)
