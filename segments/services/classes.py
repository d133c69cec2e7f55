"""Giving every account its worth class, with the reason, and keeping the intervals.

The rule stands in `segments.queries.rule`. The night reads every account once, for the
sums of the classes and for who moves, and touches only memberships that change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from clv.models import ValuationRun
from clv.services.learnt import doubt_of
from clv.services.totals import equity_interval
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership
from segments.queries.rule import ON_THE_DAY, REASON, rule_parameters, ruled
from segments.services import overrides
from segments.services.policy import ensure_policy

MOVED = "pg_temp.segments_moved"
WORK_MEMORY = "64MB"  # a million memberships fit into one hash table
RANGES = 8
FEWEST_IN_RANGE = 50_000  # ids; below, taking turns costs more than it saves
MOST_LISTED = 20_000  # movers of a cell and range; of more all accounts are read again
SUMS = (
    "accounts",
    "customers",
    "clv",
    "future_value",
    "customer_equity",
    "realised_profit",
    "margin_year",
    "cost_year",
)
# Of the accounts that ever ordered: what the interval of their equity is made of.
DOUBTS = ("expected_margin", "variance", "without_spread")


@dataclass(frozen=True, slots=True)
class Classified:
    """What one classing did; `moves` are (from, to, accounts), most first."""

    accounts: int
    moved: int
    policy_id: int
    moves: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    """The accounts of one class that come from one class, or from none.

    `movers` are those that come from another, as far as they are listed.
    """

    worth_class: str
    was: str | None
    sums: dict[str, Any] = field(default_factory=dict)
    movers: list[int] = field(default_factory=list)

    def add(self, sums: Sequence[Any], movers: list[int] | None) -> None:
        """Count the accounts of one more range."""
        for name, value in zip((*SUMS, *DOUBTS), sums, strict=True):
            self.sums[name] = self.sums.get(name, 0) + value
        self.movers += movers or []

    @property
    def accounts(self) -> int:
        return int(self.sums["accounts"])

    @property
    def has_moved(self) -> bool:
        return self.was != self.worth_class


@transaction.atomic
def classify(run: ValuationRun) -> Classified:
    """Class every account that `run` has valued, as of the run's day.

    Memberships change only if no later run has changed them: a run for a past day
    writes its totals and leaves history alone. A second run of one day replaces what
    the first one said of that day.
    """
    policy = ensure_policy(run)
    newest = Membership.objects.aggregate(newest=Max("since"))["newest"]
    makes_history = newest is None or run.as_of >= newest
    params = rule_parameters(run, policy)
    left: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute("SET LOCAL jit = off")
        if makes_history and (newest == run.as_of or _was_classed(run)):
            cursor.execute(TAKE_BACK_TODAY, params)
            cursor.execute(REOPEN_YESTERDAY, params)
        cells = _cells(cursor, params)
        if makes_history:
            left = _move(cursor, cells, params)
            overrides.expire_overrides(before=run.as_of)
    has_history = Membership.objects.filter(since__lt=run.as_of).exists()
    came = _came(cells) if makes_history and has_history else {}
    _store_totals(run, policy.pk, cells, came=came, left=left)
    moves = _moves(cells) if makes_history else []
    accounts = sum(cell.accounts for cell in cells)
    return Classified(accounts, sum(m[2] for m in moves), policy.pk, moves)


def _was_classed(run: ValuationRun) -> bool:
    """Tell whether an earlier run said something of this run's day."""
    return ClassTotal.objects.filter(run__as_of=run.as_of).exists()


TAKE_BACK_TODAY = """
    DELETE FROM segments_membership WHERE until IS NULL AND since = %(as_of)s
"""
REOPEN_YESTERDAY = """
    UPDATE segments_membership SET until = NULL WHERE until = %(as_of)s
"""
RULED = ruled("clv_valuation", ON_THE_DAY)
CELLS = """
    SELECT worth_class, was, count(*),
        count(*) FILTER (WHERE order_days > 0), sum(clv), sum(future_value),
        coalesce(sum(future_value) FILTER (WHERE order_days > 0), 0),
        sum(realised_profit), sum(margin_year), sum(cost_year),
        coalesce(sum(expected_margin::float8) FILTER (WHERE order_days > 0), 0),
        coalesce(sum(future_spread ^ 2) FILTER (WHERE order_days > 0), 0),
        count(*) FILTER (WHERE order_days > 0 AND future_spread IS NULL),
        (array_agg(account_id) FILTER (WHERE was IS DISTINCT FROM worth_class))
            [:{most_listed}]
    FROM ({today}) today GROUP BY worth_class, was
"""
MOVE = """
    CREATE TEMPORARY TABLE segments_moved ON COMMIT DROP AS
    SELECT account_id, worth_class, {reason} AS reason
    FROM ({today}) today WHERE was IS DISTINCT FROM worth_class
"""
CLOSE = """
    WITH closed AS (
        UPDATE segments_membership m SET until = %(as_of)s
        WHERE m.until IS NULL AND {gone} RETURNING worth_class
    ) SELECT worth_class, count(*) FROM closed GROUP BY worth_class
"""
CLOSE_MOVED = CLOSE.format(gone=f"m.account_id IN (SELECT account_id FROM {MOVED})")
CLOSE_UNVALUED = CLOSE.format(
    gone="NOT EXISTS (SELECT FROM clv_valuation v"
    " WHERE v.run_id = %(run)s AND v.account_id = m.account_id)"
)
OPEN = f"""
    INSERT INTO segments_membership
        (account_id, worth_class, since, reason, run_id, policy_id)
    SELECT account_id, worth_class, %(as_of)s, reason, %(run)s, %(policy)s
    FROM {MOVED} ORDER BY account_id
"""


