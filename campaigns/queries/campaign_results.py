"""What a campaign brought about: who was touched against who was spared, and its cost.

Margin is that of orders since the first day, less what came back of them, before costs
to serve. The change of CLV holds the same margin, what is expected beyond it, and the
costs booked to each account, those of the campaign among them: nothing is taken off it
again.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q

from campaigns import policy
from campaigns.choices import LeftOut, TouchStatus
from campaigns.engine.incrementality import Difference, difference
from campaigns.models import Campaign, Enrolment, PlannedTouch
from clv.models import Assumptions, ValuationRun
from common.clock import business_today
from common.money import ZERO, to_cents
from common.templatetags.display import count, money, signed_money
from crm.choices import Stage


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one measure of those who were touched and of those who were spared differs.

    `each` is per account, `total` for all who were touched, less `cost`; both are None
    where there are too few accounts to tell, which `untold` says then.
    """

    name: str
    treated: int
    controls: int
    cost: Decimal
    mean_treated: Decimal | None
    mean_control: Decimal | None
    each: Decimal | None
    each_low: Decimal | None
    each_high: Decimal | None
    untold: str

    @property
    def is_told(self) -> bool:
        return self.each is not None

    @property
    def total(self) -> Decimal | None:
        return self._of_all(self.each)

    @property
    def low(self) -> Decimal | None:
        return self._of_all(self.each_low)

    @property
    def high(self) -> Decimal | None:
        return self._of_all(self.each_high)

    @property
    def sentence(self) -> str:
        """Say the whole effect, or why there is none to be told."""
        if self.total is None:
            return self.untold
        return (
            f"Net {signed_money(self.total)} of {self.name} ({money(self.low)} to"
            f" {money(self.high)})."
        )

    def _of_all(self, each: Decimal | None) -> Decimal | None:
        return None if each is None else each * self.treated - self.cost


@dataclass(frozen=True, slots=True)
class Results:
    """What a campaign brought about from its first day to `until`.

    `cost` is what its touches cost by the ledger. `margin` is net of it, and `clv` too,
    which is None where no night has valued the accounts since it started. Won are
    prospects of the audience that became customers. `merged` accounts count for
    nothing: what they do now is another account's. `touches` are counted by status.
    """

    since: dt.date
    until: dt.date
    is_final: bool
    treated: int
    controls: int
    merged: int
    left_out: Mapping[str, int]
    touches: Mapping[str, int]
    cost: Decimal
    budget: Decimal | None
    margin: Outcome
    clv: Outcome | None
    won_treated: int
    won_controls: int

    @property
    def headline(self) -> Outcome:
        """Return CLV where it can be told, else the margin to date."""
        return self.clv if self.clv is not None and self.clv.is_told else self.margin

    @property
    def budget_left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.cost

    @property
    def advice(self) -> str:
        """Say what follows from the numbers."""
        best = self.headline
        if best.low is None or best.high is None:
            return best.untold
        if best.low > 0:
            return "It pays: keep it, and do it again."
        if best.high < 0:
            return "It costs more than it brings: stop it."
        return "It cannot be told yet whether it pays: the interval holds both."

    @property
    def sentence(self) -> str:
        best = self.headline
        if not best.is_told:
            return best.untold
        return f"{best.sentence} It cost {money(self.cost)}. {self.advice}"


def results(campaign: Campaign) -> Results | None:
    """Return what a campaign brought about; None before it has started."""
    if not campaign.has_started:
        return None
    until = campaign.measured_until
    rows = _rows(campaign, until)
    cost = cost_of(campaign)
    spared = np.array([row[0] for row in rows], dtype=bool)
    margins = np.array([row[1] for row in rows], dtype=float)
    return Results(
        since=campaign.starts_on,
        until=until,
        is_final=business_today() > _last_day(campaign),
        treated=int((~spared).sum()),
        controls=int(spared.sum()),
        merged=Enrolment.objects.included()
        .filter(campaign=campaign, account__merged_into__isnull=False)
        .count(),
        left_out=_left_out(campaign),
        touches=_touches(campaign),
        cost=cost,
        budget=campaign.budget,
        margin=_outcome("margin", campaign, margins, spared, cost),
        clv=_clv(campaign, rows, spared, until),
        won_treated=sum(1 for row in rows if row[3] and not row[0]),
        won_controls=sum(1 for row in rows if row[3] and row[0]),
    )


