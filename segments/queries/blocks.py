"""Every block of the value page as a table: what its CSV and the API give out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from segments.queries import totals
from segments.queries.cohorts import cohorts_by_relationship, cohorts_of, quarter_name
from segments.queries.effort import quarters_of
from segments.queries.loyalty import loyalty_by_relationship
from segments.queries.scope import Scope
from segments.queries.spread import bars_of, whale_of
from segments.queries.tiles import tiles_of
from segments.queries.worth import history_of

MOST_TOP = 100
CENT = Decimal("0.01")
PLACES = 4  # of shares and ratios

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its title, the names of its columns, and its rows in scope."""

    title: str
    columns: Sequence[str]
    rows: Callable[[Scope], Rows]


def _equity(scope: Scope) -> Rows:
    return [(point.as_of, point.equity) for point in history_of(scope)]


def _top(scope: Scope) -> Rows:
    return [
        (
            one.value.account_id,
            one.value.account.name,
            one.worth_class.value if one.worth_class else None,
            one.value.clv,
            one.value.realised_profit,
            one.value.future_value,
            one.value.future_low,
            one.value.future_high,
        )
        for one in totals.top_in(scope, size=MOST_TOP)
    ]


def _classes(scope: Scope) -> Rows:
    return [
        (
            one.worth_class.value,
            one.accounts,
            one.customers,
            one.clv,
            one.equity,
            one.equity_low,
            one.equity_high,
            one.margin_year,
            one.cost_year,
            one.loyalty.established,
            _rounded(one.loyalty.retention),
        )
        for one in tiles_of(scope)
    ]


def _balance(scope: Scope) -> Rows:
    return [
        (
            one.name,
            one.is_part,
            one.win,
            one.keep,
            one.orders,
            one.shared,
            _rounded(one.share_new),
            one.gain.start.as_of if one.gain else None,
            one.gain.end.as_of if one.gain else None,
            one.gain.new if one.gain else None,
            one.gain.existing if one.gain else None,
            _rounded(one.gain.share_new) if one.gain else None,
            one.won,
            one.kept,
            _rounded(one.ratio),
        )
        for one in quarters_of(scope)
    ]


def _whale(scope: Scope) -> Rows:
    return [(point.customers, point.clv) for point in whale_of(scope)]


def _future(scope: Scope) -> Rows:
    return [(bar.low, bar.high, bar.customers) for bar in bars_of(scope)]


def _cohorts(scope: Scope) -> Rows:
    found = cohorts_of(scope)
    return [
        (
            cohort.name,
            cell.age,
            quarter_name(cell.quarter),
            cell.is_part,
            cell.customers,
            cell.buyers,
            _rounded(cell.share),
            cell.margin.quantize(CENT),
        )
        for cohort in (found.all if found else ())
        for cell in cohort.cells
        if cell is not None
    ]


def _retention(scope: Scope) -> Rows:
    return [
        (key.value, age, _rounded(part), customers)
        for key, found in cohorts_by_relationship(scope).items()
        for age, part, customers in found.curve()
    ]


def _loyalty(scope: Scope) -> Rows:
    return [
        (
            one.relationship.value,
            one.loyalty.customers,
            one.loyalty.repeaters,
            one.loyalty.established,
            one.loyalty.kept,
            _rounded(one.loyalty.repeat_share),
            _rounded(one.loyalty.retention),
            _rounded(one.loyalty.tenure_years),
            _rounded(one.loyalty.orders_a_year),
        )
        for one in loyalty_by_relationship(scope)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES)


BLOCKS: Mapping[str, Block] = {
    "top": Block(
        "Most important customers",
        (
            "account",
            "name",
            "class",
            "clv",
            "realised_profit",
            "future_value",
            "future_low",
            "future_high",
        ),
        _top,
    ),
    "equity": Block("Customer equity", ("as_of", "customer_equity"), _equity),
    "classes": Block(
        "Classes",
        (
            "class",
            "accounts",
            "customers",
            "clv",
            "customer_equity",
            "equity_low",
            "equity_high",
            "margin_year",
            "cost_year",
            "won_over_a_year_ago",
            "retention",
        ),
        _classes,
    ),
    "balance": Block(
        "Winning and keeping",
        (
            "quarter",
            "is_part",
            "spent_on_winning",
            "spent_on_keeping",
            "cost_of_orders",
            "spent_on_nobody_known",
            "share_of_winning",
            "gained_from",
            "gained_until",
            "clv_of_new",
            "clv_of_existing",
            "share_of_new",
            "won",
            "bought_again",
            "win_over_keep",
        ),
        _balance,
    ),
    "whale": Block("Who holds the value", ("customers", "clv_so_far"), _whale),
    "future": Block("Future value", ("from", "to", "customers"), _future),
    "cohorts": Block(
        "Customers by quarter of first order",
        (
            "cohort",
            "age_in_quarters",
            "quarter",
            "is_part",
            "customers",
            "bought",
            "share",
            "margin",
        ),
        _cohorts,
    ),
    "retention": Block(
        "Retention by type of relationship",
        ("relationship", "age_in_quarters", "share", "customers"),
        _retention,
    ),
    "loyalty": Block(
        "Loyalty by type of relationship",
        (
            "relationship",
            "customers",
            "bought_again",
            "won_over_a_year_ago",
            "bought_within_the_year",
            "repeat_share",
            "retention",
            "tenure_years",
            "orders_a_year",
        ),
        _loyalty,
    ),
}
