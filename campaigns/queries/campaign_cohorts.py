"""Whom campaigns won: prospects that they reached and that ordered soon after.

Won by a campaign is who was no customer when it started, was reached, and ordered first
between its first day and `WON_WITHIN_DAYS` after its last. Whom two campaigns reached
in that time counts for both.
"""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from campaigns import policy
from campaigns.models import Campaign
from campaigns.queries.campaign_sets import LARGEST_ID
from clv.models import ValuationRun
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from crm.choices import Stage
from segments.queries.against_all import CohortTable, against_all, to_money
from segments.queries.scope import Scope
from segments.queries.sets import run_of, values_of
from segments.queries.targeting import health_in

KIND = "campaign"
_WON = """
    SELECT e.account_id, e.campaign_id, v.clv::float8 AS clv
    FROM campaigns_enrolment e
    JOIN campaigns_campaign c ON c.id = e.campaign_id AND c.started_at IS NOT NULL
    JOIN clv_valuation v ON v.account_id = e.account_id AND v.run_id = %(run)s
    WHERE e.left_out = '' AND NOT e.is_control AND e.stage = %(prospect)s
        AND v.order_days > 0
        AND v.first_on BETWEEN c.starts_on AND c.ends_on + %(within)s::int
"""
_COHORTS = f"""
    SELECT campaign_id, count(*), avg(clv), coalesce(stddev_samp(clv), 0)
    FROM ({_WON} {{among}}) won
    GROUP BY 1 ORDER BY 2 DESC, 1
"""


def won_by_campaigns(scope: Scope) -> CohortTable | None:
    """Return the customers in scope that each campaign won, against all in scope.

    None where no campaign has won anybody.
    """
    health, run = health_in(scope), scope.run
    if health is None or run is None:
        return None
    params, among = _params(run), ""
    if not scope.is_whole_firm:
        among = "AND e.account_id = ANY (%(ids)s)"
        params["ids"] = list(scope.accounts().values_list("pk", flat=True))
    rows = kept_rows(_COHORTS.format(among=among), params)
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
            url=scope.list_url("won-by-campaign", of_campaign=key),
        )
        for key, customers, mean, sd in rows
        if key in known
    ]
    return CohortTable(KIND, "Campaign", to_money(float(health.mean)), cohorts)


def _params(run: ValuationRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "prospect": Stage.PROSPECT,
        "within": policy.WON_WITHIN_DAYS,
    }


def _won(_user: Any, given: Given) -> QuerySet[Any]:
    run, rows = run_of(given), values_of(given)
    if run is None:
        return rows.values("account_id")
    sql = f"SELECT account_id FROM ({_WON}) won WHERE campaign_id = %s"
    for name in ("run", "prospect", "within"):
        sql = sql.replace(f"%({name})s", "%s")
    params = (*_params(run).values(), given["of_campaign"])
    ids = RawSQL(sql, params)  # noqa: S611  nothing of a user is written into it
    return rows.filter(account_id__in=ids).values("account_id")


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
