"""The metrics of one account: each with its formula and how fresh it is."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.choices import TouchStatus
from campaigns.queries.wallet import Wallet, wallet_of
from clv.models import Valuation, ValuationRun
from common.clock import business_today, day_ends_at
from common.kept import kept_rows
from common.templatetags.display import (
    cents,
    count,
    day,
    exact_share,
    number,
    share,
)
from crm import policy
from crm.models import Account
from crm.queries.completeness import facets_of
from segments.models import Membership
from segments.queries.reasons import say_todays_reasons

YEAR_DAYS = 365
QUARTER_DAYS = 90
UNKNOWN = "not known"
DAYS_PER_YEAR = 365.25

# Contacts of a year: how many, how long, how they went, and when the newest came in.
CONTACTED = """
    SELECT count(*) FILTER (WHERE occurred_at >= %(quarter)s),
        count(*), coalesce(sum(minutes), 0),
        avg(rating_people)::float8, avg(rating_information)::float8,
        avg(rating_deliverables)::float8, max(occurred_at)
    FROM crm_touchpoint
    WHERE account_id = %(account)s AND voided_at IS NULL
        AND channel <> ALL (%(silent)s) AND occurred_at >= %(year)s
        AND occurred_at < %(ends)s
"""
# The mean of the worst tenth of the rated contacts, at least one of them.
WORST = """
    SELECT count(*), avg(score)::float8,
        (avg(score) FILTER (WHERE place <= ceil(total / 10.0)))::float8
    FROM (
        SELECT s.score, row_number() OVER (ORDER BY s.score) AS place,
            count(*) OVER () AS total
        FROM crm_touchpoint c CROSS JOIN LATERAL (
            SELECT avg(rating) AS score FROM unnest(ARRAY[
                c.rating_people, c.rating_information, c.rating_deliverables
            ]) rating
        ) s
        WHERE c.account_id = %(account)s AND c.voided_at IS NULL
            AND s.score IS NOT NULL AND c.occurred_at >= %(year)s
            AND c.occurred_at < %(ends)s
    ) placed
"""
KEPT = """
    SELECT count(*), count(*) FILTER (WHERE status = %(done)s)
    FROM campaigns_plannedtouch
    WHERE account_id = %(account)s AND status <> %(cancelled)s
        AND due_on >= %(since)s AND due_on < %(today)s
