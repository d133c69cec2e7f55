"""Do we win the right customers: CLV by cohort, and losses by reason and fit.

Cohorts are customers by today's owner, by source and by quarter of the first order. Red
is a cohort only where the whole 95 % interval of its mean CLV lies below the mean of
all, with `FEWEST_JUDGED` customers at least who have been customers for
`JUDGED_AFTER_DAYS` on average: see `docs/methods/targeting.md`.

Fit, until an ideal customer is described: the mean CLV of the other customers of the
same industry and size, where there are `FEWEST_JUDGED` of them; the highest third of
customers by that is a high fit, the lowest a low one. Not known where industry or size
is not, or too few are like it. Lost is who was marked as lost within the year up to the
day; the rate is of those who were not lost before.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from clv.models import ValuationRun
from clv.policy import DAYS_OF_YEAR_SUMS
from common.clock import months_later
from common.kept import kept_rows
from common.lists.sets import AccountSet, Given
from common.templatetags.display import count, money, share
from crm.choices import LossReason, Source
from crm.models import User
from segments.models import ValueMatrix
from segments.policy import FEWEST_JUDGED
from segments.queries.against_all import (
    Cohort,
    CohortTable,
    against_all,
    to_money,
)
from segments.queries.scope import Scope
from segments.queries.sets import run_of, values_of

NOT_KNOWN = "not known"
AGE = 6  # column of the mean days since the first order
OWNER, SOURCE, QUARTER = "owner", "source", "quarter"
KINDS: Mapping[str, str] = {
    OWNER: "Rep",
    SOURCE: "Source",
    QUARTER: "Quarter of the first order",
}
FITS: Mapping[str, str] = {
    "high": "High fit",
    "mid": "Middling fit",
    "low": "Low fit",
    "unknown": "Fit not known",
}
_CUSTOMERS = """
    SELECT v.account_id, v.clv::float8 AS clv, v.realised_profit::float8 AS realised,
        a.owner_id, a.source, date_trunc('quarter', v.first_on)::date AS quarter,
        a.industry, a.size_band, a.lost_on, a.loss_reason,
        %(day)s - v.first_on AS age
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
    WHERE v.run_id = %(run)s AND v.order_days > 0 {among}
"""
COHORTS = """
    SELECT CASE WHEN grouping(owner_id) = 0 THEN 'owner'
            WHEN grouping(source) = 0 THEN 'source'
            WHEN grouping(quarter) = 0 THEN 'quarter' ELSE 'all' END,
        CASE WHEN grouping(owner_id) = 0 THEN coalesce(owner_id::text, '')
            WHEN grouping(source) = 0 THEN source
            WHEN grouping(quarter) = 0 THEN quarter::text ELSE '' END,
        count(*), avg(clv), coalesce(stddev_samp(clv), 0), sum(clv),
        avg(age)::float8
    FROM ({customers}) customers
    GROUP BY GROUPING SETS ((owner_id), (source), (quarter), ())
"""
FIT = f"""
    SELECT customers.*, CASE WHEN like_mean IS NULL THEN 'unknown'
            WHEN place <= 1 / 3.0 THEN 'low' WHEN place <= 2 / 3.0 THEN 'mid'
            ELSE 'high' END AS fit
    FROM (
        SELECT liked.*, cume_dist() OVER (
            PARTITION BY like_mean IS NULL ORDER BY like_mean) AS place
        FROM (
            SELECT customers.*,
                CASE WHEN industry > '' AND size_band > ''
                    AND count(*) OVER cell > {FEWEST_JUDGED}
                    THEN (sum(clv) OVER cell - clv) / (count(*) OVER cell - 1)
                END AS like_mean
            FROM ({{customers}}) customers
            WINDOW cell AS (PARTITION BY industry, size_band)
        ) liked
    ) customers
"""
LOSSES = """
    SELECT fit, loss_reason, lost_on IS NOT NULL AND lost_on <= %(day)s AS is_lost,
        count(*), sum(clv), sum(realised)
    FROM ({fit}) customers
    WHERE lost_on IS NULL OR lost_on > %(since)s
    GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class FitLosses:
    """Losses of one fit within the year; reasons by how many."""

    key: str
    label: str
    customers: int
    lost: int
    clv_lost: Decimal
    realised_lost: Decimal
    reasons: Sequence[tuple[str, int]]
    url: str
    customers_url: str

    @property
    def rate(self) -> float | None:
        return self.lost / self.customers if self.customers else None

    @property
    def rate_text(self) -> str:
        return "–" if self.rate is None else share(self.rate)

    @property
    def reasons_text(self) -> str:
        return ", ".join(f"{label} {number}" for label, number in self.reasons) or "–"


