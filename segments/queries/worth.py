"""What the accounts in scope are worth, by class: from the night's sums where they do.

The firm and its classes have `ClassTotal`; one owner, territory, industry or type of
relationship has `ValueTotal`; everything else is summed from the values of the run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from clv.models import ValuationRun
from clv.services.learnt import doubt_of
from clv.services.totals import equity_interval
from segments.choices import Dimension, WorthClass
from segments.models import ClassTotal, ValueTotal
from segments.queries.picked import ZERO, Picked, rows_of
from segments.queries.scope import Scope
from segments.queries.totals import RUNS_IN_HISTORY, EquityPoint

NIGHTS_SUMMED = 12  # of a scope that nights keep no sums of
DIMENSIONS: Mapping[str, Dimension] = {
    "owner": Dimension.OWNER,
    "territory": Dimension.TERRITORY,
    "industry": Dimension.INDUSTRY,
    "relationship": Dimension.RELATIONSHIP,
}


@dataclass(frozen=True, slots=True)
class Worth:
    """The sums of some accounts. `variance` is unknown where a spread is."""

    accounts: int = 0
    customers: int = 0
    clv: Decimal = ZERO
    customer_equity: Decimal = ZERO
    expected_margin: Decimal = ZERO
    realised_profit: Decimal = ZERO
    margin_year: Decimal = ZERO
    cost_year: Decimal = ZERO
    variance: float | None = 0.0

    def __add__(self, other: "Worth") -> "Worth":
        variances = (self.variance, other.variance)
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMS}
        known = None if None in variances else sum(v or 0.0 for v in variances)
        return Worth(**sums, variance=known)

    def interval(self, run: ValuationRun) -> tuple[Decimal | None, Decimal | None]:
        """Return between which sums customer equity lies with 80 %."""
        if not self.customers:
            return None, None
        return equity_interval(
            self.customer_equity,
            margin=self.expected_margin,
            variance=self.variance,
            doubt=doubt_of(run.parameters),
        )


SUMS = tuple(one.name for one in fields(Worth) if one.name != "variance")

_SUMMED = """
    count(*)::int AS accounts,
    (count(*) FILTER (WHERE v.first_on IS NOT NULL))::int AS customers,
    coalesce(sum(v.clv), 0) AS clv,
    coalesce(sum(v.future_value) FILTER (WHERE v.first_on IS NOT NULL), 0)
        AS customer_equity,
    coalesce(sum(v.expected_margin) FILTER (WHERE v.first_on IS NOT NULL), 0)
        AS expected_margin,
    coalesce(sum(v.realised_profit), 0) AS realised_profit,
    coalesce(sum(v.margin_year), 0) AS margin_year,
    coalesce(sum(v.cost_year), 0) AS cost_year,
    CASE WHEN bool_or(v.future_spread IS NULL AND v.first_on IS NOT NULL) THEN NULL
        ELSE coalesce(sum(v.future_spread ^ 2) FILTER (WHERE v.first_on IS NOT NULL), 0)
    END AS variance
"""
_STANDING = """
    clv_valuation v LEFT JOIN segments_membership m ON m.account_id = v.account_id
        AND m.since <= %(as_of)s AND (m.until IS NULL OR m.until > %(as_of)s)