"""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: its value in words, how it comes about, and as of when."""

    key: str
    title: str
    value: str
    formula: str
    fresh: str

    @property
    def is_unknown(self) -> bool:
        return self.value == UNKNOWN


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics that belong together."""

    title: str
    metrics: Sequence[Metric]


def metrics_of(account: Account) -> list[MetricGroup]:
    """Return every metric of an account, in a fixed number of queries."""
    today = business_today()
    run = ValuationRun.objects.select_related("assumptions").current()
    rows = Valuation.objects.of_run(run) if run else Valuation.objects.none()
    value = rows.filter(account_id=account.pk).first()
    groups = [MetricGroup("Contact", list(_contact(account, today)))]
    if run is None or value is None:
        return groups
    night = f"night of {day(run.as_of)}"
    stands = Membership.objects.open().filter(account=account).first()
    if stands is not None:
        say_todays_reasons(run, [stands])
    wallet = wallet_of(account, today=today)
    return [
        MetricGroup("Worth", list(_worth(run, value, stands, night))),
        MetricGroup("Buying", list(_buying(value, night, run.as_of))),
        MetricGroup("Cost and care", list(_cost(value, wallet, night))),
        *groups,
    ]


def _worth(
    run: ValuationRun, value: Valuation, stands: Membership | None, night: str
) -> Iterator[Metric]:
    terms = run.assumptions
    rate = exact_share(terms.annual_rate)
    ahead = f"over {terms.horizon_months} months, discounted at {rate} a year"
    yield Metric(
        "clv",
        "Customer lifetime value",
        cents(value.clv),
        "realised profit + future value",
        night,
    )
    yield Metric(
        "realised",
        "Realised profit",
        cents(value.realised_profit),
        "margin of all orders − cost to win − cost to serve so far",
        night,
    )
    yield Metric(
        "future",
        "Future value",
        f"{cents(value.future_value)} "
        f"({cents(value.future_low)} to {cents(value.future_high)})",
        f"expected margin − expected cost {ahead}; in brackets the 80 % interval",
        night,
    )
    yield Metric(
        "expected-margin",
        "Expected margin",
        cents(value.expected_margin),
        f"expected orders × expected margin of an order, {ahead}",
        night,
    )
    yield Metric(
        "expected-cost",
        "Expected cost",
        cents(value.expected_cost),
        f"cost to serve per order and per year, as its ledger and its class have it, "
        f"{ahead}",
        night,
    )
    alive = value.probability_alive
    yield Metric(
        "alive",
        "Chance to be still a customer",
        UNKNOWN if alive is None else share(alive),
        "by the model that the night chose, from number, first and last day of orders",
        night,
    )
    yield Metric(
        "orders-ahead",
        "Orders expected within a year",
        number(value.expected_orders_year, 1),
        "expected purchases of the model for the next 12 months",
        night,
    )
    yield Metric(
        "step",
        "Basis",
        value.get_ladder_step_display(),
        "how much of its own history the value rests on",
        night,
    )
    yield Metric(
        "break-even",
        "Break-even",
        _break_even(value),
        "first day on which margin has covered the cost to win and to serve",
        night,
    )
    yield Metric(
        "class",
        "Worth class",
        stands.get_worth_class_display() if stands else UNKNOWN,
        stands.reason if stands else "No night has classed it yet.",
        f"since {day(stands.since)}" if stands else "–",
    )


def _break_even(value: Valuation) -> str:
    words = value.get_break_even_display()
    when = value.paid_back_on or value.break_even_on
    return f"{words}, {day(when)}" if when else words


def _buying(value: Valuation, night: str, as_of: dt.date) -> Iterator[Metric]:
    yield Metric(
        "orders",
        "Orders",
        count(value.order_count),
        "orders that stand, without those cancelled",
        night,
    )
    yield Metric(
        "revenue",
        "Revenue",
        cents(value.revenue),
        "price − discount − returns of all orders",
        night,
    )
    yield Metric(
        "margin",
        "Margin",
        cents(value.margin),
        "revenue − unit cost of what was kept",
        night,
    )
    yield Metric(
        "margin-year",
        "Margin of the last 12 months",
        cents(value.margin_year),
        "the same, of orders of the last 365 days",
        night,
    )
    yield Metric(
        "last-order",
        "Last order",
        day(value.last_on) if value.last_on else "none yet",
        "day of the newest order that stands",
        night,
    )
    yield Metric("rhythm", "Days between orders", *_rhythm(value), night)
    yield Metric(
        "tenure",
        "Years with us",
        number((as_of - value.first_on).days / DAYS_PER_YEAR)
        if value.first_on
        else "no order yet",
        "from the first order to the night",
        night,
    )


def _rhythm(value: Valuation) -> tuple[str, str]:
    formula = "(last − first order day) / (days with orders − 1)"
    if value.first_on is None or value.last_on is None or value.order_days <= 1:
        return UNKNOWN, formula
    span = (value.last_on - value.first_on).days
    return number(span / (value.order_days - 1)), formula


def _cost(value: Valuation, wallet: Wallet | None, night: str) -> Iterator[Metric]:
    yield Metric(
        "cost-to-win",
        "Cost to win",
        cents(value.cost_to_win),
        "ledger rows of winning it",
        night,
    )
    yield Metric(
        "cost-year",
        "Cost to serve of the last 12 months",
        cents(value.cost_year),
        "ledger rows of serving it: delivery, returns, credit, account management, "
        "marketing, service, other",
        night,
    )
    if wallet is None:
        return
    spend = wallet.spend
    yield Metric(
        "justified",
        "Justified care",
        cents(spend.limit),
        f"until the next unit no longer pays; {wallet.response.said}",
        f"{night}, spend as of now",
    )
    yield Metric(
        "justified-left",
        "Left of it",
        cents(spend.left),
        f"justified − {cents(spend.used)} spent on care in the last 365 days",
        "now",
    )


def _contact(account: Account, today: dt.date) -> Iterator[Metric]:
    params = _params(account, today)
    ((quarter, year, minutes, *rated, newest),) = _rows(CONTACTED, params)
    fresh = f"now; newest on {day(newest)}" if newest else "now; none within a year"
    since = account.last_contact_on
    yield Metric(
        "last-contact",
        "Last contact",
        day(since) if since else "none yet",
        "newest contact that reached somebody",
        "now",
    )
    yield Metric(
        "contacts",
        "Contacts in 90 days",
        count(quarter),
        "calls, mails, visits and so on, without notes",
        fresh,
    )
    yield Metric(
        "hours",
        "Hours within a year",
        number(minutes / 60),
        f"sum of the minutes of {count(year)} contacts",
        fresh,
    )
    ((due, done),) = _rows(KEPT, params)
    yield Metric(
        "adherence",
        "Plan kept",
        f"{share(done / due)} ({count(done)} of {count(due)})" if due else UNKNOWN,
        "touches done / touches that fell due within a year, without those cancelled",
        "now",
    )
    yield from _satisfaction(params, rated, fresh)
    for facet in facets_of([account.pk], today).get(account.pk, []):
        missing = ", ".join(facet.missing)
        yield Metric(
            f"known-{facet.name.lower()}",
            f"Known of {facet.name.lower()}",
            share(facet.share),
            f"not known: {missing}" if missing else "all that is asked is known",
            "now",
        )


def _satisfaction(
    params: dict[str, Any], rated: list[float | None], fresh: str
) -> Iterator[Metric]:
    ((ratings, mean, worst),) = _rows(WORST, params)
    names = ("People", "Information", "Deliverables")
    parts = ", ".join(
        f"{name} {number(one)}"
        for name, one in zip(names, rated, strict=True)
        if one is not None
    )
    yield Metric(
        "satisfaction",
        "Satisfaction, of 5",
        f"{number(mean)} ({parts})" if mean is not None else UNKNOWN,
        f"mean of {count(ratings)} rated contacts of a year",
        fresh,
    )
    yield Metric(
        "worst-tenth",
        "Worst tenth of contacts, of 5",
        number(worst) if worst is not None else UNKNOWN,
        "mean of the lowest tenth of rated contacts, at least one: how consistent we "
        "are",
        fresh,
    )


def _params(account: Account, today: dt.date) -> dict[str, Any]:
    ends = day_ends_at(today)
    return {
        "account": account.pk,
        "ends": ends,
        "quarter": ends - dt.timedelta(days=QUARTER_DAYS),
        "year": ends - dt.timedelta(days=YEAR_DAYS),
        "silent": list(policy.CHANNELS_WITHOUT_CONTACT),
        "done": TouchStatus.DONE,
        "cancelled": TouchStatus.CANCELLED,
        "since": today - dt.timedelta(days=YEAR_DAYS),
        "today": today,
    }


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)
