"""Cohorts as heat maps: rows are quarters of winning, columns ages in quarters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.templatetags.display import count, counted, money, share
from segments.queries.cohorts import FEWEST, Cell, Cohort, Cohorts
from segments.queries.scope import Scope

SHADES = 8
LINES_OF_A_YEAR = 4


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell: its text, how dark it is (0 to `SHADES`), where it leads."""

    text: str
    shade: int
    hint: str
    url: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One line; `None` where the cohort is not that old yet."""

    name: str
    customers: int
    url: str
    whole: str
    cells: Sequence[HeatCell | None]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A heat map with the sentence to take away. It is its own table."""

    key: str
    title: str
    summary: str
    whole_title: str
    ages: Sequence[int]
    rows: Sequence[HeatRow]
    note: str


def retention_map(scope: Scope, found: Cohorts) -> HeatMap:
    """Return the share of each cohort that bought in each quarter of its age."""

    def shade(cell: Cell) -> int:
        return _step(cell.share or 0.0)

    return HeatMap(
        key="retention-map",
        title="Who still buys",
        summary=_retention_sentence(found),
        whole_title="Customers",
        ages=list(found.ages),
        rows=_rows(
            scope,
            found,
            text=lambda cell: share(cell.share),
            shade=shade,
            whole=lambda one: count(one.customers),
        ),
        note=_note(found),
    )


def margin_map(scope: Scope, found: Cohorts) -> HeatMap:
    """Return what a customer of each cohort brought in each quarter of its age."""
    most = max(
        (abs(c.margin_each) for one in found.all for c in one.cells if c),
        default=Decimal(0),
    )

    def shade(cell: Cell) -> int:
        return _step(float(cell.margin_each / most)) if most else 0

    return HeatMap(
        key="margin-map",
        title="What a customer brings",
        summary=(
            f"{counted(found.customers, 'customer')} brought {money(found.margin)} of"
            " margin since they were won, before cost to serve."
        ),
        whole_title="Margin so far",
        ages=list(found.ages),
        rows=_rows(
            scope,
            found,
            text=lambda cell: money(cell.margin_each),
            shade=shade,
            whole=lambda one: money(one.margin),
        ),
        note=_note(found),
    )


def _step(part: float) -> int:
    return max(0, min(SHADES, round(part * SHADES)))


def _rows(
    scope: Scope,
    found: Cohorts,
    *,
    text: Callable[[Cell], str],
    shade: Callable[[Cell], int],
    whole: Callable[[Cohort], str],
) -> list[HeatRow]:
    return [
        HeatRow(
            name=cohort.name,
            customers=cohort.customers,
            url=won_url(scope, cohort),
            whole=whole(cohort),
            cells=[
                None
                if age >= len(cohort.cells) or (cell := cohort.cells[age]) is None
                else HeatCell(
                    text=text(cell),
                    shade=shade(cell),
                    hint=_hint(cell),
                    url=scope.list_url("cohort", won=cell.cohort, bought=cell.quarter),
                    is_part=cell.is_part,
                )
                for age in found.ages
            ],
        )
        for cohort in reversed(found.shown)
    ]


def won_url(scope: Scope, cohort: Cohort) -> str:
    since, until = cohort.days
    return scope.list_url("won", since=since, until=until)


def _hint(cell: Cell) -> str:
    said = f"{count(cell.buyers)} of {count(cell.customers)} bought"
    if cell.customers < FEWEST:
        said += "; too few to say much"
    return f"{said}, margin {money(cell.margin)}"


def _retention_sentence(found: Cohorts) -> str:
    curve = {age: (part, n) for age, part, n in found.curve()}
    if LINES_OF_A_YEAR not in curve:
        return "Nobody was watched for four whole quarters after the first order yet."
    part, customers = curve[LINES_OF_A_YEAR]
    return (
        f"Four quarters after the first order {share(part)} of {count(customers)}"
        " customers buy."
    )


def _note(found: Cohorts) -> str:
    earlier = found.earlier
    if not earlier:
        return ""
    customers = sum(one.customers for one in earlier)
    margin = sum((one.margin for one in earlier), Decimal(0))
    return (
        f"Not in the table: {counted(customers, 'customer')} won before"
        f" {found.shown[0].name if found.shown else 'that'}, margin {money(margin)}."
    )
