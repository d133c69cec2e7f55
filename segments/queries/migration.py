"""Who went from which class to which between two nights, with the CLV on both.

Every account that stood in a class on either day is in one cell: those without a class
before are new, those without one after are gone. The rows of a matrix therefore sum to
the classes of the earlier day, its columns to those of the later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from clv.models import ValuationRun
from common.kept import kept_rows
from crm.models import User
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership

ZERO = Decimal("0.00")
MOST_NAMED = 50


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
_EARLIER, _LATER = _HELD.format(day="earlier"), _HELD.format(day="later")
# All accounts: what a matrix is by definition.
EVERYBODY = f"""
    SELECT coalesce(b.account_id, a.account_id) AS account_id,
        b.worth_class AS was, a.worth_class AS becomes
    FROM (SELECT account_id, worth_class FROM segments_membership m WHERE {_EARLIER}) b
    FULL JOIN (
        SELECT account_id, worth_class FROM segments_membership m WHERE {_LATER}
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
        WHERE m.account_id = t.account_id AND {_EARLIER}
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT worth_class FROM segments_membership m
        WHERE m.account_id = t.account_id AND {_LATER}
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
    FROM ({{pairs}}) p {VALUED} {{only}}
    GROUP BY 1, 2
"""
OWN = "JOIN crm_account o ON o.id = p.account_id AND o.owner_id = %(owner)s"


def migration(before: ValuationRun, run: ValuationRun, *, user: User) -> Migration:
    """Return who went where, over all accounts or those that a rep owns."""
    if user.sees_every_account:
        cells = _by_totals(before, run)
        if cells is None:
            cells = _cells(EVERYBODY, before, run)
    else:
        cells = _cells(EVERYBODY, before, run, owner=user.pk)
    return Migration(before, run, cells)


def whole_migration(before: ValuationRun, run: ValuationRun) -> Migration:
    """Return the same, counted account by account: slower, and beyond doubt."""
    return Migration(before, run, _cells(EVERYBODY, before, run))


def _cells(
    pairs: str, before: ValuationRun, run: ValuationRun, *, owner: int | None = None
) -> list[Cell]:
    params = _params(before, run) | {"owner": owner}
    only = OWN if owner is not None else ""
    return [
        Cell(_class(was), _class(becomes), *sums)
        for was, becomes, *sums in _rows(CELLS.format(pairs=pairs, only=only), params)
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
    found = {(c.was, c.becomes): c for c in _cells(TOUCHED, before, run)}
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


@dataclass(frozen=True, slots=True)
class Mover:
    """One account of a cell."""

    account_id: int
    name: str
    was: WorthClass | None
    becomes: WorthClass | None
    clv_before: Decimal | None
    clv_after: Decimal | None
    reason: str

    @property
    def clv_change(self) -> Decimal | None:
        if self.clv_before is None or self.clv_after is None:
            return None
        return self.clv_after - self.clv_before


NAMES = f"""
    SELECT p.account_id, account.name, p.was, p.becomes, vb.clv, va.clv,
        coalesce(entered.reason, '')
    FROM ({TOUCHED}) p
    JOIN crm_account account
        ON account.id = p.account_id AND account.merged_into_id IS NULL
    {VALUED}
    LEFT JOIN LATERAL (
        SELECT reason FROM segments_membership m
        WHERE m.account_id = p.account_id AND {_LATER}
    ) entered ON true
    WHERE p.was IS DISTINCT FROM p.becomes
        AND (%(owner)s::bigint IS NULL OR account.owner_id = %(owner)s)
        {{only}}
    ORDER BY greatest(abs(vb.clv), abs(va.clv)) DESC NULLS LAST, p.account_id
    LIMIT %(size)s
"""


def movers(
    before: ValuationRun,
    run: ValuationRun,
    *,
    user: User,
    into: WorthClass | None = None,
    out_of: WorthClass | None = None,
    size: int = MOST_NAMED,
) -> list[Mover]:
    """Return who changed class, the most money first; into or out of one if given."""
    only = ""
    if into is not None:
        only += " AND p.becomes = %(into)s"
    if out_of is not None:
        only += " AND p.was = %(out_of)s"
    params = _params(before, run) | {
        "owner": None if user.sees_every_account else user.pk,
        "into": into.value if into else None,
        "out_of": out_of.value if out_of else None,
        "size": size,
    }
    return [
        Mover(pk, name, _class(was), _class(becomes), *rest)
        for pk, name, was, becomes, *rest in _rows(NAMES.format(only=only), params)
    ]


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


def _params(before: ValuationRun, run: ValuationRun) -> dict[str, Any]:
    return {
        "earlier": before.as_of,
        "later": run.as_of,
        "before": before.pk,
        "run": run.pk,
    }


def _class(key: str | None) -> WorthClass | None:
    return WorthClass(key) if key else None


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)


@dataclass(frozen=True, slots=True)
class ClassFlow:
    """How many came into a class and left it between two nights, with their CLV."""

    came: int
    came_clv: Decimal
    left: int
    left_clv: Decimal

    @property
    def net(self) -> int:
        return self.came - self.left


def flow_of(
    before: ValuationRun, run: ValuationRun, worth_class: WorthClass, *, user: User
) -> ClassFlow:
    """Return the flow of one class; who came counts with the later CLV."""
    owner = None if user.sees_every_account else user.pk
    cells = [c for c in _cells(TOUCHED, before, run, owner=owner) if c.is_move]
    came = [cell for cell in cells if cell.becomes == worth_class]
    left = [cell for cell in cells if cell.was == worth_class]
    return ClassFlow(
        came=sum(cell.accounts for cell in came),
        came_clv=sum((cell.clv_after for cell in came), ZERO),
        left=sum(cell.accounts for cell in left),
        left_clv=sum((cell.clv_before for cell in left), ZERO),
    )