@dataclass(frozen=True, slots=True)
class Health:
    """Who is won and who is lost, of the customers in scope."""

    customers: int
    mean: Decimal
    tables: Sequence[CohortTable]
    losses: Sequence[FitLosses]
    since: dt.date

    @property
    def red_count(self) -> int:
        return sum(len(table.red) for table in self.tables)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.losses)

    @property
    def sentence(self) -> str:
        said = f"A customer is worth {money(self.mean)} on average. "
        if not self.red_count:
            said += "No rep, source or quarter lies surely below that."
        else:
            word = "cohort lies" if self.red_count == 1 else "cohorts lie"
            said += f"{count(self.red_count)} {word} surely below that."
        return f"{said} {self._of_losses}"

    @property
    def _of_losses(self) -> str:
        if not self.lost:
            return "Nobody was marked as lost within the year."
        rates = {one.key: one for one in self.losses}
        high, low = rates["high"], rates["low"]
        said = f"{count(self.lost)} were marked as lost within the year"
        if high.rate is None or low.rate is None:
            return f"{said}."
        return f"{said}: {high.rate_text} of a high fit, {low.rate_text} of a low one."


def cohorts_in(run: ValuationRun, scope: Scope | None = None) -> dict[str, Any]:
    """Return cohorts and losses of a run's customers as JSON."""
    params = _window(run)
    among = ""
    if scope is not None and not scope.is_whole_firm:
        among = "AND v.account_id = ANY (%(ids)s)"
        params["ids"] = list(scope.accounts().values_list("pk", flat=True))
    customers = _CUSTOMERS.format(among=among)
    fit = FIT.format(customers=customers)
    return {
        "cohorts": _rows(COHORTS.format(customers=customers), params),
        "losses": _rows(LOSSES.format(fit=fit), params),
    }


def health_in(scope: Scope) -> Health | None:
    """Return the targeting health of a scope; None without customers."""
    run = scope.run
    if run is None:
        return None
    kept = ValueMatrix.objects.filter(run=run).first() if scope.is_whole_firm else None
    found = kept.found.get("targeting") if kept else None
    found = found or cohorts_in(run, scope)
    whole = next((row for row in found["cohorts"] if row[0] == "all"), None)
    if whole is None or not whole[2]:
        return None
    mean = whole[3]
    return Health(
        customers=whole[2],
        mean=to_money(mean),
        tables=[_table(kind, found["cohorts"], mean, scope) for kind in KINDS],
        losses=[_losses(key, found["losses"], scope) for key in FITS],
        since=_window(run)["since"],
    )


def _table(kind: str, rows: Sequence[Any], mean: float, scope: Scope) -> CohortTable:
    mine = [row for row in rows if row[0] == kind]
    names = _names(kind, [row[1] for row in mine])
    if kind == QUARTER:
        mine.sort(key=lambda row: row[1])
    else:
        mine.sort(key=lambda row: -row[2])
    cohorts = [_cohort(row, names, mean, scope) for row in mine]
    return CohortTable(kind, KINDS[kind], to_money(mean), cohorts)


def _cohort(
    row: Sequence[Any], names: Mapping[str, str], mean: float, scope: Scope
) -> Cohort:
    kind, key, customers, own, sd = row[:5]
    return against_all(
        key=key,
        label=names[key],
        customers=customers,
        mean=own,
        sd=sd,
        of_all=mean,
        age_days=row[AGE] if len(row) > AGE else _guessed_age(kind, key, scope.day),
        url=_url(kind, key, scope),
    )


def _guessed_age(kind: str, key: str, day: dt.date) -> int | None:
    """Return the age of a quarter's middle, for nights that did not keep the mean."""
    if kind != QUARTER:
        return None
    first = dt.date.fromisoformat(key)
    last = min(months_later(first, 3), day)
    return (day - first).days - (last - first).days // 2


def _names(kind: str, keys: Sequence[str]) -> dict[str, str]:
    if kind == OWNER:
        people = User.objects.in_bulk([int(key) for key in keys if key])
        return {key: str(people[int(key)]) if key else "nobody" for key in keys}
    if kind == SOURCE:
        words = {str(k): str(v) for k, v in Source.choices}
        return {key: words.get(key, key) if key else NOT_KNOWN for key in keys}
    return {key: _quarter(key) for key in keys}


