"""Which facts are missing, what hangs on them, and what like cases show, as rows.

The night keeps the rows of the whole firm; like cases are always those of the firm.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from clv.models import Valuation, ValuationRun
from common.clock import day_ends_at
from crm import policy
from crm.choices import OrderStatus, Stage
from crm.models import OrderLine, Touchpoint, User
from crm.queries.radar import contacts
from crm.queries.rates import hourly_cost_of_row
from segments.queries.picked import Picked, members_of, rows_of

QUALITY = "quality"
LIKE, GAP, TOUCHED = "like", "gap", "touched"
UNIT_COST, COST_TO_WIN = "unit_cost", "cost_to_win"
MINUTES, HOURLY_COST = "minutes", "hourly_cost"

Row = list[object]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that may be missing; `where` finds the values of accounts it touches.

    What is measured has rows of like cases and of gaps; `is_cost` lowers CLV. What is
    found among contacts `is_joined`: it is asked for by itself, as a join.
    """

    key: str
    title: str
    todo: str
    unit: str
    where: Callable[[dt.date], Q]
    is_measured: bool = False
    is_cost: bool = True
    is_joined: bool = False


def _own(rows: QuerySet[Touchpoint]) -> Q:
    """Tell whether an account, or one merged into it, has one of the contacts."""
    survivors = Coalesce("account__merged_into_id", "account_id")
    return Q(account_id__in=rows.order_by().values_list(survivors))


def _untimed(day: dt.date) -> Q:
    return _own(contacts().filter(minutes=None, occurred_at__lt=day_ends_at(day)))


def _free(day: dt.date) -> Q:
    """Tell whether somebody whose hour costs nothing spent minutes on an account."""
    people = User.objects.annotate(an_hour=hourly_cost_of_row(day)).filter(an_hour=0)
    rows = Touchpoint.objects.standing().filter(
        minutes__gt=0, occurred_at__lt=day_ends_at(day), user__in=people.values("pk")
    )
    return _own(rows)


FACTS = (
    Fact(
        UNIT_COST,
        "Unit costs of what was sold",
        "Give each product its cost, and send the order lines again with it.",
        "order lines",
        lambda day: ~Q(revenue_cost_unknown=0),
        is_measured=True,
        is_cost=False,
    ),
    Fact(
        COST_TO_WIN,
        "Cost of winning the customer",
        "Post acquisition and onboarding to the customers that they won.",
        "customers",
        lambda day: Q(first_on__isnull=False, cost_to_win=0),
        is_measured=True,
    ),
    Fact(
        MINUTES,
        "Minutes of contacts",
        "Correct the contacts: how long did they take?",
        "contacts",
        _untimed,
        is_measured=True,
        is_joined=True,
    ),
    Fact(
        HOURLY_COST,
        "Hourly costs of people who spend time on customers",
        "Set what an hour of them costs.",
        "hours",
        _free,
        is_measured=True,
        is_joined=True,
    ),
    Fact(
        "orders",
        "Orders of accounts that are called customers",
        "Load their orders, or call them prospects.",
        "customers",
        lambda day: Q(account__stage=Stage.CUSTOMER, order_days=0),
    ),
    Fact(
        "acquired_on",
        "Day on which the customer was won",
        "Enter the day; until then the first order stands for it.",
        "customers",
        lambda day: Q(first_on__isnull=False, account__acquired_on=None),
    ),
    Fact(
        "owner",
        "Owner",
        "Give each account to somebody.",
        "accounts",
        lambda day: Q(account__owner=None),
    ),
    Fact(
        "industry",
        "Industry",
        "Fill it in: prospects are valued by customers of their industry.",
        "accounts",
        lambda day: Q(account__industry=""),
    ),
    Fact(
        "territory",
        "Territory",
        "Assign a territory.",
        "accounts",
        lambda day: Q(account__territory=None),
    ),
)
BY_KEY = {fact.key: fact for fact in FACTS}


def like_rows(run: ValuationRun) -> list[Row]:
    """Return fact, group, cases, 10th and 90th hundredth; no group is all cases."""
    params = _params(Picked(run))
    return [
        [LIKE, fact, *row]
        for fact, sql in _LIKE.items()
        for row in rows_of(_GROUPED.format(known=sql), params)
    ]


def gap_rows(picked: Picked) -> list[Row]:
    """Return fact, group, product, how many are missing, and what hangs on them."""
    account = f"""
        account AS MATERIALIZED ({picked.accounts}),
        member AS ({members_of("account")})
    """
    params = _params(picked)
    return [
        [GAP, fact, *row]
        for fact, sql in _GAPS.items()
        for row in rows_of(sql.format(account=account, only=picked.only), params)
    ]


def touched_rows(values: QuerySet[Valuation], day: dt.date) -> list[Row]:
    """Return for each fact how many accounts lack it and their CLV; all at first."""
    sums: dict[str, Count | Sum] = {}
    for fact in FACTS:
        if fact.is_joined:
            continue
        missing = fact.where(day)
        sums[f"{fact.key}_n"] = Count("account_id", filter=missing)
        sums[f"{fact.key}_clv"] = Sum("clv", filter=missing)
    found = values.order_by().aggregate(
        all_n=Count("account_id"), all_clv=Sum("clv"), **sums
    )
    for fact in FACTS:
        if fact.is_joined:
            found |= (
                values.order_by()
                .filter(fact.where(day))
                .aggregate(
                    **{
                        f"{fact.key}_n": Count("account_id"),
                        f"{fact.key}_clv": Sum("clv"),
                    }
                )
            )
    return [
        [TOUCHED, key, found[f"{key}_n"], str(found[f"{key}_clv"] or 0)]
        for key in ("all", *BY_KEY)
    ]