def _cells(cursor: Any, params: Mapping[str, Any]) -> list[_Cell]:
    """Return classes by where their accounts come from, before memberships say so.

    Accounts are looked at in several ranges, which the server does in parallel.
    """
    ranges = _ranges(cursor, params)
    # It cannot know how few cells there are, and would sort a range to count them.
    cursor.execute("SET LOCAL enable_sort = off")
    cursor.execute(" UNION ALL ".join(map(_cells_between, ranges)), params)
    found = cursor.fetchall()
    cursor.execute("SET LOCAL enable_sort = on")
    cells: dict[tuple[str, str | None], _Cell] = {}
    for worth_class, was, *sums, movers in found:
        cell = cells.setdefault((worth_class, was), _Cell(worth_class, was))
        cell.add(sums, movers)
    return list(cells.values())


def _ranges(cursor: Any, params: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the ids of accounts that are looked at together, first and last."""
    cursor.execute(
        "SELECT min(account_id), max(account_id) FROM clv_valuation"
        " WHERE run_id = %(run)s",
        params,
    )
    first, last = cursor.fetchone()
    if first is None:
        return [(0, 0)]
    width = max((last - first) // RANGES + 1, FEWEST_IN_RANGE)
    return [(begin, begin + width - 1) for begin in range(first, last + 1, width)]


def _cells_between(between: tuple[int, int]) -> str:
    ends = f"BETWEEN {between[0]} AND {between[1]}"
    today = ruled(
        "clv_valuation",
        f"{ON_THE_DAY} AND m.account_id {ends}",
        only=f" AND v.account_id {ends}",
    )
    return f"({CELLS.format(today=today, most_listed=MOST_LISTED)})"


def _move(cursor: Any, cells: list[_Cell], params: Mapping[str, Any]) -> dict[str, int]:
    """Close and open memberships; return how many left each class."""
    left: dict[str, int] = {}
    if _has_unvalued(cells):
        _count_closed(cursor, CLOSE_UNVALUED, params, left)
    if any(cell.has_moved for cell in cells):
        cursor.execute(f"DROP TABLE IF EXISTS {MOVED}")
        today, listed = RULED, _listed(cells)
        if listed is not None:
            came_from = f"{ON_THE_DAY} AND m.account_id = ANY(%(moved)s)"
            only = " AND v.account_id = ANY(%(moved)s)"
            today = ruled("clv_valuation", came_from, only=only)
        cursor.execute(
            MOVE.format(today=today, reason=REASON), {**params, "moved": listed}
        )
        cursor.execute(f"ANALYZE {MOVED}")
        _count_closed(cursor, CLOSE_MOVED, params, left)
        cursor.execute(OPEN, params)
        cursor.execute(f"DROP TABLE {MOVED}")
    return left


def _listed(cells: list[_Cell]) -> list[int] | None:
    """Return who moves, or None if they are more than are listed."""
    movers = [account for cell in cells for account in cell.movers]
    moved = sum(cell.accounts for cell in cells if cell.has_moved)
    return movers if len(movers) == moved else None


def _has_unvalued(cells: list[_Cell]) -> bool:
    """Tell whether somebody stands in a class whom the run has not valued."""
    valued = sum(cell.accounts for cell in cells if cell.was is not None)
    return Membership.objects.open().count() != valued


def _count_closed(
    cursor: Any, statement: str, params: Mapping[str, Any], left: dict[str, int]
) -> None:
    cursor.execute(statement, params)
    for worth_class, count in cursor.fetchall():
        left[worth_class] = left.get(worth_class, 0) + count


def _came(cells: list[_Cell]) -> dict[str, int]:
    came: dict[str, int] = {}
    for cell in cells:
        if cell.has_moved:
            came[cell.worth_class] = came.get(cell.worth_class, 0) + cell.accounts
    return came


def _moves(cells: list[_Cell]) -> list[tuple[str, str, int]]:
    moves = [
        (cell.was, cell.worth_class, cell.accounts)
        for cell in cells
        if cell.has_moved and cell.was is not None
    ]
    return sorted(moves, key=lambda move: (-move[2], move[0], move[1]))


def _store_totals(
    run: ValuationRun,
    policy_id: int,
    cells: list[_Cell],
    *,
    came: Mapping[str, int],
    left: Mapping[str, int],
) -> None:
    doubt = doubt_of(run.parameters).of_parts()
    totals = []
    for key in WorthClass.values:
        sums = {
            name: sum(cell.sums[name] for cell in cells if cell.worth_class == key)
            for name in (*SUMS, *DOUBTS)
        }
        low, high = equity_interval(
            sums["customer_equity"],
            margin=sums["expected_margin"],
            variance=None if sums["without_spread"] else sums["variance"],
            doubt=doubt,
        )
        totals.append(
            ClassTotal(
                run=run,
                policy_id=policy_id,
                worth_class=key,
                came=came.get(key, 0),
                left=left.get(key, 0),
                equity_low=low,
                equity_high=high,
                **{name: sums[name] for name in SUMS},
            )
        )
    ClassTotal.objects.filter(run=run).delete()
    ClassTotal.objects.bulk_create(totals)
