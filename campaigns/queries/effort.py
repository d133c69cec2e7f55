"""Where hours and money go, and where they would earn most.

Hours are the minutes of contacts in the period, money the ledger's account management,
marketing and service, both on customers. Recommended is the same total spread in
proportion to the care that is justified for each customer within a year
(`campaigns.engine.justified`): until the next unit no longer pays, nothing where
nothing is expected. What a class or a rep's accounts return is that justified care per
hour and per unit of money spent.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.queries.wallet import CARE_KINDS, Responses
from clv.models import ValuationRun
from common.charts import Chart, Series
from common.clock import day_ends_at
from common.kept import kept_rows, marks_of
from common.templatetags.display import money, number, share
from crm.models import Account, User
from segments.choices import WorthClass
from segments.queries.narrowed import name_of, part_of
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Period, Scope, usual_period
from segments.queries.stored import stored_rows

ALLOCATION, PARTS = "allocation", "hours"
GAPS_NAMED = 12
GROUPS_NAMED = 15
SMALLEST_GAP = 0.25  # hours; less is no task
NOT_KNOWN = "not known"

READ = (
    "crm_touchpoint",
    "crm_ledgerentry",
    "campaigns_measuredeffect",
    "crm_account",
    "segments_membership",
)
SPENT = """
    WITH touched AS (
        SELECT account_id, sum(minutes)::float8 / 60 AS hours FROM crm_touchpoint
        WHERE voided_at IS NULL AND minutes > 0
            AND occurred_at >= %(begins)s AND occurred_at < %(ends)s
        GROUP BY account_id
    ), paid AS (
        SELECT account_id, sum(amount)::float8 AS money FROM crm_ledgerentry
        WHERE account_id IS NOT NULL AND kind = ANY (%(kinds)s)
            AND incurred_on BETWEEN %(since)s AND %(until)s
        GROUP BY account_id
    )
"""
_CUSTOMERS = """
    SELECT v.account_id, a.owner_id, m.worth_class,
        coalesce(t.hours, 0) AS hours, coalesce(p.money, 0) AS money,
        {justified}::float8 AS justified
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id {joins}
    LEFT JOIN segments_membership m ON m.account_id = v.account_id
        AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
    LEFT JOIN touched t ON t.account_id = v.account_id
    LEFT JOIN paid p ON p.account_id = v.account_id
    WHERE v.run_id = %(run)s AND v.order_days > 0 {among}
"""
TOTALS = """
    {spent}
    SELECT CASE WHEN grouping(worth_class) = 0 THEN 'class'
            WHEN grouping(owner_id) = 0 THEN 'owner' ELSE 'all' END,
        coalesce(CASE WHEN grouping(worth_class) = 0 THEN worth_class
            ELSE owner_id::text END, ''),
        count(*), sum(hours), sum(money), sum(justified)
    FROM ({customers}) customers
    GROUP BY GROUPING SETS ((worth_class), (owner_id), ())
"""
GAPS = """
    {spent}, customers AS ({customers}), total AS (
        SELECT sum(hours) AS hours, nullif(sum(justified), 0) AS justified
        FROM customers
    ), gaps AS (
        SELECT account_id, customers.hours,
            total.hours * customers.justified / total.justified AS recommended,
            customers.justified
        FROM customers, total WHERE total.justified IS NOT NULL
    )
    (SELECT * FROM gaps ORDER BY recommended - hours DESC, account_id LIMIT {named})
    UNION ALL
    (SELECT * FROM gaps ORDER BY recommended - hours, account_id LIMIT {named})
