"""Splitting the change of values between two runs, and keeping the sums of a night."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from clv.engine.change import (
    ASSUMPTIONS,
    PARTS,
    RETENTION,
    Changes,
    Side,
    split_change,
)
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.ladder import INDIVIDUAL
from clv.engine.parts import Chosen, Learnt
from clv.models import ChangeRollup, ValuationRun
from clv.models.assumptions import DRIVERS, LEARNT_FROM, TYPICAL
from clv.policy import YOUNGEST_DAYS
from clv.queries.changes import (
    MOVED,
    TwoSides,
    ValueChange,
    as_money,
    bars_of,
    stored_change,
    two_sides,
)
from clv.queries.contracts import contract_accounts
from clv.services.learnt import Models
from crm.models import Account

Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Members:
    """Who belonged to a class in either run; flags over the accounts of a split."""

    before: Flags
    after: Flags


@dataclass(frozen=True, slots=True)
class SplitRuns:
    """The change between two runs, account by account."""

    run: ValuationRun
    before: ValuationRun
    sides: TwoSides
    changes: Changes

    def whole(self) -> ValueChange:
        """Return the sum over all accounts."""
        was, now = self.sides.before.clv, self.sides.after.clv
        return self._change(int(was.sum()), int(now.sum()), self._sums(self._all()))

    def of_members(self, members: Members) -> ValueChange:
        """Return the change of a class: who came and left, and what changed within."""
        was, now = self.sides.before.clv, self.sides.after.clv
        came = was[members.after & ~members.before].sum()
        left = was[members.before & ~members.after].sum()
        return self._change(
            int(was[members.before].sum()),
            int(now[members.after].sum()),
            {MOVED: int(came - left)} | self._sums(members.after),
        )

    def _all(self) -> Flags:
        return np.ones(self.sides.account_id.size, dtype=np.bool_)

    def _sums(self, rows: Flags) -> dict[str, int]:
        sums = self.changes.parts[rows].sum(axis=0).tolist()
        return dict(zip(PARTS, sums, strict=True))

    def _change(self, was: int, now: int, cents: Mapping[str, int]) -> ValueChange:
        return ValueChange(
            run=self.run,
            before=self.before,
            clv_before=as_money(was),
            clv_after=as_money(now),
            bars=bars_of(cents),
        )


def split_runs(
    *, run: ValuationRun, before: ValuationRun, accounts: Ids | None = None
) -> SplitRuns | None:
    """Split the change of every account, or of some, between two stored runs.

    `before` must not be of a later day. Reads only what the runs have stored; None if
    one of them has not kept its models. What is expected of an account under contract
    follows its renewals: it is retention as a whole, or what was assumed where both
    runs are of one day. Models that were learnt by other assumptions count as those.
    """
    if not (run.parameters and before.parameters):
        return None
    sides = two_sides(before, run, accounts=accounts)
    was, now = learnt_of(before), learnt_of(run)
    changes = split_change(
        Side(sides.before, was, chosen_of(before), before.as_of.toordinal()),
        Side(sides.after, now, chosen_of(run), run.as_of.toordinal()),
        days=(run.as_of - before.as_of).days,
    )
    if _was_learnt_otherwise(before, run):
        changes = changes.with_model_in(ASSUMPTIONS)
    by_contract = np.isin(sides.account_id, contract_accounts(before, run))
    cause = RETENTION if run.as_of > before.as_of else ASSUMPTIONS
    return SplitRuns(run, before, sides, changes.with_one_cause(by_contract, cause))


def _was_learnt_otherwise(before: ValuationRun, run: ValuationRun) -> bool:
    """Tell whether numbers differ of which the models of the two runs were learnt.

    What is said of a typical customer teaches nothing where both runs had enough.
    """
    was, now = before.assumptions, run.assumptions
    names = LEARNT_FROM
    if _had_enough(before) and _had_enough(run):
        names -= TYPICAL
    if was.drivers_by_kind != now.drivers_by_kind:
        return True
    return any(was.numbers[name] != now.numbers[name] for name in names - {DRIVERS})


def _had_enough(run: ValuationRun) -> bool:
    learnt = run.parameters
    steps = {learnt.get("step"), learnt.get("spend_step")}
    return steps == {INDIVIDUAL}


def learnt_of(run: ValuationRun) -> Learnt:
    """Return what a run learnt of the firm, from the parameters it has stored."""
    models = Models.from_parameters(run.parameters)
    return Learnt(
        buying=models.buying,
        spend=models.spend,
        costs=models.costs,
        cost_to_win=models.cost_to_win,
        seasons=models.seasons,
    )


def chosen_of(run: ValuationRun) -> Chosen:
    """Return what a run assumed."""
    assumed = run.assumptions
    return Chosen(
        annual_rate=float(assumed.annual_rate),
        horizon_days=assumed.horizon_months * DAYS_PER_YEAR / 12,
        margin_rate=float(assumed.margin_rate_if_cost_unknown),
        youngest_days=YOUNGEST_DAYS,
    )


def change_of_account(
    *, account: Account, run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    """Return why one account's CLV changed, None if that cannot be said."""
    one = np.asarray([account.pk], dtype=np.int64)
    split = split_runs(run=run, before=before, accounts=one)
    return None if split is None else split.whole()


def change_of_firm(*, run: ValuationRun, before: ValuationRun) -> ValueChange | None:
    """Return why the CLV of all accounts changed; from the night where it summed it."""
    stored = stored_change(run, before)
    if stored is not None:
        return stored
    split = split_runs(run=run, before=before)
    return None if split is None else split.whole()


@transaction.atomic
def store_changes(split: SplitRuns, changes: Mapping[str, ValueChange]) -> int:
    """Keep the sums of a pair of runs by class, "" for the firm; again replaces them.

    Returns how many rows were written.
    """
    ChangeRollup.objects.filter(run=split.run, before=split.before).delete()
    rows = [
        ChangeRollup(
            run=split.run,
            before=split.before,
            worth_class=worth_class,
            clv_before=change.clv_before,
            clv_after=change.clv_after,
            **{MOVED: 0} | {bar.key: bar.amount for bar in change.bars},
        )
        for worth_class, change in changes.items()
    ]
    return len(ChangeRollup.objects.bulk_create(rows))
