"""What serving costs per unit of revenue, by year of the relationship."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from clv.models import ValuationRun
from clv.policy import WINNING_KINDS
from common.charts import Chart, Column, Series
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from common.money import ZERO
from common.templatetags.display import THIN_SPACE, cents, count, day, money, number
from crm.models import Account
from segments.permissions import VIEW_DASHBOARD
from segments.queries.opportunities import positional
from segments.queries.profit_facts import IS_AMONG, accounts_in, opening
from segments.queries.scope import Scope
from segments.queries.sets import run_of

LAST_YEAR = 10  # longer relationships stand together
FEWEST = 5  # customers; fewer say little
TWO = 2  # years that make a line

# A customer's first year begins with the first order that the night knows of.
YEAR = "least(floor((f.day - v.first_on) / 365.25)::int + 1, %(last)s)"
FACTS = """
    FROM (
        SELECT account_id, ordered_on AS day, sum(revenue) AS revenue,
            0::numeric AS cost
        FROM crm_orderline l WHERE status = 'confirmed'
            AND ordered_on BETWEEN %(since)s AND %(until)s{among}
        GROUP BY 1, 2
        UNION ALL
        SELECT l.account_id, greatest(r.returned_on, l.ordered_on), -r.refund, 0
        FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
        WHERE l.status = 'confirmed'
            AND greatest(r.returned_on, l.ordered_on) BETWEEN %(since)s AND %(until)s
            {among_returns}
        UNION ALL
        SELECT account_id, incurred_on, 0, sum(amount)
        FROM crm_ledgerentry l WHERE account_id IS NOT NULL
            AND kind <> ALL (%(winning)s)
            AND incurred_on BETWEEN %(since)s AND %(until)s{among}
        GROUP BY 1, 2
    ) f
    LEFT JOIN survivor s ON s.member_id = f.account_id
    JOIN clv_valuation v ON v.run_id = %(run)s
        AND v.account_id = coalesce(s.account_id, f.account_id)
    WHERE v.first_on <= f.day"""
STATEMENT = f"""
    SELECT {YEAR} AS year, count(DISTINCT v.account_id), sum(f.revenue), sum(f.cost)
    {FACTS} GROUP BY 1 ORDER BY 1"""
OF_YEAR = f"SELECT v.account_id {FACTS} AND {YEAR} = %(year)s"


@dataclass(frozen=True, slots=True)
class TenureYear:
    """One year of relationships; `ratio` is cost to serve per unit of revenue."""

    year: int
    customers: int
    revenue: Decimal
    cost: Decimal
    url: str = ""

    @property
    def ratio(self) -> Decimal | None:
        return self.cost / self.revenue if self.revenue > 0 else None

    @property
    def is_small(self) -> bool:
        return self.customers < FEWEST

    @property
    def label(self) -> str:
        return f"{self.year} and later" if self.year == LAST_YEAR else str(self.year)


@dataclass(frozen=True, slots=True)
class Tenure:
    """All years of relationships in the period."""

    years: Sequence[TenureYear]

    @property
    def revenue(self) -> Decimal:
        return sum((one.revenue for one in self.years), ZERO)

    @property
    def cost(self) -> Decimal:
        return sum((one.cost for one in self.years), ZERO)

    @property
    def sentence(self) -> str:
        told = [one for one in self.years if not one.is_small and one.ratio is not None]
        if len(told) < TWO:
            return "Too few customers in more than one year of relationship to compare."
        first, last = told[0], told[-1]
        was, now = first.ratio or ZERO, last.ratio or ZERO
        word = "cheaper" if now < was else "dearer" if now > was else "no cheaper"
        return (
            f"Serving is {word} in long relationships: {cents(was)} per 1 of revenue in"
            f" year {first.label}, {cents(now)} in year {last.label}."
        )

    def chart(self) -> Chart | None:
        told = [one for one in self.years if one.ratio is not None]
        if len(told) < TWO:
            return None
        return Chart(
            key="tenure",
            title="Cost to serve in per cent of revenue",
            summary=f"All years together: {_per_cent(self.cost, self.revenue)}.",
            labels=[one.label for one in told],
            series=[
                Series("Cost to serve", [float(one.ratio or 0) * 100 for one in told])
            ],
            x_title="Year of the relationship",
            unit=f"{THIN_SPACE}%",
            write=number,
            urls=[one.url for one in told],
            columns_beside=(
                Column("Customers", [count(one.customers) for one in told]),
                Column("Revenue", [money(one.revenue) for one in told]),
            ),
        )


def _per_cent(cost: Decimal, revenue: Decimal) -> str:
    if revenue <= 0:
        return "no revenue"
    return f"{number(float(cost / revenue) * 100)}{THIN_SPACE}% of revenue"


def tenure_of(scope: Scope) -> Tenure:
    """Return the years of relationships that the period's sales and costs fall into."""
    if scope.run is None:
        return Tenure(())
    condition, given = accounts_in(scope)
    days = {"since": scope.period.since, "until": scope.period.until}
    params = _params(scope.run, days)
    statement = opening(condition) + STATEMENT.format(
        among=IS_AMONG.format(rows="l") if condition else "",
        among_returns=IS_AMONG.format(rows="r") if condition else "",
    )
    return Tenure(
        [
            TenureYear(
                year=year,
                customers=customers,
                revenue=revenue,
                cost=cost,
                url=scope.list_url("tenure", year=year, **days),
            )
            for year, customers, revenue, cost in kept_rows(statement, params | given)
        ]
    )


def _params(run: ValuationRun, days: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run": run.pk,
        "last": LAST_YEAR,
        "winning": list(WINNING_KINDS),
        **{name: days[name] for name in ("since", "until")},
    }


# -- The accounts behind the figures


def _of_year(_user: Any, given: Given) -> QuerySet[Any]:
    """Return the customers with sales or costs in one year of their relationship."""
    run = run_of(given)
    if run is None:
        return Account.objects.none().values("pk")
    statement = opening("") + OF_YEAR.format(among="", among_returns="")
    params = _params(run, given) | {"year": given["year"]}
    ids = RawSQL(*positional(statement, params))  # noqa: S611  nothing of a user
    return Account.objects.order_by().filter(pk__in=ids).values("pk")


def _of_year_title(given: Given) -> str:
    year = given["year"]
    later = " or later" if year == LAST_YEAR else ""
    return (
        f"with sales or costs from {day(given['since'])} to {day(given['until'])}, in"
        f" year {year}{later} of their relationship"
    )


TENURE = AccountSet(
    title=_of_year_title,
    accounts=_of_year,
    parameters={
        "since": forms.DateField,
        "until": forms.DateField,
        "year": lambda: forms.IntegerField(min_value=1, max_value=LAST_YEAR),
    },
    permission=VIEW_DASHBOARD,
)