"""
PROSPECTS = """
    {spent}
    SELECT coalesce(nullif(a.industry, ''), ''), count(*), sum(l.rank)::float8,
        coalesce(sum(t.hours), 0)
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
    JOIN clv_likegroup l ON l.run_id = v.run_id AND l.trait_code = v.trait_code
    LEFT JOIN touched t ON t.account_id = v.account_id
    WHERE v.run_id = %(run)s AND v.order_days = 0 {among}
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {named}
"""


@dataclass(frozen=True, slots=True)
class EffortRow:
    """Hours and money of one class or rep, as they are and as recommended."""

    key: str
    label: str
    customers: int
    hours: float
    money: float
    justified: float
    hours_recommended: float
    money_recommended: float
    url: str

    @property
    def hours_gap(self) -> float:
        return self.hours_recommended - self.hours

    @property
    def money_gap(self) -> float:
        return self.money_recommended - self.money

    @property
    def per_hour(self) -> float | None:
        """Return justified care per hour spent; None without hours."""
        return self.justified / self.hours if self.hours > 0 else None

    @property
    def per_money(self) -> float | None:
        return self.justified / self.money if self.money > 0 else None


@dataclass(frozen=True, slots=True)
class Gap:
    """One customer with more or less hours than recommended."""

    account: Account
    hours: float
    recommended: float
    justified: float

    @property
    def more(self) -> float:
        return self.recommended - self.hours

    @property
    def task(self) -> str:
        """Return what a task for it says."""
        if self.more > 0:
            return f"Give more care: about {number(self.more)} hours a year"
        return f"Find a way that takes less: {number(-self.more)} hours too many"


@dataclass(frozen=True, slots=True)
class ProspectGroup:
    """Prospects of one industry: what pursuing them is expected to bring."""

    label: str
    prospects: int
    gain: float
    hours: float
    url: str = ""

    @property
    def per_hour(self) -> float | None:
        return self.gain / self.hours if self.hours > 0 else None

    @property
    def each(self) -> float:
        return self.gain / self.prospects


@dataclass(frozen=True, slots=True)
class Effort:
    """Where effort goes in a scope, and where it would earn most."""

    whole: EffortRow
    classes: Sequence[EffortRow]
    owners: Sequence[EffortRow]
    too_little: Sequence[Gap]
    too_much: Sequence[Gap]
    prospects: Sequence[ProspectGroup]

    @property
    def shifted(self) -> float:
        """Return the hours that would go to another class."""
        return sum(max(row.hours_gap, 0.0) for row in self.classes)

    @property
    def sentence(self) -> str:
        whole = self.whole
        if not whole.hours and not whole.money:
            return "No hours and no money were spent on customers in this period."
        said = (
            f"{number(whole.hours)} hours and {money(whole.money)} in money went to"
            " customers."
        )
        short = max(self.classes, key=lambda row: row.hours_gap, default=None)
        if short is None or not whole.justified or not whole.hours:
            return f"{said} Nothing says where more would earn more."
        part = share(self.shifted / whole.hours)
        return (
            f"{said} {part} of the hours would earn more elsewhere:"
            f" {short.label.lower()} would get {number(short.hours_gap)} hours more."
        )

    @property
    def chart(self) -> Chart:
        rows = self.classes
        return Chart(
            key="allocation",
            title="Hours by class",
            summary="Hours as they are, and as justified care would share them out.",
            labels=[row.label for row in rows],
            series=[
                Series("Hours, as they are", [row.hours for row in rows], "bar"),
                Series(
                    "Recommended",
                    [row.hours_recommended for row in rows],
                    "bar",
                    "chart-2",
                ),
            ],
            x_title="Class",
            write=number,
        )


def effort_in(scope: Scope) -> Effort | None:
    """Return the effort of a scope's period; None without customers."""
    if scope.run is None:
        return None
    kept = _kept(scope, scope.run)
    rows, far, groups = kept or _summed(
        scope.run, scope.period, *accounts_in(scope, "v.account_id")
    )
    found = next((row for row in rows if row[0] == "all"), None)
    if found is None or not found[2]:
        return None
    whole = _row("", "All customers", found, found, scope.list_url("revenue-and-clv"))
    gaps = _gaps(far, scope)
    return Effort(
        whole=whole,
        classes=_classes(rows, found, scope),
        owners=_owners(rows, found, scope),
        too_little=[one for one in gaps if one.more >= SMALLEST_GAP],
        too_much=[one for one in reversed(gaps) if -one.more >= SMALLEST_GAP],
        prospects=_prospects(groups, scope),
    )


def effort_rows(run: ValuationRun) -> list[Any]:
    """Return what the night keeps: the marks of what was read, and the firm's rows."""
    return [marks_of(*READ), *_summed(run, usual_period(run.as_of), "", {})]


