"""What changed within a week: which classes moved and why, from what nights left."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from clv.engine.change import PARTS
from clv.models import ChangeRollup, ValuationRun
from clv.queries.changes import LABELS, MOVED, Bar
from common.templatetags.display import signed_money
from segments.choices import WorthClass
from segments.models import ClassTotal

WEEK = dt.timedelta(days=7)
CAUSES_NAMED = 2
MOVED_AT_LEAST = Decimal("0.01")  # of its CLV, for a class to have moved
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ClassWeek:
    """One class over the week; the bars sum to its change."""

    worth_class: WorthClass
    clv_before: Decimal
    clv_after: Decimal
    came: int
    left: int
    bars: Sequence[Bar]

    @property
    def change(self) -> Decimal:
        return self.clv_after - self.clv_before

    @property
    def has_moved(self) -> bool:
        size = max(abs(self.clv_before), abs(self.clv_after))
        return bool(self.came or self.left) or abs(self.change) > MOVED_AT_LEAST * size

    @property
    def why(self) -> str:
        """Name the causes that moved it most."""
        moved = sorted((b for b in self.bars if b.amount), key=lambda b: -abs(b.amount))
        named = [
            f"{bar.label.lower()} {signed_money(bar.amount)}"
            for bar in moved[:CAUSES_NAMED]
        ]
        return " and ".join(named)


@dataclass(frozen=True, slots=True)
class Week:
    """The classes from the first to the last night; empty where nights left no split.

    `is_short` where there are nights of less than a week, `is_long` where the last one
    of a week or more before lies further back.
    """

    before: ValuationRun
    run: ValuationRun
    classes: Sequence[ClassWeek]

    @property
    def is_short(self) -> bool:
        return self.run.as_of - self.before.as_of < WEEK

    @property
    def is_long(self) -> bool:
        return self.run.as_of - self.before.as_of > WEEK

    @property
    def moved(self) -> list[ClassWeek]:
        return [one for one in self.classes if one.has_moved]


def week_until(run: ValuationRun) -> Week | None:
    """Return the week before `run`, None where no night came before it.

    It begins with the newest night a week or more before, or with the first of all.
    """
    earlier = ValuationRun.objects.kept().filter(as_of__lt=run.as_of)
    start = earlier.filter(as_of__lte=run.as_of - WEEK).order_by("-as_of").first()
    start = start or earlier.order_by("as_of").first()
    if start is None:
        return None
    nights = [*earlier.filter(as_of__gte=start.as_of).order_by("as_of"), run]
    return Week(start, run, _classes(nights))


def _classes(nights: Sequence[ValuationRun]) -> list[ClassWeek]:
    """Add up what each night left; nothing if one of them left no split."""
    pairs = list(pairwise(nights))
    rows = ChangeRollup.objects.filter(run__in=nights[1:]).exclude(worth_class="")
    found = {(row.before_id, row.run_id, row.worth_class): row for row in rows}
    totals = ClassTotal.objects.filter(run__in=nights[1:])
    flows = {(total.run_id, total.worth_class): total for total in totals}
    weeks = []
    for key in WorthClass:
        course = [found.get((was.pk, now.pk, key.value)) for was, now in pairs]
        steps = [step for step in course if step is not None]
        if len(steps) < len(pairs):
            return []
        flow = [flows.get((now.pk, key.value)) for now in nights[1:]]
        weeks.append(
            ClassWeek(
                worth_class=key,
                clv_before=steps[0].clv_before,
                clv_after=steps[-1].clv_after,
                came=sum(one.came for one in flow if one is not None),
                left=sum(one.left for one in flow if one is not None),
                bars=[_bar(part, steps) for part in (MOVED, *PARTS)],
            )
        )
    return weeks


def _bar(part: str, steps: Sequence[ChangeRollup]) -> Bar:
    return Bar(part, LABELS[part], sum((getattr(s, part) for s in steps), ZERO))
