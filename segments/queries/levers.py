"""Levers as people move them: what can be moved how far, and what it does to equity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from clv.engine.judging.calibration import USUAL_MODEL_ERROR
from clv.engine.levers import (
    BASKET,
    FREQUENCY,
    PRICE,
    RETENTION,
    SERVING,
    SPENT,
    TOGETHER,
    WON,
    Base,
    CostSum,
    Levers,
    Newcomer,
    Outcome,
    Sums,
    pull,
)
from clv.engine.totals import TotalDoubt
from clv.models import ValuationRun
from clv.policy import INTERVAL_LEVEL
from clv.queries.costs import LABELS as COST_LABELS
from clv.queries.costs import in_order
from common.charts import Chart, waterfall
from common.templatetags.display import day, money, number, signed_cents, signed_money
from crm.choices import CostKind
from segments.choices import WorthClass
from segments.models import LeverBase
from segments.queries.lever_words import lever_name

PART_LABELS: Mapping[str, str] = {
    FREQUENCY: "Customers buy oftener",
    RETENTION: "Fewer customers leave",
    WON: "More customers are won",
    BASKET: "More per order",
    PRICE: "Prices",
    SERVING: "Cost to serve",
    TOGETHER: "All of it together",
    SPENT: "What it costs",
}
MOST_PROCESSES = 4
USUAL_DOUBT = TotalDoubt(0.0, USUAL_MODEL_ERROR)  # of runs that did not keep theirs
PER_CENT = 100.0


@dataclass(frozen=True, slots=True)
class Process:
    """One thing that is done for customers, and how much of one kind of cost it is.

    `now` is how much of it there is, in `unit`; `share` its part of the kind's cost.
    """

    key: str
    kind: str
    label: str
    unit: str
    now: float
    share: float

    @property
    def kind_label(self) -> str:
        return str(CostKind(self.kind).label).lower()

    @property
    def now_text(self) -> str:
        return number(self.now, 1)

    def saved(self, less: float) -> float:
        """Return the share of the kind's cost that so much less of it saves."""
        return self.share * min(less / self.now, 1.0) if self.now else 0.0


@dataclass(frozen=True)
class LeverBoard:
    """What levers act on in one class, or in all, on one night."""

    run: ValuationRun
    base: LeverBase

    @property
    def label(self) -> str:
        key = self.base.worth_class
        return str(WorthClass(key).label) if key else "All customers"

    @property
    def is_firm(self) -> bool:
        return not self.base.worth_class

    @cached_property
    def sums(self) -> Sums:
        return sums_from(self.base.sums)

    @cached_property
    def newcomer(self) -> Newcomer:
        kept = self.base.newcomer
        return Newcomer(
            sums_from(kept["first"]), sums_from(kept["later"]), kept["cost_to_win"]
        )

    @cached_property
    def engine(self) -> Base:
        """Return what the engine takes; only the whole firm wins customers."""
        kept = self.run.parameters.get("doubt")
        doubt = TotalDoubt(**kept) if kept else USUAL_DOUBT
        return Base(
            equity=float(self.base.equity),
            sums=self.sums,
            newcomer=self.newcomer if self.is_firm else None,
            annual_rate=float(self.run.assumptions.annual_rate),
            variance=self.base.variance,
            doubt=doubt if self.is_firm else doubt.of_parts(),
        )

    @property
    def won_last_year(self) -> int:
        return int(self.base.facts["won"])

    @property
    def offers(self) -> tuple[int, float]:
        """Return how many expansions are open, and their expected yearly margin."""
        count, amount = self.base.facts["offers"]
        return int(count), float(amount)

    @property
    def offers_as_share(self) -> float | None:
        """Return what they are of a year's expected margin, in per cent."""
        years = self.run.assumptions.horizon_months / 12
        yearly = self.sums.margin / years if years else 0.0
        return self.offers[1] / yearly * PER_CENT if yearly > 0 else None

    @cached_property
    def kinds(self) -> list[tuple[str, str, float]]:
        """Return each kind that costs something: key, label, expected cost."""
        costs = self.sums.costs
        return [
            (kind, COST_LABELS[kind], costs[kind].amount)
            for kind in in_order(costs)
            if costs[kind].amount > 0
        ]

    @cached_property
    def processes(self) -> list[Process]:
        """Return what can be done less of, the dearest first."""
        found = [*self._minutes(), *self._contacts(), *self._cases()]
        known = [one for one in found if one.share > 0 and self._costs(one.kind) > 0]
        return sorted(known, key=lambda one: -one.share * self._costs(one.kind))

    def _costs(self, kind: str) -> float:
        kept = self.sums.costs.get(kind)
        return kept.amount if kept else 0.0

    def _minutes(self) -> list[Process]:
        return [
            Process(
                key := f"minutes_{channel}",
                kind,
                lever_name(key),
                "minutes fewer",
                minutes / contacts,
                share,
            )
            for channel, kind, contacts, minutes, share in self._channels()
        ]

    def _contacts(self) -> list[Process]:
        return [
            Process(
                key := f"contacts_{channel}",
                kind,
                lever_name(key),
                "fewer",
                contacts / max(self.base.customers, 1),
                share,
            )
            for channel, kind, contacts, _, share in self._channels()
        ]

    def _channels(self) -> list[tuple[str, str, int, int, float]]:
        rows = []
        for key, (contacts, minutes, amount) in self.base.facts["contacts"].items():
            channel, _, kind = key.partition(":")
            share = self._share(kind, amount)
            rows.append((channel, kind, contacts, minutes, share))
        return sorted(rows, key=lambda row: -row[-1])[:MOST_PROCESSES]

    def _cases(self) -> list[Process]:
        return [
            Process(
                key := f"case_{channel}",
                CostKind.SERVICE.value,
                lever_name(key),
                "fewer",
                entries / cases,
                self._share(CostKind.SERVICE.value, amount),
            )
            for channel, (cases, entries, amount) in self.base.facts["cases"].items()
            if cases
        ]

    def _share(self, kind: str, amount: float) -> float:
        whole = self.base.facts["costs"].get(kind, 0.0)
        return min(max(amount / whole, 0.0), 1.0) if whole > 0 else 0.0

    def levers(self, moved: Mapping[str, float]) -> Levers:
        """Return engine levers from what people moved: per cent, pieces, money."""

        def share(name: str) -> float:
            return moved.get(name, 0.0) / PER_CENT

        return Levers(
            frequency=share("frequency"),
            retention=share("retention"),
            won=moved.get("won", 0.0) if self.is_firm else 0.0,
            basket=share("basket"),
            price=share("price"),
            savings=self._savings(moved),
            spent=moved.get("spent", 0.0),
        )

    def _savings(self, moved: Mapping[str, float]) -> dict[str, float]:
        """Return the share saved of each kind: what is left after each saving."""
        left = {
            kind: 1.0 - moved.get(f"saving_{kind}", 0.0) / PER_CENT
            for kind in self.sums.costs
        }
        for one in self.processes:
            left[one.kind] *= 1.0 - one.saved(moved.get(one.key, 0.0))
        return {kind: 1.0 - rest for kind, rest in left.items() if rest != 1.0}

    def outcome(self, moved: Mapping[str, float]) -> "Shown":
        """Return what equity becomes, in words and figures."""
        levers = self.levers(moved)
        found = pull(self.engine, levers, level=INTERVAL_LEVEL)
        return Shown(self, levers, found, moved)


