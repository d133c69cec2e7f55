"""What each source of customers costs and brings; its costs are those of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.choices import CohortKind
from clv.policy import WINNING_KINDS
from common.clock import months_later
from common.kept import kept_rows
from common.money import ZERO
from crm.choices import Source
from crm.queries.merged import WITH_SURVIVORS
from segments.queries.paybacks import paybacks_in
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Scope

FEWEST = 5  # customers won in each year; of fewer a marginal return is chance
LEAST_CHANGE = Decimal("0.1")  # of cost, below which its return cannot be told

# Accounts by source: customers with their CLV, those won lately and in the year before,
# and what winning cost, of customers and of accounts that have not ordered. Costs are
# joined to the accounts asked for, so that of a part only its own are looked up.
STATEMENT = """
    SELECT a.source, count(*) FILTER (WHERE v.first_on IS NOT NULL),
        coalesce(sum(v.clv) FILTER (WHERE v.first_on IS NOT NULL), 0),
        count(*) FILTER (WHERE v.first_on > %(year)s),
        count(*) FILTER (WHERE v.first_on > %(before)s AND v.first_on <= %(year)s),
        coalesce(sum(v.clv + v.cost_to_win) FILTER (WHERE v.first_on > %(year)s), 0),
        coalesce(sum(v.clv + v.cost_to_win) FILTER (
            WHERE v.first_on > %(before)s AND v.first_on <= %(year)s), 0)
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
    WHERE v.run_id = %(run)s{scope}
    GROUP BY a.source"""

COSTS = """
    SELECT a.source, sum(e.amount),
        coalesce(sum(e.amount) FILTER (WHERE v.first_on IS NULL), 0),
        coalesce(sum(e.amount) FILTER (WHERE e.incurred_on > %(year)s), 0),
        coalesce(sum(e.amount) FILTER (
            WHERE e.incurred_on > %(before)s AND e.incurred_on <= %(year)s), 0)
    FROM (
        SELECT a.id AS account_id, a.id AS member_id, a.source
        FROM crm_account a WHERE a.merged_into_id IS NULL{scope}
        UNION ALL
        SELECT a.id, s.member_id, a.source
        FROM survivor s JOIN crm_account a ON a.id = s.account_id WHERE true{scope}
    ) a JOIN crm_ledgerentry e ON e.account_id = a.member_id
    LEFT JOIN clv_valuation v ON v.account_id = a.account_id AND v.run_id = %(run)s
    WHERE e.kind = ANY (%(winning)s) AND e.incurred_on <= %(as_of)s
    GROUP BY a.source"""

UNSPREAD = """
    SELECT coalesce(sum(CASE WHEN account_id IS NULL THEN amount ELSE -amount END), 0)
    FROM crm_ledgerentry
    WHERE (account_id IS NULL OR allocated_from_id IS NOT NULL)
        AND kind = ANY (%(winning)s) AND incurred_on <= %(as_of)s"""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source. `cost` is all that winning cost, `cost_open` of it without an order.

    `marginal` is what the last year's customers are worth before their cost, beyond
    those of the year before, per unit of cost beyond that of the year before.
    """

    key: str
    label: str
    customers: int
    clv: Decimal
    cost: Decimal
    cost_open: Decimal
    won: int
    won_before: int
    worth: Decimal
    worth_before: Decimal
    cost_year: Decimal
    cost_before: Decimal
    payback_months: int | None
    url: str

    @property
    def cost_each(self) -> Decimal | None:
        return self.cost / self.customers if self.customers else None

    @property
    def clv_each(self) -> Decimal | None:
        return self.clv / self.customers if self.customers else None

    @property
    def ratio(self) -> Decimal | None:
        """Return CLV before the cost of winning, per unit of that cost."""
        return (self.clv + self.cost) / self.cost if self.cost > 0 else None

    @property
    def marginal(self) -> Decimal | None:
        more = self.cost_year - self.cost_before
        is_little = abs(more) < LEAST_CHANGE * max(self.cost_before, Decimal(1))
        if min(self.won, self.won_before) < FEWEST or is_little:
            return None
        return (self.worth - self.worth_before) / more

    @property
    def why_no_marginal(self) -> str:
        if self.marginal is not None:
            return ""
        if min(self.won, self.won_before) < FEWEST:
            return f"too few won: {self.won} and {self.won_before}"
        return "cost hardly changed"


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources; `cost` of all and `unspread` are together what the ledger holds."""

    lines: Sequence[SourceLine]
    unspread: Decimal

    @property
    def cost(self) -> Decimal:
        return sum((one.cost for one in self.lines), ZERO)

    @property
    def customers(self) -> int:
        return sum(one.customers for one in self.lines)

    @property
    def clv(self) -> Decimal:
        return sum((one.clv for one in self.lines), ZERO)

    @property
    def in_ledger(self) -> Decimal:
        return self.cost + self.unspread


def sources_of(scope: Scope) -> Sources:
    """Return each source of the accounts in scope, the most valuable first."""
    run = scope.run
    if run is None:
        return Sources((), ZERO)
    condition, given = accounts_in(scope)
    params: dict[str, Any] = given | {
        "run": run.pk,
        "as_of": run.as_of,
        "year": months_later(run.as_of, -12),
        "before": months_later(run.as_of, -24),
        "winning": list(WINNING_KINDS),
    }
    found = {
        row[0]: row[1:]
        for row in _rows(STATEMENT.replace("{scope}", condition), params)
    }
    costs = {
        row[0]: row[1:]
        for row in _rows(WITH_SURVIVORS + COSTS.replace("{scope}", condition), params)
    }
    paid = _payback_months(scope)
    lines = [
        _line(key, found, costs, paid, scope)
        for key in Source.values
        if key in costs or (key in found and found[key][0])
    ]
    left = _rows(UNSPREAD, params)[0][0] if scope.is_whole_firm else ZERO
    return Sources(sorted(lines, key=lambda one: (-one.clv, one.label)), left)


def _payback_months(scope: Scope) -> dict[str, int | None]:
    """Return after how many months the mean of a source's customers has paid back."""
    found = paybacks_in(scope)
    return {
        one.key: one.months_until_mean
        for one in (found.sources if found else ())
        if one.kind == CohortKind.SOURCE and one.course
    }


def _line(
    key: str,
    found: Mapping[str, Sequence[Any]],
    costs: Mapping[str, Sequence[Any]],
    paid: Mapping[str, int | None],
    scope: Scope,
) -> SourceLine:
    zeros = (0, ZERO, 0, 0, ZERO, ZERO)
    customers, clv, won, won_before, worth, worth_before = found.get(key, zeros)
    cost, cost_open, year, before = costs.get(key, (ZERO, ZERO, ZERO, ZERO))
    return SourceLine(
        key=key,
        label=str(Source(key).label) if key else "Source not known",
        customers=customers,
        clv=clv,
        cost=cost,
        cost_open=cost_open,
        won=won,
        won_before=won_before,
        worth=worth,
        worth_before=worth_before,
        cost_year=year,
        cost_before=before,
        payback_months=paid.get(key),
        url=scope.list_url("source", source_key=key),
    )


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)