def cost_of(campaign: Campaign) -> Decimal:
    """Return what the touches of a campaign cost so far, by the ledger."""
    return costs_of([campaign.pk]).get(campaign.pk, ZERO)


def costs_of(campaign_ids: Sequence[int]) -> dict[int, Decimal]:
    """Return what the touches of each campaign cost so far; none for those of none."""
    with connection.cursor() as cursor:
        cursor.execute(_COSTS, [list(campaign_ids)])
        return dict(cursor.fetchall())


def won_by(campaign_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return campaign and account of each prospect that a campaign has won.

    Won is who was touched as a prospect and became a customer from the first day of the
    campaign to a quarter after its last. Of several campaigns the last one before that
    day counts, so that each customer is won once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _WON,
            {
                "campaigns": list(campaign_ids),
                "prospect": Stage.PROSPECT,
                "afterwards": policy.CAMPAIGN_AFTERWARDS_DAYS,
            },
        )
        return list(cursor.fetchall())


def _last_day(campaign: Campaign) -> dt.date:
    return campaign.ends_on + dt.timedelta(days=policy.CAMPAIGN_AFTERWARDS_DAYS)


def _rows(campaign: Campaign, until: dt.date) -> list[tuple[bool, float, Any, bool]]:
    """Return of each account whether it was spared, margin, change of CLV, if won."""
    run = ValuationRun.objects.as_of(until)
    is_since = run is not None and run.as_of >= campaign.starts_on
    assumed = Assumptions.objects.current()
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTCOMES,
            {
                "campaign": campaign.pk,
                "since": campaign.starts_on,
                "until": until,
                "rate": assumed.margin_rate_if_cost_unknown,
                "run": run.pk if run is not None and is_since else 0,
                "prospect": Stage.PROSPECT,
            },
        )
        return list(cursor.fetchall())


def _clv(
    campaign: Campaign,
    rows: Sequence[tuple[bool, float, Any, bool]],
    spared: "np.ndarray[Any, np.dtype[np.bool_]]",
    until: dt.date,
) -> Outcome | None:
    run = ValuationRun.objects.as_of(until)
    if run is None or run.as_of < campaign.starts_on:
        return None
    changes = np.array(
        [np.nan if row[2] is None else row[2] for row in rows], dtype=float
    )
    known = ~np.isnan(changes)
    if not known.any():
        return None
    return _outcome("CLV", campaign, changes[known], spared[known], ZERO)


def _outcome(
    name: str,
    campaign: Campaign,
    values: "np.ndarray[Any, np.dtype[np.float64]]",
    spared: "np.ndarray[Any, np.dtype[np.bool_]]",
    cost: Decimal,
) -> Outcome:
    touched, control = values[~spared], values[spared]
    untold = _untold(touched.size, control.size)
    found = None if untold else difference(touched, control)
    return Outcome(
        name=name,
        treated=int(touched.size),
        controls=int(control.size),
        cost=cost,
        untold=untold,
        **_amounts(found),
    )


def _untold(touched: int, spared: int) -> str:
    """Say why nothing can be told, or nothing."""
    if not spared:
        return (
            "Nobody was spared, so nobody can tell what it brought about. Spare some"
            " accounts the next time."
        )
    if min(touched, spared) < policy.FEWEST_FOR_AN_EFFECT:
        return f"{count(touched)} with, {count(spared)} without: too few to tell."
    return ""


def _amounts(found: Difference | None) -> dict[str, Decimal | None]:
    names = ("mean_treated", "mean_control", "each", "each_low", "each_high")
    if found is None:
        return dict.fromkeys(names)
    values = (found.mean_with, found.mean_without, found.effect, found.low, found.high)
    return {
        name: to_cents(Decimal(value))
        for name, value in zip(names, values, strict=True)
    }


