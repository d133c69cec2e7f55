"""What one run changed against the run before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.models import ValuationRun
from common.kept import kept_rows
from segments.choices import WorthClass

# Accounts merged away since the run are passed over; so many are read in reserve.
MERGED_SINCE = 50


@dataclass(frozen=True, slots=True)
class EquityChange:
    """Why customer equity changed; the four parts sum to the whole change."""

    first_orders: Decimal
    first_orders_count: int
    risen: Decimal
    risen_count: int
    fallen: Decimal
    fallen_count: int
    gone: Decimal
    gone_count: int

    @property
    def total(self) -> Decimal:
        return self.first_orders + self.risen + self.fallen + self.gone


@dataclass(frozen=True, slots=True)
class Mover:
    """One account whose CLV changed."""

    account_id: int
    name: str
    clv: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True)
class ClassMove:
    """One account that changed class; `before` is None for a first membership."""

    account_id: int
    name: str
    before: WorthClass | None
    after: WorthClass
    clv: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class MoveCount:
    """How many accounts went from one class to another, and their CLV."""

    before: WorthClass
    after: WorthClass
    accounts: int
    clv: Decimal


def equity_change(run: ValuationRun, before: ValuationRun) -> EquityChange:
    """Return the change of the sum of future value over customers, in parts."""
    row = _rows(
        """
        WITH now AS (
            SELECT account_id, future_value AS value FROM clv_valuation
            WHERE run_id = %s AND first_on IS NOT NULL
        ), before AS (
            SELECT account_id, future_value AS value FROM clv_valuation
            WHERE run_id = %s AND first_on IS NOT NULL
        )
        SELECT
            coalesce(sum(now.value) FILTER (WHERE before.value IS NULL), 0),
            count(*) FILTER (WHERE before.value IS NULL),
            coalesce(sum(now.value - before.value)
                FILTER (WHERE now.value > before.value), 0),
            count(*) FILTER (WHERE now.value > before.value),
            coalesce(sum(now.value - before.value)
                FILTER (WHERE now.value < before.value), 0),
            count(*) FILTER (WHERE now.value < before.value),
            coalesce(-sum(before.value) FILTER (WHERE now.value IS NULL), 0),
            count(*) FILTER (WHERE now.value IS NULL)
        FROM now FULL JOIN before USING (account_id)
        """,
        [run.pk, before.pk],
    )[0]
    return EquityChange(*row)


def biggest_movers(
    run: ValuationRun, before: ValuationRun, *, rising: bool, size: int
) -> list[Mover]:
    """Return the accounts whose CLV rose (or fell) most, by 1 at least."""
    moved, order = (
        (">= before.clv + 1", "DESC") if rising else ("<= before.clv - 1", "ASC")
    )
    rows = _rows(
        f"""
        SELECT first.account_id, account.name, first.clv, first.change
        FROM (
            SELECT now.account_id, now.clv, now.clv - before.clv AS change
            FROM clv_valuation now
            JOIN clv_valuation before
                ON before.account_id = now.account_id AND before.run_id = %s
            WHERE now.run_id = %s AND now.clv {moved}
            ORDER BY change {order}, now.account_id LIMIT %s
        ) first
        JOIN crm_account account
            ON account.id = first.account_id AND account.merged_into_id IS NULL
        ORDER BY first.change {order}, first.account_id LIMIT %s
        """,
        [before.pk, run.pk, size + MERGED_SINCE, size],
    )
    return [Mover(*row) for row in rows]


# Accounts whose membership began on the run's day, with the one that ended then.
MOVES = """
    FROM segments_membership entered
    {kind} JOIN segments_membership held
        ON held.account_id = entered.account_id AND held.until = entered.since
    JOIN crm_account account
        ON account.id = entered.account_id AND account.merged_into_id IS NULL
    LEFT JOIN clv_valuation value
        ON value.account_id = entered.account_id AND value.run_id = %s
    WHERE entered.since = %s
"""
CHANGED = MOVES.format(kind="INNER")


def move_counts(run: ValuationRun) -> list[MoveCount]:
    """Return how many accounts `run` moved between which classes."""
    rows = _rows(
        f"""
        SELECT held.worth_class, entered.worth_class, count(*),
            coalesce(sum(value.clv), 0)
        {CHANGED} GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2
        """,
        [run.pk, run.as_of],
    )
    return [
        MoveCount(WorthClass(before), WorthClass(after), count, clv)
        for before, after, count, clv in rows
    ]


def biggest_moves(run: ValuationRun, *, size: int) -> list[ClassMove]:
    """Return accounts that changed class on `run`'s day, the most valuable first."""
    return _moves(CHANGED, [run.pk, run.as_of], size)


def _moves(
    where: str, params: Sequence[Any], size: int, owner_id: int | None = None
) -> list[ClassMove]:
    rows = _rows(
        f"""
        SELECT entered.account_id, account.name, held.worth_class,
            entered.worth_class, value.clv, entered.reason
        {where} AND (%s::bigint IS NULL OR account.owner_id = %s)
        ORDER BY abs(value.clv) DESC NULLS LAST, entered.account_id LIMIT %s
        """,
        [*params, owner_id, owner_id, size],
    )
    return [
        ClassMove(
            pk, name, WorthClass(held) if held else None, WorthClass(to), clv, reason
        )
        for pk, name, held, to, clv, reason in rows
    ]


def _rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)