def _quarter(key: str) -> str:
    first = dt.date.fromisoformat(key)
    return f"Q{(first.month + 2) // 3} {first.year}"


def _url(kind: str, key: str, scope: Scope) -> str:
    if kind == QUARTER:
        first = dt.date.fromisoformat(key)
        until = months_later(first, 3) - dt.timedelta(days=1)
        return scope.list_url("won", since=first, until=until)
    if kind == OWNER and key:
        return scope.list_url("revenue-and-clv", owner=key)
    name = "source" if kind == SOURCE else "owner"
    return scope.list_url(f"customers-by-{name}", **{f"of_{name}": key})


def _losses(key: str, rows: Sequence[Any], scope: Scope) -> FitLosses:
    mine = [row for row in rows if row[0] == key]
    lost = [row for row in mine if row[2]]
    words = {str(k): str(v) for k, v in LossReason.choices}
    reasons: dict[str, int] = {}
    for _, reason, _, number, _, _ in lost:
        label = words.get(reason, NOT_KNOWN).lower()
        reasons[label] = reasons.get(label, 0) + number
    return FitLosses(
        key=key,
        label=FITS[key],
        customers=sum(row[3] for row in mine),
        lost=sum(row[3] for row in lost),
        clv_lost=to_money(sum(row[4] for row in lost)),
        realised_lost=to_money(sum(row[5] for row in lost)),
        reasons=sorted(reasons.items(), key=lambda one: (-one[1], one[0])),
        url=scope.list_url("lost-by-fit", fit=key),
        customers_url=scope.list_url("customers-by-fit", fit=key),
    )


def _window(run: ValuationRun) -> dict[str, Any]:
    since = run.as_of - dt.timedelta(days=DAYS_OF_YEAR_SUMS)
    return {"run": run.pk, "day": run.as_of, "since": since}


def _rows(sql: str, params: Mapping[str, Any]) -> list[list[Any]]:
    return [list(row) for row in kept_rows(sql, params)]


def _of_source(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given).filter(order_days__gt=0)
    return rows.filter(account__source=given["of_source"]).values("account_id")


def _of_nobody(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given).filter(order_days__gt=0, account__owner=None)
    return rows.values("account_id")


def _lost(_user: Any, given: Given) -> QuerySet[Any]:
    return _of_fit(given, "lost_on > %s AND lost_on <= %s", ("since", "day"))


def _fitting(_user: Any, given: Given) -> QuerySet[Any]:
    return _of_fit(given, "(lost_on IS NULL OR lost_on > %s)", ("since",))


def _of_fit(given: Given, condition: str, names: Sequence[str]) -> QuerySet[Any]:
    run = run_of(given)
    if run is None:
        return values_of(given).values("account_id")
    params = _window(run)
    fit = FIT.format(customers=_CUSTOMERS.format(among=""))
    sql = f"SELECT account_id FROM ({fit}) customers WHERE fit = %s AND {condition}"
    ids = RawSQL(  # noqa: S611  nothing of a user is written into it
        sql.replace("%(run)s", "%s").replace("%(day)s", "%s"),
        (params["day"], run.pk, given["fit"], *(params[name] for name in names)),
    )
    return values_of(given).filter(account_id__in=ids).values("account_id")


CUSTOMERS_BY_SOURCE = AccountSet(
    title=lambda given: (
        f"won by {_names(SOURCE, [given['of_source']])[given['of_source']]}"
    ),
    accounts=_of_source,
    parameters={"of_source": lambda: forms.CharField(required=False)},
)
CUSTOMERS_BY_OWNER = AccountSet(
    title=lambda _given: "that ordered and are nobody's",
    accounts=_of_nobody,
    parameters={"of_owner": lambda: forms.CharField(required=False)},
)
CUSTOMERS_BY_FIT = AccountSet(
    title=lambda given: f"not lost before the year, {FITS[given['fit']].lower()}",
    accounts=_fitting,
    parameters={"fit": lambda: forms.ChoiceField(choices=list(FITS.items()))},
)
LOST_BY_FIT = AccountSet(
    title=lambda given: f"lost within the year, {FITS[given['fit']].lower()}",
    accounts=_lost,
    parameters={"fit": lambda: forms.ChoiceField(choices=list(FITS.items()))},
)