def quality_rows(picked: Picked) -> list[Row]:
    """Return everything about the whole firm, for the night to keep."""
    run = picked.run
    values = Valuation.objects.filter(run=run)
    return [*like_rows(run), *gap_rows(picked), *touched_rows(values, run.as_of)]


def uncosted_lines(product: int, day: dt.date) -> QuerySet[OrderLine]:
    """Return lines of a product without a unit cost; 0 is lines without a product."""
    return OrderLine.objects.order_by().filter(
        product=product or None,
        cost=None,
        status=OrderStatus.CONFIRMED,
        ordered_on__lte=day,
    )


def _params(picked: Picked) -> dict[str, object]:
    return {
        **picked.params,
        "ends": day_ends_at(picked.run.as_of),
        "silent": list(policy.CHANNELS_WITHOUT_CONTACT),
        "failed": list(policy.OUTCOMES_WITHOUT_CONTACT),
    }


_GROUPED = """
    SELECT coalesce(grouped, ''), count(*)::int,
        percentile_cont(0.1) WITHIN GROUP (ORDER BY value),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY value)
    FROM ({known}) known
    GROUP BY GROUPING SETS ((grouped), ())
    HAVING count(*) > 0 AND (grouping(grouped) = 1 OR grouped > '')
"""
_AN_HOUR = """
    SELECT u.id, coalesce((
        SELECT r.amount FROM crm_hourlyrate r
        WHERE r.user_id = u.id AND r.valid_from <= %(as_of)s
        ORDER BY r.valid_from DESC LIMIT 1
    ), u.hourly_cost) AS amount FROM crm_user u
"""
_CONTACT = """
    t.voided_at IS NULL AND t.user_id IS NOT NULL AND t.occurred_at < %(ends)s
    AND t.channel <> ALL (%(silent)s) AND t.outcome <> ALL (%(failed)s)
"""
_LIKE = {
    UNIT_COST: """
        SELECT p.category AS grouped,
            (1 - sum(l.cost) / sum(l.revenue))::float8 AS value
        FROM crm_orderline l JOIN crm_product p ON p.id = l.product_id
        WHERE l.status = 'confirmed' AND l.cost IS NOT NULL
            AND l.ordered_on <= %(as_of)s
        GROUP BY p.id HAVING sum(l.revenue) > 0
    """,
    COST_TO_WIN: """
        SELECT a.source AS grouped, v.cost_to_win::float8 AS value
        FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
        WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL AND v.cost_to_win > 0
    """,
    MINUTES: f"""
        SELECT t.channel AS grouped, t.minutes::float8 AS value
        FROM crm_touchpoint t WHERE t.minutes > 0 AND {_CONTACT}
    """,
    HOURLY_COST: f"""
        SELECT '' AS grouped, an_hour.amount::float8 AS value
        FROM ({_AN_HOUR}) an_hour WHERE an_hour.amount > 0
    """,
}
_GAPS = {
    UNIT_COST: """
        WITH {account}
        SELECT coalesce(p.category, ''), l.product_id, count(*)::int,
            count(DISTINCT member.account_id)::int,
            sum(l.revenue - coalesce(r.refund, 0))::float8
        FROM crm_orderline l
        JOIN member ON member.member_id = l.account_id
        LEFT JOIN crm_product p ON p.id = l.product_id
        LEFT JOIN LATERAL (
            SELECT sum(r.refund) AS refund FROM crm_orderreturn r
            WHERE r.line_id = l.id AND r.returned_on <= %(as_of)s
        ) r ON true
        WHERE l.status = 'confirmed' AND l.cost IS NULL AND l.ordered_on <= %(as_of)s
        GROUP BY 1, 2
    """,
    COST_TO_WIN: """
        SELECT a.source, NULL::bigint, count(*)::int, count(*)::int, count(*)::float8
        FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
        WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL AND v.cost_to_win = 0
            {only}
        GROUP BY 1
    """,
    MINUTES: f"""
        WITH {{account}}, an_hour AS ({_AN_HOUR})
        SELECT t.channel, NULL::bigint, count(*)::int,
            count(DISTINCT member.account_id)::int, sum(an_hour.amount / 60)::float8
        FROM crm_touchpoint t
        JOIN member ON member.member_id = t.account_id
        JOIN an_hour ON an_hour.id = t.user_id
        WHERE t.minutes IS NULL AND {_CONTACT}
        GROUP BY 1
    """,
    HOURLY_COST: f"""
        WITH {{account}}, an_hour AS ({_AN_HOUR})
        SELECT '', NULL::bigint, (sum(t.minutes) / 60)::int,
            count(DISTINCT member.account_id)::int, sum(t.minutes)::float8 / 60
        FROM crm_touchpoint t
        JOIN member ON member.member_id = t.account_id
        JOIN an_hour ON an_hour.id = t.user_id AND an_hour.amount = 0
        WHERE t.minutes > 0 AND t.voided_at IS NULL AND t.occurred_at < %(ends)s
        HAVING count(*) > 0
    """,
}