def _kept(scope: Scope, run: ValuationRun) -> list[Any] | None:
    """Return the rows that the night kept, None where they have to be summed anew.

    They count for the usual period, of the whole firm or of one class, rep, territory
    or industry, until a contact, a cost, an effect, an account or a class is entered
    or changed, see `stored_rows`.
    """
    part = part_of(scope)
    if part is None or scope.has_period or scope.day != run.as_of:
        return None
    name = name_of(PARTS, *part) if any(part) else ALLOCATION
    return stored_rows(run, name, marks_of(*READ))


def _summed(
    run: ValuationRun, period: Period, only: str, given: dict[str, Any]
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return totals, the largest gaps, and groups of prospects."""
    params = window(run, period) | given
    responses = Responses(run.assumptions)
    customers = _CUSTOMERS.format(
        among=only, justified=responses.justified_column(), joins=responses.joins()
    )
    totals = TOTALS.format(spent=SPENT, customers=customers)
    gaps = GAPS.format(spent=SPENT, customers=customers, named=GAPS_NAMED)
    groups = PROSPECTS.format(spent=SPENT, among=only, named=GROUPS_NAMED)
    return _rows(totals, params), _rows(gaps, params), _rows(groups, params)


def window(run: ValuationRun, period: Period) -> dict[str, Any]:
    """Return the values that `SPENT` and what joins it ask for."""
    return {
        "run": run.pk,
        "day": run.as_of,
        "since": period.since,
        "until": period.until,
        "begins": day_ends_at(period.since - dt.timedelta(days=1)),
        "ends": day_ends_at(period.until),
        "kinds": [kind.value for kind in CARE_KINDS],
    }


def _classes(
    rows: Sequence[Any], whole: Sequence[Any], scope: Scope
) -> list[EffortRow]:
    known = {row[1]: row for row in rows if row[0] == "class"}
    found = [
        _row(
            key.value,
            str(key.label),
            known[key.value],
            whole,
            scope.list_url("revenue-and-clv", **{"class": key.value}),
        )
        for key in WorthClass
        if key.value in known
    ]
    if "" in known:
        found.append(_row("", "In no class", known[""], whole, ""))
    return found


def _owners(rows: Sequence[Any], whole: Sequence[Any], scope: Scope) -> list[EffortRow]:
    mine = [row for row in rows if row[0] == "owner"]
    people = User.objects.in_bulk([int(row[1]) for row in mine if row[1]])
    found = [
        _row(
            row[1],
            str(people[int(row[1])]) if row[1] else "Nobody's",
            row,
            whole,
            scope.list_url("revenue-and-clv", owner=row[1]) if row[1] else "",
        )
        for row in mine
    ]
    return sorted(found, key=lambda row: -row.hours_gap)


def _row(
    key: str, label: str, row: Sequence[Any], whole: Sequence[Any], url: str
) -> EffortRow:
    _, _, customers, hours, spent, justified = row
    part = justified / whole[5] if whole[5] else 0.0
    return EffortRow(
        key=key,
        label=label,
        customers=customers,
        hours=hours,
        money=spent,
        justified=justified,
        hours_recommended=whole[3] * part if whole[5] else hours,
        money_recommended=whole[4] * part if whole[5] else spent,
        url=url,
    )


def _gaps(found: Sequence[Any], scope: Scope) -> list[Gap]:
    rows = {row[0]: row for row in found}
    accounts = Account.objects.visible_to(scope.user).select_related("owner")
    known = accounts.in_bulk(list(rows))
    gaps = [Gap(known[pk], *row[1:]) for pk, row in rows.items() if pk in known]
    return sorted(gaps, key=lambda one: -one.more)


def _prospects(rows: Sequence[Any], scope: Scope) -> list[ProspectGroup]:
    found = [
        ProspectGroup(
            name or NOT_KNOWN,
            prospects,
            gain,
            hours,
            scope.list_url("prospects", of_industry=name),
        )
        for name, prospects, gain, hours in rows
    ]
    return sorted(
        found, key=lambda one: (one.per_hour is None, -(one.per_hour or one.each))
    )


def _rows(sql: str, params: Mapping[str, Any]) -> list[Any]:
    return kept_rows(sql, params)
