"""Who went from which class to which between two nights, with the CLV on both.

Every account that stood in a class on either day is in one cell: those without a class
before are new, those without one after are gone. The rows of a matrix therefore sum to
the classes of the earlier day, its columns to those of the later one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from clv.models import ValuationRun
from common.kept import kept_rows
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Scope

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Cell:
    """Accounts that stood in `was` and stand in `becomes`; None is outside of all."""

    was: WorthClass | None
    becomes: WorthClass | None
    accounts: int = 0
    clv_before: Decimal = ZERO
    clv_after: Decimal = ZERO

    @property
    def is_move(self) -> bool:
        return self.was != self.becomes

    @property
    def clv_moved(self) -> Decimal:
        """Return the money that changed place: of who is gone the one of before."""
        return self.clv_before if self.becomes is None else self.clv_after

    @property
    def clv_change(self) -> Decimal:
        return self.clv_after - self.clv_before


@dataclass(frozen=True, slots=True)
class Migration:
    """The whole matrix between two nights, over the accounts that its reader sees."""

    before: ValuationRun
    run: ValuationRun
    cells: Sequence[Cell]

    def cell(self, was: WorthClass | None, becomes: WorthClass | None) -> Cell:
        for one in self.cells:
            if (one.was, one.becomes) == (was, becomes):
                return one
        return Cell(was, becomes)

    @property
    def accounts(self) -> int:
        """Return how many stood in a class on either day."""
        return sum(cell.accounts for cell in self.cells)

    @property
    def moves(self) -> list[Cell]:
        """Return the cells of those who changed class, most money first."""
        between = [c for c in self.cells if c.is_move and c.was and c.becomes]
        return sorted(between, key=lambda c: (-abs(c.clv_moved), -c.accounts))

    @property
    def moved(self) -> int:
        return sum(cell.accounts for cell in self.moves)

    @property
    def new(self) -> int:
        return sum(cell.accounts for cell in self.cells if cell.was is None)

    @property
    def gone(self) -> int:
        return sum(cell.accounts for cell in self.cells if cell.becomes is None)

    def row(self, was: WorthClass | None) -> list[Cell]:
        """Return the cells of one row: the four classes, then gone."""
        return [self.cell(was, key) for key in (*WorthClass, None)]

    def total_before(self, key: WorthClass) -> tuple[int, Decimal]:
        """Return how many stood in a class on the earlier day, and their CLV then."""
        mine = [cell for cell in self.cells if cell.was == key]
        return sum(c.accounts for c in mine), sum((c.clv_before for c in mine), ZERO)

    def total_after(self, key: WorthClass) -> tuple[int, Decimal]:
        """Return how many stand in a class on the later day, and their CLV."""
        mine = [cell for cell in self.cells if cell.becomes == key]
        return sum(c.accounts for c in mine), sum((c.clv_after for c in mine), ZERO)

    @property
    def risen(self) -> list[Cell]:
        return [c for c in self.moves if c.was and c.becomes and _rises(c)]

    @property
    def fallen(self) -> list[Cell]:
        return [c for c in self.moves if c.was and c.becomes and not _rises(c)]


def _rises(cell: Cell) -> bool:
    return bool(cell.was and cell.becomes and cell.becomes.rank < cell.was.rank)


_HELD = "m.since <= %({day})s AND (m.until IS NULL OR m.until > %({day})s)"
EARLIER, LATER = _HELD.format(day="earlier"), _HELD.format(day="later")
# All accounts: what a matrix is by definition.
EVERYBODY = f"""
    SELECT coalesce(b.account_id, a.account_id) AS account_id,
        b.worth_class AS was, a.worth_class AS becomes
    FROM (SELECT account_id, worth_class FROM segments_membership m WHERE {EARLIER}) b
    FULL JOIN (
        SELECT account_id, worth_class FROM segments_membership m WHERE {LATER}
    ) a ON a.account_id = b.account_id
"""
# Only those of whom an interval begins or ends between: few, and found by index.
TOUCHED = f"""
    SELECT t.account_id, b.worth_class AS was, a.worth_class AS becomes
    FROM (
        SELECT account_id FROM segments_membership
        WHERE since > %(earlier)s AND since <= %(later)s
        UNION
        SELECT account_id FROM segments_membership
        WHERE until > %(earlier)s AND until <= %(later)s
    ) t
    LEFT JOIN LATERAL (
        SELECT worth_class FROM segments_membership m
        WHERE m.account_id = t.account_id AND {EARLIER}
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT worth_class FROM segments_membership m
        WHERE m.account_id = t.account_id AND {LATER}
    ) a ON true
"""
VALUED = """
    LEFT JOIN clv_valuation vb
        ON vb.run_id = %(before)s AND vb.account_id = p.account_id
    LEFT JOIN clv_valuation va
        ON va.run_id = %(run)s AND va.account_id = p.account_id
"""
CELLS = f"""
    SELECT p.was, p.becomes, count(*),
        coalesce(sum(vb.clv) FILTER (WHERE p.was IS NOT NULL), 0),
        coalesce(sum(va.clv) FILTER (WHERE p.becomes IS NOT NULL), 0)
    FROM ({{pairs}}) p {VALUED} WHERE true {{only}}
    GROUP BY 1, 2