@dataclass(frozen=True)
class Part:
    """What one lever does by itself, or all of them beyond that."""

    key: str
    label: str
    amount: Decimal


@dataclass(frozen=True)
class Shown:
    """What moved levers do, ready to be shown."""

    board: LeverBoard
    levers: Levers
    found: Outcome
    moved: Mapping[str, float]

    @property
    def before(self) -> Decimal:
        return as_money(self.found.before)

    @property
    def after(self) -> Decimal:
        return as_money(self.found.after)

    @property
    def change(self) -> Decimal:
        return as_money(self.found.change)

    @property
    def low(self) -> Decimal:
        return as_money(self.found.low)

    @property
    def high(self) -> Decimal:
        return as_money(self.found.high)

    @property
    def change_low(self) -> Decimal:
        return as_money(self.found.change_low)

    @property
    def change_high(self) -> Decimal:
        return as_money(self.found.change_high)

    @property
    def parts(self) -> list[Part]:
        return parts_of(self.found.parts)

    @property
    def sentence(self) -> str:
        if self.levers.is_zero:
            return (
                f"Nothing is moved: customer equity stays at {money(self.before)}, "
                f"as of {day(self.board.run.as_of)}."
            )
        return (
            f"Customer equity goes from {money(self.before)} to {money(self.after)}: "
            f"{signed_money(self.change)}, 80 % between "
            f"{signed_money(self.change_low)} and {signed_money(self.change_high)}."
        )

    @property
    def chart(self) -> Chart | None:
        if self.levers.is_zero:
            return None
        change = signed_money(self.change)
        summary = f"What each brings by itself, and together: {change}."
        return parts_chart("levers", self.found.parts, summary)


def parts_of(cents: Mapping[str, int]) -> list[Part]:
    """Return the parts of a change that are not zero, in order."""
    return [
        Part(key, label, as_money(cents[key]))
        for key, label in PART_LABELS.items()
        if cents.get(key)
    ]


def parts_chart(key: str, cents: Mapping[str, int], summary: str) -> Chart:
    parts = parts_of(cents)
    total = sum((one.amount for one in parts), Decimal(0))
    return waterfall(
        key=key,
        title="Change of customer equity by lever",
        summary=summary,
        moves=[(one.label, float(one.amount)) for one in parts],
        total=("Change", float(total)),
        write=signed_cents,
    )


def lever_board(run: ValuationRun, worth_class: str = "") -> LeverBoard | None:
    """Return what can be moved in a class on the night of `run`; None if not kept."""
    base = LeverBase.objects.filter(run=run, worth_class=worth_class).first()
    return None if base is None else LeverBoard(run, base)


def lever_boards(run: ValuationRun) -> Sequence[LeverBoard]:
    """Return the board of each class that has customers, by worth."""
    kept = {one.worth_class: one for one in LeverBase.objects.filter(run=run)}
    return [LeverBoard(run, kept[key.value]) for key in WorthClass if key.value in kept]


def sums_from(kept: Mapping[str, Any]) -> Sums:
    """Return sums from what JSON has kept of them."""
    costs = {kind: CostSum(**one) for kind, one in kept["costs"].items()}
    return Sums(**{k: v for k, v in kept.items() if k != "costs"}, costs=costs)


def as_money(cents: int) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)
