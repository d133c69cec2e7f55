"""Who would stand in which class by another rule, on the values of the current run.

As if today were classed anew by it: each account comes from where it stood before the
run's day, and is held against where it stands now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from clv.models import ValuationRun
from common.templatetags.display import count
from segments.choices import WorthClass
from segments.models import RuleNumbers
from segments.queries.rule import (
    BEFORE_THE_DAY,
    REASON,
    rule_parameters,
    ruled,
)

MOST_NAMED = 50
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Cell:
    """The accounts that go from one class to another; `was` None for no class yet."""

    was: WorthClass | None
    becomes: WorthClass
    accounts: int
    clv: Decimal

    @property
    def is_move(self) -> bool:
        return self.was != self.becomes


@dataclass(frozen=True, slots=True)
class ClassWhatIf:
    """One class now and by the other rule."""

    worth_class: WorthClass
    accounts: int
    clv: Decimal
    accounts_now: int
    clv_now: Decimal

    @property
    def accounts_change(self) -> int:
        return self.accounts - self.accounts_now

    @property
    def clv_change(self) -> Decimal:
        return self.clv - self.clv_now

    @property
    def is_empty(self) -> bool:
        return self.accounts == 0


@dataclass(frozen=True, slots=True)
class Move:
    """One account that would change class, and why."""

    account_id: int
    name: str
    was: WorthClass | None
    becomes: WorthClass
    clv: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another rule would do; `moves` are those with the most money."""

    run: ValuationRun
    classes: Sequence[ClassWhatIf]
    cells: Sequence[Cell]
    moves: Sequence[Move]

    @property
    def shifts(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_move]

    @property
    def moved(self) -> int:
        return sum(cell.accounts for cell in self.shifts)

    @property
    def moved_clv(self) -> Decimal:
        return sum((cell.clv for cell in self.shifts), ZERO)

    @property
    def accounts(self) -> int:
        return sum(cell.accounts for cell in self.cells)

    @property
    def warnings(self) -> list[str]:
        """Say what publishes well and may still be a mistake."""
        said = [
            f"Nobody would be {one.worth_class.label.lower()}."
            for one in self.classes
            if one.is_empty and self.accounts
        ]
        everybody = [one for one in self.classes if one.accounts == self.accounts]
        if everybody and self.accounts > 1:
            label = everybody[0].worth_class.label.lower()
            said.append(
                f"All {count(self.accounts)} accounts would be {label}: this rule tells"
                " nobody apart."
            )
        return said


# The current class by a narrow index; the run's figures by their partition.
STAND = (
    "FROM ({ruled}) r LEFT JOIN segments_membership now"
    " ON now.account_id = r.account_id AND now.until IS NULL"
)
MOVES = "now.worth_class IS DISTINCT FROM r.worth_class"
CELLS = (
    f"SELECT now.worth_class, r.worth_class, count(*), sum(r.clv) {STAND} GROUP BY 1, 2"
)
NAMES = f"""
    SELECT first.account_id, account.name, first.held, first.worth_class, first.clv,
        {REASON}
    FROM (
        SELECT r.*, now.worth_class AS held {STAND} WHERE {MOVES} {{only}}
        ORDER BY abs(r.clv) DESC, r.account_id LIMIT %(size)s
    ) first JOIN crm_account account ON account.id = first.account_id
    ORDER BY abs(first.clv) DESC, first.account_id
"""


def what_if(run: ValuationRun, rule: RuleNumbers) -> WhatIf:
    """Return the four classes, who goes where, and the biggest moves by `rule`."""
    rows = ruled("clv_valuation", BEFORE_THE_DAY)
    params = rule_parameters(run, rule, version=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(CELLS.format(ruled=rows), params)
        cells = [
            Cell(WorthClass(was) if was else None, WorthClass(becomes), accounts, clv)
            for was, becomes, accounts, clv in cursor.fetchall()
        ]
        has_moves = any(cell.is_move for cell in cells)
        moves = _moves(cursor, rows, params) if has_moves else []
    cells.sort(key=lambda cell: (-cell.accounts, cell.becomes.rank))
    return WhatIf(run, [_class(key, cells) for key in WorthClass], cells, moves)


def moves_between(
    run: ValuationRun,
    rule: RuleNumbers,
    *,
    was: WorthClass | None,
    becomes: WorthClass,
) -> list[Move]:
    """Return who would go from one class to another, the most money first."""
    rows = ruled("clv_valuation", BEFORE_THE_DAY)
    params = rule_parameters(run, rule, version=0)
    params |= {"held": was.value if was else None, "becomes": becomes.value}
    only = (
        "AND now.worth_class IS NOT DISTINCT FROM %(held)s::varchar"
        " AND r.worth_class = %(becomes)s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        return _moves(cursor, rows, params, only=only)


def _moves(
    cursor: Any, rows: str, params: Mapping[str, Any], *, only: str = ""
) -> list[Move]:
    cursor.execute(NAMES.format(ruled=rows, only=only), {**params, "size": MOST_NAMED})
    return [
        Move(pk, name, WorthClass(was) if was else None, WorthClass(to), clv, reason)
        for pk, name, was, to, clv, reason in cursor.fetchall()
    ]


def _class(key: WorthClass, cells: Sequence[Cell]) -> ClassWhatIf:
    after = [cell for cell in cells if cell.becomes == key]
    now = [cell for cell in cells if cell.was == key]
    return ClassWhatIf(
        worth_class=key,
        accounts=sum(cell.accounts for cell in after),
        clv=sum((cell.clv for cell in after), ZERO),
        accounts_now=sum(cell.accounts for cell in now),
        clv_now=sum((cell.clv for cell in now), ZERO),
    )
