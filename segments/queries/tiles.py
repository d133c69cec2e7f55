"""The four classes in scope, each with its sums, its flow and its loyalty."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from clv.models import ValuationRun
from segments.choices import WorthClass
from segments.queries import totals
from segments.queries.loyalty import Loyalty, loyalty_by_class
from segments.queries.picked import ZERO
from segments.queries.scope import Scope
from segments.queries.worth import Worth, is_class_alone, total_of, worth_by_class


@dataclass(frozen=True, slots=True)
class Tile:
    """One class in scope. `came` and `left` are known of whole classes only."""

    worth_class: WorthClass
    accounts: int
    customers: int
    clv: Decimal
    equity: Decimal
    equity_low: Decimal | None
    equity_high: Decimal | None
    margin_year: Decimal
    cost_year: Decimal
    came: int | None
    left: int | None
    loyalty: Loyalty
    class_url: str
    accounts_url: str
    best_url: str


@dataclass(frozen=True, slots=True)
class Headline:
    """What everything in scope is worth, and how sure that is."""

    customers: int
    accounts: int
    clv: Decimal
    equity: Decimal
    low: Decimal | None
    high: Decimal | None
    margin_year: Decimal
    cost_year: Decimal


def tiles_of(scope: Scope) -> list[Tile]:
    """Return the classes in order of worth; one alone where one is asked for."""
    if scope.run is None:
        return []
    loyal = loyalty_by_class(scope)
    wanted = [key for key in WorthClass if scope.worth_class in {None, key}]
    if is_class_alone(scope):
        known = {one.worth_class: one for one in totals.class_tiles(scope.run)}
        return [_of_night(scope, known[key], loyal[key]) for key in wanted]
    found = worth_by_class(scope)
    return [_of_worth(scope, scope.run, key, found[key], loyal[key]) for key in wanted]


def _of_night(scope: Scope, one: totals.ClassTile, loyalty: Loyalty) -> Tile:
    return Tile(
        worth_class=one.worth_class,
        accounts=one.accounts,
        customers=one.customers,
        clv=one.clv,
        equity=one.equity,
        equity_low=one.equity_low,
        equity_high=one.equity_high,
        margin_year=one.margin_year,
        cost_year=one.cost_year,
        came=one.came,
        left=one.left,
        loyalty=loyalty,
        **_urls(scope, one.worth_class),
    )


def _of_worth(
    scope: Scope, run: ValuationRun, key: WorthClass, worth: Worth, loyalty: Loyalty
) -> Tile:
    low, high = worth.interval(run)
    return Tile(
        worth_class=key,
        accounts=worth.accounts,
        customers=worth.customers,
        clv=worth.clv,
        equity=worth.customer_equity,
        equity_low=low,
        equity_high=high,
        margin_year=worth.margin_year,
        cost_year=worth.cost_year,
        came=None,
        left=None,
        loyalty=loyalty,
        **_urls(scope, key),
    )


def _urls(scope: Scope, key: WorthClass) -> dict[str, str]:
    page = reverse("segments:class_detail", args=[key.value])
    return {
        "class_url": page + scope.query(**{"class": None, "to": None}),
        "accounts_url": scope.list_url(**{"class": key.value}),
        "best_url": scope.list_url(**{"class": key.value, "sort": "-clv"}),
    }


def headline_of(scope: Scope, tiles: Iterable[Tile]) -> Headline:
    """Sum up the tiles; the interval is that of the sum, not the sum of intervals."""
    rows = list(tiles)
    low, high = _interval(scope, rows)
    return Headline(
        customers=sum(one.customers for one in rows),
        accounts=sum(one.accounts for one in rows),
        clv=sum((one.clv for one in rows), ZERO),
        equity=sum((one.equity for one in rows), ZERO),
        low=low,
        high=high,
        margin_year=sum((one.margin_year for one in rows), ZERO),
        cost_year=sum((one.cost_year for one in rows), ZERO),
    )


def _interval(scope: Scope, tiles: list[Tile]) -> tuple[Decimal | None, Decimal | None]:
    if scope.run is None:
        return None, None
    if scope.is_whole_firm:
        known = totals.equity_range(scope.run)
        return (known.low, known.high) if known else (None, None)
    if is_class_alone(scope):
        return tiles[0].equity_low, tiles[0].equity_high
    return total_of(worth_by_class(scope).values()).interval(scope.run)
