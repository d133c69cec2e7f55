"""Whose CLV one cause moved: the names behind a bar of why value changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from clv.engine.change import PARTS
from clv.models import ValuationRun
from clv.queries.changes import LABELS, MOVED, as_money
from clv.services import changes
from clv.services.changes import Members, SplitRuns
from common.kept import kept
from crm.models import Account
from segments.choices import WorthClass
from segments.queries.scope import Scope
from segments.services.changes import members_in

MOST_NAMED = 50

Cents = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moved:
    """One account: what the cause did to its CLV, and its CLV on both days."""

    account: Account
    amount: Decimal
    clv_before: Decimal
    clv_after: Decimal


@dataclass(frozen=True, slots=True)
class CauseNames:
    """The accounts that a cause moved most; with the others they sum to its bar."""

    label: str
    total: Decimal
    accounts: int
    named: Sequence[Moved]

    @property
    def of_named(self) -> Decimal:
        return sum((one.amount for one in self.named), Decimal(0))

    @property
    def others(self) -> int:
        return self.accounts - len(self.named)

    @property
    def of_others(self) -> Decimal:
        return self.total - self.of_named


@dataclass(frozen=True, slots=True)
class _Found:
    total: int
    accounts: int
    rows: Sequence[tuple[int, int, int, int]]  # account, by the cause, before, after


def names_of_cause(
    scope: Scope,
    cause: str,
    *,
    worth_class: WorthClass | None,
    run: ValuationRun,
    before: ValuationRun,
) -> CauseNames | None:
    """Return whom a cause moved among the accounts in scope, or a class of them.

    `scope` asks for no class itself. None if the change cannot be split.
    """
    key = ("names of cause", cause, worth_class, run.pk, before.pk, *scope.key)
    found = kept(key, lambda: _found(scope, cause, worth_class, run, before))
    if found is None:
        return None
    known = Account.objects.select_related("owner").in_bulk(
        [row[0] for row in found.rows]
    )
    return CauseNames(
        label=LABELS[cause],
        total=as_money(found.total),
        accounts=found.accounts,
        named=[
            Moved(known[pk], as_money(by), as_money(was), as_money(now))
            for pk, by, was, now in found.rows
            if pk in known
        ],
    )


def _found(
    scope: Scope,
    cause: str,
    worth_class: WorthClass | None,
    run: ValuationRun,
    before: ValuationRun,
) -> _Found | None:
    ids = None
    if not scope.is_whole_firm:
        rows = scope.accounts().values_list("pk", flat=True)
        ids = np.asarray(list(rows), dtype=np.int64)
    split = changes.split_runs(run=run, before=before, accounts=ids)
    if split is None:
        return None
    amounts = _amounts(split, cause, _members(split, worth_class, ids))
    most = np.argsort(-np.abs(amounts), kind="stable")[:MOST_NAMED]
    was, now = split.sides.before.clv, split.sides.after.clv
    return _Found(
        total=int(amounts.sum()),
        accounts=int(np.count_nonzero(amounts)),
        rows=[
            (
                int(split.sides.account_id[row]),
                int(amounts[row]),
                int(was[row]),
                int(now[row]),
            )
            for row in most.tolist()
            if amounts[row]
        ],
    )


def _members(
    split: SplitRuns, worth_class: WorthClass | None, ids: Cents | None
) -> Members:
    if worth_class is not None:
        return members_in(split, worth_class, ids)
    size = split.sides.account_id.size
    chosen = np.ones(size, dtype=np.bool_)
    if ids is not None:
        chosen = np.isin(split.sides.account_id, ids)
    return Members(chosen, chosen)


def _amounts(split: SplitRuns, cause: str, members: Members) -> Cents:
    """Return the cents of the cause for each account of a split."""
    if cause == MOVED:
        was = split.sides.before.clv
        came, left = members.after & ~members.before, members.before & ~members.after
        return was * came.astype(np.int64) - was * left.astype(np.int64)
    parts = split.changes.parts[:, PARTS.index(cause)]
    return np.where(members.after, parts, 0).astype(np.int64)