def _left_out(campaign: Campaign) -> dict[str, int]:
    rows = campaign.enrolments.exclude(left_out="").order_by()
    counts = dict(rows.values_list("left_out").annotate(n=Count("pk")))
    return {kind.value: counts[kind] for kind in LeftOut if kind in counts}


def _touches(campaign: Campaign) -> dict[str, int]:
    rows = PlannedTouch.objects.filter(template__campaign=campaign)
    return rows.aggregate(
        **{status.value: Count("pk", filter=Q(status=status)) for status in TouchStatus}
    )


# The margin of an account's own orders and of those merged into it. Where a line's cost
# is not known the assumed share of its revenue is margin.
_OUTCOMES = """
WITH enrolled AS (
    SELECT e.account_id, e.is_control, e.clv, e.stage, a.acquired_on
    FROM campaigns_enrolment e JOIN crm_account a ON a.id = e.account_id
    WHERE e.campaign_id = %(campaign)s AND e.left_out = ''
        AND a.merged_into_id IS NULL
), member AS (
    SELECT account_id, account_id AS id FROM enrolled
    UNION ALL
    SELECT a.merged_into_id, a.id FROM crm_account a
    JOIN enrolled e ON e.account_id = a.merged_into_id
), traded AS (
    SELECT m.account_id, l.revenue - coalesce(l.cost, l.revenue * (1 - %(rate)s))
        AS margin
    FROM member m JOIN crm_orderline l ON l.account_id = m.id
    WHERE l.status = 'confirmed' AND l.ordered_on BETWEEN %(since)s AND %(until)s
    UNION ALL
    SELECT m.account_id, CASE WHEN l.cost IS NULL THEN -r.refund * %(rate)s
        ELSE r.cost_recovered - r.refund END
    FROM member m JOIN crm_orderline l ON l.account_id = m.id
    JOIN crm_orderreturn r ON r.line_id = l.id
    WHERE l.status = 'confirmed'
        AND greatest(r.returned_on, l.ordered_on) BETWEEN %(since)s AND %(until)s
        AND l.ordered_on >= %(since)s
), summed AS (
    SELECT account_id, sum(margin) AS margin FROM traded GROUP BY account_id
)
SELECT e.is_control, coalesce(s.margin, 0)::float8, (v.clv - e.clv)::float8,
    e.stage = %(prospect)s
        AND coalesce(e.acquired_on BETWEEN %(since)s AND %(until)s, FALSE)
FROM enrolled e
LEFT JOIN summed s ON s.account_id = e.account_id
LEFT JOIN clv_valuation v ON v.run_id = %(run)s AND v.account_id = e.account_id
ORDER BY e.account_id
"""
# A contact that was taken back opens its touch again, so its rows fall out.
_COSTS = """
SELECT tt.campaign_id, sum(e.amount)
FROM campaigns_touchtemplate tt
JOIN campaigns_plannedtouch t ON t.template_id = tt.id
JOIN crm_ledgerentry e ON e.touchpoint_id = t.touchpoint_id
WHERE tt.campaign_id = ANY(%s::bigint[])
GROUP BY tt.campaign_id
"""
_WON = """
SELECT DISTINCT ON (e.account_id) c.id, e.account_id
FROM campaigns_enrolment e
JOIN campaigns_campaign c ON c.id = e.campaign_id AND c.started_at IS NOT NULL
JOIN crm_account a ON a.id = e.account_id AND a.merged_into_id IS NULL
WHERE c.id = ANY(%(campaigns)s::bigint[]) AND e.left_out = '' AND NOT e.is_control
    AND e.stage = %(prospect)s
    AND a.acquired_on BETWEEN c.starts_on AND c.ends_on + %(afterwards)s::int
ORDER BY e.account_id, c.starts_on DESC, c.id DESC
"""