"""
# Those in scope, each with where it stood on either day.
AMONG = f"""
    SELECT s.id AS account_id, b.worth_class AS was, a.worth_class AS becomes
    FROM crm_account s
    LEFT JOIN (
        SELECT account_id, worth_class FROM segments_membership m WHERE {EARLIER}
    ) b ON b.account_id = s.id
    LEFT JOIN (
        SELECT account_id, worth_class FROM segments_membership m WHERE {LATER}
    ) a ON a.account_id = s.id
    WHERE true {{only}}
"""


def migration(before: ValuationRun, run: ValuationRun, *, scope: Scope) -> Migration:
    """Return who went where between two nights, over the accounts in scope."""
    if not scope.is_whole_firm:
        only, more = accounts_in(scope, "s.id")
        return Migration(
            before, run, cells_of(AMONG.format(only=only), before, run, more=more)
        )
    cells = _by_totals(before, run)
    if cells is None:
        cells = cells_of(EVERYBODY, before, run)
    return Migration(before, run, cells)


def whole_migration(before: ValuationRun, run: ValuationRun) -> Migration:
    """Return the same, counted account by account: slower, and beyond doubt."""
    return Migration(before, run, cells_of(EVERYBODY, before, run))


def cells_of(
    pairs: str,
    before: ValuationRun,
    run: ValuationRun,
    *,
    only: str = "",
    more: Mapping[str, Any] | None = None,
) -> list[Cell]:
    """Return the cells of the accounts that `pairs` selects, narrowed by `only`."""
    params = {**days_of(before, run), **(more or {})}
    rows = kept_rows(CELLS.format(pairs=pairs, only=only), params)
    return [
        Cell(class_of(was), class_of(becomes), *sums)
        for was, becomes, *sums in rows
        if was or becomes
    ]


def _by_totals(before: ValuationRun, run: ValuationRun) -> list[Cell] | None:
    """Return the cells from who moved and the nights' totals; None if these differ.

    They differ where history was written after the night, so each class is counted
    from both sides.
    """
    totals = [_totals(before), _totals(run)]
    if not all(totals):
        return None
    found = {(c.was, c.becomes): c for c in cells_of(TOUCHED, before, run)}
    for key in WorthClass:
        out = [cell for cell in found.values() if cell.was == key]
        come = [cell for cell in found.values() if cell.becomes == key]
        stayed = totals[0][key][0] - sum(cell.accounts for cell in out)
        if stayed < 0 or stayed != totals[1][key][0] - sum(c.accounts for c in come):
            return None
        if not stayed and (key, key) not in found:
            continue
        there = found.get((key, key), Cell(key, key))
        found[key, key] = Cell(
            key,
            key,
            stayed + there.accounts,
            totals[0][key][1]
            - sum((c.clv_before for c in out), ZERO)
            + there.clv_before,
            totals[1][key][1]
            - sum((c.clv_after for c in come), ZERO)
            + there.clv_after,
        )
    return list(found.values())


def _totals(run: ValuationRun) -> dict[WorthClass, tuple[int, Decimal]]:
    rows = ClassTotal.objects.filter(run=run)
    found = {WorthClass(row.worth_class): (row.accounts, row.clv) for row in rows}
    return found if len(found) == len(WorthClass) else {}


def cell_accounts(
    *,
    was: WorthClass | None,
    becomes: WorthClass | None,
    earlier: Any,
    later: Any,
) -> QuerySet[Any]:
    """Return the ids of the accounts of one cell; None for a side is any class.

    The words "new" and "gone" are those who had no class on that side; see `sets`.
    """
    return (
        _side(Membership.objects.on(later), becomes)
        .filter(Exists(_side(Membership.objects.on(earlier), was).filter(**_SAME)))
        .values("account_id")
    )


def new_accounts(
    *, becomes: WorthClass | None, earlier: Any, later: Any
) -> QuerySet[Any]:
    """Return the ids of those who stood nowhere before and stand in a class now."""
    had = Membership.objects.on(earlier).filter(**_SAME)
    held = _side(Membership.objects.on(later), becomes)
    return held.filter(~Exists(had)).values("account_id")


def gone_accounts(*, was: WorthClass | None, earlier: Any, later: Any) -> QuerySet[Any]:
    """Return the ids of those who stood in a class and stand nowhere now."""
    has = Membership.objects.on(later).filter(**_SAME)
    held = _side(Membership.objects.on(earlier), was)
    return held.filter(~Exists(has)).values("account_id")


_SAME = {"account_id": OuterRef("account_id")}


def _side(
    rows: QuerySet[Membership], worth_class: WorthClass | None
) -> QuerySet[Membership]:
    rows = rows.order_by()
    return rows if worth_class is None else rows.filter(worth_class=worth_class)


def days_of(before: ValuationRun, run: ValuationRun) -> dict[str, Any]:
    """Return what the statements above are asked with."""
    return {
        "earlier": before.as_of,
        "later": run.as_of,
        "before": before.pk,
        "run": run.pk,
    }


def class_of(key: str | None) -> WorthClass | None:
    return WorthClass(key) if key else None
