"""Why the value of the firm and of its classes changed from one run to another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.models import ValuationRun
from clv.queries.changes import ValueChange, stored_change
from clv.services import changes
from clv.services.changes import Members, SplitRuns
from common.kept import kept, prune
from segments.choices import WorthClass
from segments.queries.members import class_members
from segments.queries.scope import Scope
from segments.services.changes_within import write_changes_within


@dataclass(frozen=True, slots=True)
class Rollup:
    """What one step of the night has written; `before` is None after a first run."""

    rows: int
    before: ValuationRun | None


def write_rollup(run: ValuationRun) -> Rollup:
    """Split the change since the published run before, for the firm and each class.

    Comes after classing, whose memberships it reads. Again writes the same rows again.
    A run with nothing before it writes none. The log of changes is cut short before,
    since sums are stored with the marks that it gives.
    """
    prune()
    before = ValuationRun.objects.select_related("assumptions").before(run)
    if before is None:
        return Rollup(0, None)
    split = changes.split_runs(run=run, before=before)
    if split is None:
        return Rollup(0, before)
    by_class = {key.value: _change_of_class(split, key) for key in WorthClass}
    rows = changes.store_changes(split, {"": split.whole()} | by_class)
    return Rollup(rows + write_changes_within(split), before)


def change_of_class(
    *, worth_class: WorthClass, run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    """Return why a class's CLV changed; from the night where it summed it."""
    stored = stored_change(run, before, worth_class.value)
    if stored is not None:
        return stored
    split = changes.split_runs(run=run, before=before)
    return None if split is None else _change_of_class(split, worth_class)


def change_within_class(
    scope: Scope, *, worth_class: WorthClass, run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    """Return why the CLV of a class's members among the accounts in scope changed."""

    def worked_out() -> ValueChange | None:
        rows = scope.accounts().values_list("pk", flat=True)
        ids = np.asarray(list(rows), dtype=np.int64)
        split = changes.split_runs(run=run, before=before, accounts=ids)
        return None if split is None else _change_of_class(split, worth_class, ids)

    key = ("change within class", worth_class.value, run.pk, before.pk, *scope.key)
    return kept(key, worked_out)


def _change_of_class(
    split: SplitRuns, worth_class: WorthClass, ids: NDArray[np.int64] | None = None
) -> ValueChange:
    return split.of_members(members_in(split, worth_class, ids))


def members_in(
    split: SplitRuns, worth_class: WorthClass, ids: NDArray[np.int64] | None = None
) -> Members:
    """Return who of a split stood in a class on either day, of `ids` where given."""
    accounts = split.sides.account_id
    among = np.True_ if ids is None else np.isin(accounts, ids)
    before, after = (
        among
        & np.isin(accounts, class_members(worth_class, run.as_of), assume_unique=True)
        for run in (split.before, split.run)
    )
    was, now = split.sides.before.is_present > 0, split.sides.after.is_present > 0
    return Members(before & was, after & now)
