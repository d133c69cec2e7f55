"""Data quality: which missing facts leave the most doubt about CLV, in money.

The doubt that a fact leaves is what hangs on it times the range of like cases where it
is known (docs/methods/data-quality.md). Where no honest amount can be named, the fact
is "not measured" and stands by the CLV of the accounts that lack it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from clv.models import ValuationRun
from common.charts import Chart, Series
from common.lists.sets import AccountSet, Given
from common.templatetags.display import money
from crm.models import Product
from segments.engine.doubt import Doubt, Like, doubt_of
from segments.models import StoredFigures
from segments.queries.picked import Picked
from segments.queries.quality_facts import (
    BY_KEY,
    FACTS,
    GAP,
    LIKE,
    QUALITY,
    TOUCHED,
    UNIT_COST,
    Fact,
    Row,
    gap_rows,
    like_rows,
    touched_rows,
    uncosted_lines,
)
from segments.queries.scope import Scope
from segments.queries.sets import run_of, values_of
from segments.queries.totals import EquityRange, equity_range

ALL = "all"
MOST_PRODUCTS = 50
CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Part:
    """One group of what is missing: a product, a channel, a source.

    `like` is None where too few like cases are known; then there is no doubt to name.
    """

    product_id: int | None
    things: int
    accounts: int
    amount: float
    like: Like | None
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class ProductGap:
    """One product that was sold without a known unit cost."""

    product: Product | None
    part: Part
    url: str

    @property
    def name(self) -> str:
        return str(self.product or "Lines without a product")

    @property
    def product_url(self) -> str:
        if self.product is None:
            return ""
        return reverse("crm:product_detail", args=[self.product.pk])

    @property
    def width(self) -> Decimal | None:
        return _money(self.part.doubt.width) if self.part.doubt else None


@dataclass(frozen=True, slots=True)
class Missing:
    """One fact that some accounts lack; `doubt` is None where it is not measured.

    `unmeasured` are the things with too few like cases; the doubt leaves them out.
    """

    fact: Fact
    things: int
    accounts: int
    clv: Decimal
    url: str
    doubt: Doubt | None = None
    unmeasured: int = 0
    products: Sequence[ProductGap] = ()

    @property
    def low(self) -> Decimal | None:
        return _money(self.doubt.low) if self.doubt else None

    @property
    def high(self) -> Decimal | None:
        return _money(self.doubt.high) if self.doubt else None

    @property
    def width(self) -> Decimal | None:
        return _money(self.doubt.width) if self.doubt else None


@dataclass(frozen=True, slots=True)
class Quality:
    """Everything that is missing in a scope, the widest doubt first."""

    run: ValuationRun
    accounts: int
    clv: Decimal
    rows: Sequence[Missing]
    model: EquityRange | None
    doubt: Doubt = field(default_factory=Doubt)

    @property
    def width(self) -> Decimal:
        return _money(self.doubt.width)

    @property
    def low(self) -> Decimal:
        return self.clv + _money(self.doubt.low)

    @property
    def high(self) -> Decimal:
        return self.clv + _money(self.doubt.high)

    @property
    def measured(self) -> list[Missing]:
        return [row for row in self.rows if row.doubt is not None]

    @property
    def sentence(self) -> str:
        if not self.rows:
            return "Nothing that CLV rests on is missing here."
        if not self.width:
            return (
                "Facts are missing, but none of them widens CLV by an amount that can"
                " be measured."
            )
        top = self.measured[0]
        return (
            f"Because facts are missing, the CLV of {money(self.clv)} may be anything"
            f" from {money(self.low)} to {money(self.high)}. {top.fact.title} come"
            f" first: fill them in, and this range of {money(self.width)} shrinks by"
            f" about {money(top.width)}."
        )

    @property
    def chart(self) -> Chart:
        rows = self.measured
        return Chart(
            key="data-quality",
            title="Doubt about CLV by missing fact",
            summary="How far each missing fact could move CLV, down and up.",
            labels=[row.fact.title for row in rows],
            series=[
                Series(
                    "Less CLV, at most", [float(row.low or 0) for row in rows], "bar"
                ),
                Series(
                    "More CLV, at most",
                    [float(row.high or 0) for row in rows],
                    "bar",
                    "chart-2",
                ),
            ],
            x_title="Missing fact",
            urls=[row.url for row in rows],
        )


def quality_in(scope: Scope) -> Quality | None:
    """Return what is missing in a scope; None without accounts."""
    if scope.run is None:
        return None
    rows = _rows(scope, scope.run)
    touched = {str(row[1]): row[2:] for row in rows if row[0] == TOUCHED}
    accounts, clv = _int(touched[ALL][0]), Decimal(str(touched[ALL][1]))
    if not accounts:
        return None
    parts = _parts(scope.run, rows)
    found = [
        _missing(fact, touched[fact.key], parts.get(fact.key, ()), scope)
        for fact in FACTS
        if _int(touched[fact.key][0]) or parts.get(fact.key)
    ]
    found.sort(key=lambda one: (one.doubt is None, -(one.width or 0), -abs(one.clv)))
    return Quality(
        run=scope.run,
        accounts=accounts,
        clv=clv,
        rows=found,
        model=equity_range(scope.run) if scope.is_whole_firm else None,
        doubt=sum((one.doubt for one in found if one.doubt), Doubt()),
    )


def _rows(scope: Scope, run: ValuationRun) -> list[Row]:
    """Return the rows of the night for the whole firm, else those of the scope."""
    stored = StoredFigures.objects.filter(run=run, block=QUALITY).first()
    if stored is not None and scope.is_whole_firm:
        kept: list[Row] = stored.rows
        return kept
    like = [row for row in stored.rows if row[0] == LIKE] if stored else like_rows(run)
    touched = touched_rows(scope.values(), run.as_of)
    return [*like, *gap_rows(Picked.of(scope)), *touched]


def _parts(run: ValuationRun, rows: Iterable[Row]) -> dict[str, list[Part]]:
    """Return what is missing by fact, each with the like cases of its group."""
    kept = list(rows)
    like = {
        (str(fact), str(group)): Like(_int(cases), _float(low), _float(high))
        for kind, fact, group, cases, low, high in (r for r in kept if r[0] == LIKE)
    }
    rate = float(run.assumptions.margin_rate_if_cost_unknown)
    parts: dict[str, list[Part]] = {}
    for row in kept:
        if row[0] != GAP:
            continue
        key, group, product, things, accounts, amount = row[1:]
        fact = BY_KEY[str(key)]
        known = _enough(like.get((fact.key, str(group))), like.get((fact.key, "")))
        counted = rate if fact.key == UNIT_COST else 0.0
        doubt = None
        if known is not None:
            doubt = doubt_of(
                amount=_float(amount), counted=counted, like=known, is_cost=fact.is_cost
            )
        part = Part(
            None if product is None else _int(product),
            _int(things),
            _int(accounts),
            _float(amount),
            known,
            doubt,
        )
        parts.setdefault(fact.key, []).append(part)
    return parts


def _enough(*groups: Like | None) -> Like | None:
    """Return the first group with enough cases: its own, else all of them."""
    return next((one for one in groups if one is not None and one.is_enough), None)


def _missing(
    fact: Fact, touched: Sequence[object], parts: Sequence[Part], scope: Scope
) -> Missing:
    accounts = _int(touched[0])
    doubts = [part.doubt for part in parts if part.doubt is not None]
    return Missing(
        fact=fact,
        things=sum(part.things for part in parts) if fact.is_measured else accounts,
        accounts=accounts,
        clv=Decimal(str(touched[1])),
        url=scope.list_url("missing", fact=fact.key),
        doubt=sum(doubts, Doubt()) if doubts else None,
        unmeasured=sum(part.things for part in parts if part.doubt is None),
        products=_products(parts, scope) if fact.key == UNIT_COST else (),
    )


def _products(parts: Sequence[Part], scope: Scope) -> list[ProductGap]:
    widest = sorted(
        parts, key=lambda one: (-(one.doubt.width if one.doubt else 0), -one.amount)
    )[:MOST_PRODUCTS]
    products = Product.objects.in_bulk([p.product_id for p in widest if p.product_id])
    return [
        ProductGap(
            products.get(part.product_id or 0),
            part,
            scope.list_url("uncosted", item=part.product_id or 0),
        )
        for part in widest
    ]


def _money(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(CENTS)


def _int(value: object) -> int:
    return int(str(value))


def _float(value: object) -> float:
    return float(str(value))


# -- The accounts behind the figures


def _lacking(_user: Any, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    if run is None:
        return values_of(given).values("account_id")
    where = BY_KEY[given["fact"]].where(run.as_of)
    return values_of(given).filter(where).values("account_id")


MISSING = AccountSet(
    title=lambda given: f"that lack: {BY_KEY[given['fact']].title.lower()}",
    accounts=_lacking,
    parameters={
        "fact": lambda: forms.ChoiceField(choices=[(f.key, f.title) for f in FACTS])
    },
)


def _uncosted(_user: Any, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    if run is None:
        return values_of(given).values("account_id")
    lines = uncosted_lines(given["item"], run.as_of).filter(
        Q(account=OuterRef("account_id"))
        | Q(account__merged_into=OuterRef("account_id"))
    )
    return values_of(given).filter(Exists(lines)).values("account_id")


def _uncosted_title(given: Given) -> str:
    product = Product.objects.filter(pk=given["item"]).first()
    return f"that bought {product or 'something without a product'} at an unknown cost"


UNCOSTED = AccountSet(
    title=_uncosted_title,
    accounts=_uncosted,
    parameters={"item": lambda: forms.IntegerField(min_value=0, max_value=2**62)},
)