"""


def worth_by_class(scope: Scope) -> dict[WorthClass, Worth]:
    """Return what each class in scope is worth; all four, empty ones too."""
    found = {key: Worth() for key in WorthClass}
    if scope.run is None:
        return found
    for key, worth in _by_class(scope, scope.run).items():
        if key in WorthClass.values:
            found[WorthClass(key)] = worth
    return found


def total_of(parts: Iterable[Worth]) -> Worth:
    return sum(parts, Worth())


def _by_class(scope: Scope, run: ValuationRun) -> dict[str, Worth]:
    stored = _stored_totals(scope)
    if stored is not None:
        found = {one.worth_class: _worth_of(one) for one in stored.filter(run=run)}
        if found:
            return found
    return _summed(Picked.of(scope), run)


def _stored_totals(scope: Scope) -> QuerySet[ValueTotal] | None:
    """Return the sums that answer a scope, None where nights keep none of it."""
    if not scope.user.sees_every_account or scope.product is not None:
        return None
    values = {
        "owner": scope.owner.pk if scope.owner else None,
        "territory": scope.territory.pk if scope.territory else None,
        "industry": scope.industry or None,
        "relationship": scope.relationship,
    }
    given = [(DIMENSIONS[name], str(v)) for name, v in values.items() if v is not None]
    if len(given) != 1:
        return None
    rows = ValueTotal.objects.order_by()
    if scope.worth_class is not None:
        rows = rows.filter(worth_class=scope.worth_class)
    return rows.filter(dimension=given[0][0], key=given[0][1])


def _worth_of(row: ValueTotal) -> Worth:
    return Worth(**{name: getattr(row, name) for name in (*SUMS, "variance")})


def _summed(picked: Picked, run: ValuationRun) -> dict[str, Worth]:
    params = {**picked.params, "run": run.pk, "as_of": run.as_of}
    rows = rows_of(
        f"""
        SELECT coalesce(m.worth_class, ''), {_SUMMED} FROM {_STANDING}
        WHERE v.run_id = %(run)s {picked.only} GROUP BY 1
        """,
        params,
    )
    return {key: Worth(*sums) for key, *sums in rows}


def total_rows(run: ValuationRun) -> list[ValueTotal]:
    """Sum up a run by class and each dimension, in one pass. Not stored yet."""
    picked = Picked(run)
    rows = rows_of(
        f"""
        SELECT CASE WHEN grouping(a.owner_id) = 0 THEN '{Dimension.OWNER}'
            WHEN grouping(a.territory_id) = 0 THEN '{Dimension.TERRITORY}'
            WHEN grouping(a.industry) = 0 THEN '{Dimension.INDUSTRY}'
            ELSE '{Dimension.RELATIONSHIP}' END,
            coalesce(a.owner_id::text, a.territory_id::text, a.industry,
                a.relationship_type, ''),
            coalesce(m.worth_class, ''), {_SUMMED}
        FROM {_STANDING} JOIN crm_account a ON a.id = v.account_id
        WHERE v.run_id = %(run)s
        GROUP BY GROUPING SETS ((m.worth_class, a.owner_id),
            (m.worth_class, a.territory_id), (m.worth_class, a.industry),
            (m.worth_class, a.relationship_type))
        """,
        picked.params,
    )
    names = (*SUMS, "variance")
    return [
        ValueTotal(
            run=run,
            dimension=dimension,
            key=key,
            worth_class=worth_class,
            **dict(zip(names, sums, strict=True)),
        )
        for dimension, key, worth_class, *sums in rows
    ]


def history_of(scope: Scope) -> list[EquityPoint]:
    """Return customer equity in scope over the nights up to the chosen one.

    Nights that kept no sums of such a scope are summed anew, a few of them.
    """
    if scope.run is None:
        return []
    nights = ValuationRun.objects.published().filter(as_of__lte=scope.run.as_of)
    if scope.has_period:
        nights = nights.filter(
            as_of__range=(scope.period.since, max(scope.period.until, scope.run.as_of))
        )
    known = _stored_history(scope, nights)
    if known is not None:
        return known
    picked = Picked.of(scope)
    newest = list(nights.filter(has_values=True).order_by("-as_of")[:RUNS_IN_HISTORY])
    step = max(len(newest) // NIGHTS_SUMMED, 1)
    found = []
    for run in reversed(newest[::step]):
        parts = _summed(Picked(run, picked.sql, picked.more), run).values()
        found.append(EquityPoint(run.as_of, total_of(parts).customer_equity))
    return found


def _stored_history(
    scope: Scope, nights: QuerySet[ValuationRun]
) -> list[EquityPoint] | None:
    if is_class_alone(scope):
        rows: QuerySet[Any] = ClassTotal.objects.filter(run__in=nights)
        if scope.worth_class is not None:
            rows = rows.filter(worth_class=scope.worth_class)
    else:
        stored = _stored_totals(scope)
        if stored is None:
            return None
        rows = stored.filter(run__in=nights)
        if not stored.filter(run=scope.run).exists():
            return None
    summed = (
        rows.order_by()
        .values_list("run__as_of")
        .annotate(equity=Sum("customer_equity"))
        .order_by("-run__as_of")[:RUNS_IN_HISTORY]
    )
    return [EquityPoint(as_of, equity) for as_of, equity in reversed(summed)]


def is_class_alone(scope: Scope) -> bool:
    """Tell whether the totals of classes answer: nothing but a class is asked for."""
    others = (scope.owner, scope.territory, scope.industry)
    rest = (*others, scope.product, scope.relationship)
    return scope.user.sees_every_account and not any(rest)
