"""What a preview of other assumptions has found, ready to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.choices import BreakEven, RunStatus
from clv.models import AssumptionsDraft, AssumptionsPreview, RunStep, ValuationRun


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure before and after."""

    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class ClassEffect:
    """One class, or all together, before and after."""

    key: str
    label: str
    accounts: Pair
    clv: Pair
    expected: Pair


@dataclass(frozen=True, slots=True)
class Moved:
    """One account whose value or class would change; classes by key and label."""

    account_id: int
    name: str
    before: str
    after: str
    clv: Pair


@dataclass(frozen=True, slots=True)
class Shift:
    """How many accounts go from one word to another."""

    before: str
    after: str
    accounts: int


@dataclass(frozen=True, slots=True)
class SpendEffect:
    """How many customers more or less care is justified for, and how much in all."""

    more: int
    less: int
    total: Pair

    @property
    def changed_count(self) -> int:
        return self.more + self.less


@dataclass(frozen=True, slots=True)
class Effect:
    """What numbers that nobody has published would change.

    `justified` is None for previews from before it was worked out.
    """

    accounts: int
    equity: Pair
    realised: Pair
    whole: ClassEffect
    classes: Sequence[ClassEffect]
    shifts: Sequence[Shift]
    changed_class: Sequence[Moved]
    moved_most: Sequence[Moved]
    break_even: Sequence[Shift]
    earlier: int
    later: int
    labels: Mapping[str, str]
    justified: SpendEffect | None

    @property
    def is_nothing(self) -> bool:
        """Whether no value, no class and no break-even moves; care may."""
        return not (self.moved_most or self.shifts or self.break_even)

    @property
    def changed_count(self) -> int:
        return sum(shift.accounts for shift in self.shifts)

    @property
    def has_break_even(self) -> bool:
        return bool(self.break_even or self.earlier or self.later)


@dataclass(frozen=True, slots=True)
class Shown:
    """How far a preview is, and its effect once that is known."""

    preview: AssumptionsPreview
    effect: Effect | None
    is_outdated: bool
    is_waiting_behind: bool

    @property
    def is_open(self) -> bool:
        return self.preview.run.is_open

    @property
    def failure(self) -> str:
        return self.preview.run.failure

    @property
    def steps(self) -> Sequence[RunStep]:
        return list(self.preview.run.steps.all())


def shown_preview(draft: AssumptionsDraft) -> Shown | None:
    """Return the preview of a draft, None if there is none of these very numbers."""
    preview = (
        AssumptionsPreview.objects.filter(run__requested_by=draft.author_id)
        .select_related("run", "compared", "based_on")
        .first()
    )
    if preview is None or dict(preview.numbers) != dict(draft.numbers):
        return None
    working = ValuationRun.objects.exclude(pk=preview.run_id).filter(
        status=RunStatus.RUNNING
    )
    is_queued = preview.run.status == RunStatus.QUEUED
    return Shown(
        preview=preview,
        effect=effect_of(preview.result) if preview.result else None,
        is_outdated=preview.is_outdated,
        is_waiting_behind=is_queued and working.exists(),
    )


def effect_of(found: Mapping[str, Any]) -> Effect:
    """Return a preview's result, ready to be shown."""
    totals = found["totals"]
    labels = {row["key"]: row["label"] for row in found["classes"]}
    accounts = Decimal(totals["accounts"])
    words = dict(BreakEven.choices)
    return Effect(
        accounts=totals["accounts"],
        equity=_pair(totals["equity"]),
        realised=_pair(totals["realised_profit"]),
        whole=ClassEffect(
            key="",
            label="All accounts",
            accounts=Pair(accounts, accounts),
            clv=_pair(totals["clv"]),
            expected=_pair(totals["future_value"]),
        ),
        classes=[
            ClassEffect(
                key=row["key"],
                label=row["label"],
                accounts=_pair(row["accounts"]),
                clv=_pair(row["clv"]),
                expected=_pair(row["future_value"]),
            )
            for row in found["classes"]
        ],
        shifts=_shifts(found["moves"], labels),
        changed_class=_moved(found["changed_class"], labels),
        moved_most=_moved(found["moved_most"], labels),
        break_even=_shifts(found["break_even"], {k: str(v) for k, v in words.items()}),
        earlier=found["break_even_dates"]["earlier"],
        later=found["break_even_dates"]["later"],
        labels=labels,
        justified=_justified(found.get("justified")),
    )


def _justified(found: Mapping[str, Any] | None) -> SpendEffect | None:
    if found is None:
        return None
    return SpendEffect(found["more"], found["less"], _pair(found["total"]))


def _pair(values: Sequence[Any]) -> Pair:
    return Pair(Decimal(values[0]), Decimal(values[1]))


def _shifts(rows: Sequence[Any], labels: Mapping[str, str]) -> list[Shift]:
    return [Shift(labels[r["from"]], labels[r["to"]], r["accounts"]) for r in rows]


def _moved(rows: Sequence[Any], labels: Mapping[str, str]) -> list[Moved]:
    return [
        Moved(
            account_id=row["account"],
            name=row["name"],
            before=labels[row["from"]],
            after=labels[row["to"]],
            clv=_pair(row["clv"]),
        )
        for row in rows
    ]
