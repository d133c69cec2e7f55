"""What a page tells about runs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.choices import RunStatus
from clv.engine.judging.composed import CohortModel, Mixture, fitted_accounts, restore
from clv.engine.models import RepeatBuyingModel, stored_model
from clv.models import RunStep, ValuationRun
from clv.queries.accuracy import NAMES, in_words
from clv.queries.costs import FittedCosts, fitted_costs
from clv.queries.oddities import Oddities, oddities

MEANINGS = {
    "r": "shape of the spread of buying rates",
    "alpha": "scale of the buying rates, days",
    "a": "weight of leaving at a purchase",
    "b": "weight of staying at a purchase",
    "s": "shape of the spread of leaving rates",
    "beta": "scale of the leaving rates, days",
    "window_days": "days that a pace is told by at least",
    "stay_days": "mean days until an account leaves",
    "regularity": "hidden events for each purchase",
    "p": "evenness of one account's margins",
    "q": "likeness of the accounts' margins",
    "v": "scale of the margins, money",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One fitted number with its standard error, where that is known."""

    name: str
    meaning: str
    value: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Member:
    """One model that values accounts: its share, and its parameters or why none."""

    name: str
    weight: float
    parameters: Sequence[Parameter]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """What the night has learnt of the firm, in words and numbers.

    `dropped` are candidates that were chosen and could not be fitted, with the reason;
    `level` is what was asked of intervals that are to hold 80 %.
    """

    model: str
    reason: str
    customers: int
    likelihoods: Sequence[tuple[str, float]]
    members: Sequence[Member]
    dropped: Sequence[tuple[str, str]]
    judged_on: dt.date | None
    level: float | None
    is_seasonal: bool
    margins: Sequence[Parameter]
    costs: FittedCosts
    cost_to_win: float


@dataclass(frozen=True, slots=True)
class Move:
    """How many accounts went from one class to another."""

    before: str
    after: str
    accounts: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What the weekly self-check found: all sums worked out anew and compared."""

    accounts: int
    differing: int
    differences: Sequence[str]


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run with its steps and, once there are any, its results."""

    run: ValuationRun
    steps: Sequence[RunStep]
    equity: Decimal | None
    equity_change: Decimal | None
    moved: int | None
    moves: Sequence[Move]
    fit: Fit | None
    oddities: Oddities
    checked: Checked | None

    @property
    def has_results(self) -> bool:
        return self.run.status in {RunStatus.PUBLISHED, RunStatus.SUPERSEDED}


def run_report(run: ValuationRun) -> RunReport:
    """Return what is known of a run at this moment; four questions at most."""
    steps = list(run.steps.all())
    details = {step.name: step.detail for step in steps}
    classed = details.get("classify", {})
    equity, before = (_amount(run.metrics, key) for key in ("equity", "before_equity"))
    return RunReport(
        run=run,
        steps=steps,
        equity=equity,
        equity_change=None if equity is None or before is None else equity - before,
        moved=classed.get("moved"),
        moves=[
            Move(one["from"], one["to"], one["accounts"])
            for one in classed.get("moves", [])
        ],
        fit=_fit(run.parameters),
        oddities=oddities(run, details),
        checked=_checked(details.get("summarise", {}).get("self_check")),
    )


def _checked(stored: Mapping[str, Any] | None) -> Checked | None:
    if stored is None:
        return None
    return Checked(stored["accounts"], stored["differing"], stored["differences"])


def _amount(metrics: Mapping[str, Any], key: str) -> Decimal | None:
    return Decimal(metrics[key]) if key in metrics else None


def _fit(stored: Mapping[str, Any]) -> Fit | None:
    if not stored:
        return None
    likelihoods = stored["log_likelihoods"].items()
    members = _members(stored)
    judged_on = stored.get("judged_on")
    return Fit(
        model=" and ".join(member.name for member in members[:2])
        if len(members) < 3  # noqa: PLR2004 - two names can be said in a heading
        else f"a mix of {len(members)} models",
        reason=in_words(stored["reason"]),
        customers=int(fitted_accounts(_buying(stored))),
        likelihoods=[
            (NAMES.get(name, name), value)
            for name, value in likelihoods
            if value is not None
        ],
        members=members,
        dropped=[
            (NAMES.get(n, n), why) for n, why in stored.get("dropped", {}).items()
        ],
        judged_on=dt.date.fromisoformat(judged_on) if judged_on else None,
        level=stored.get("level"),
        is_seasonal=stored.get("seasons", {}).get("is_on", False),
        margins=_parameters(stored["spend"], stored["spend_standard_errors"]),
        costs=fitted_costs(stored),
        cost_to_win=stored["cost_to_win"],
    )


def _buying(stored: Mapping[str, Any]) -> RepeatBuyingModel:
    kept = stored["buying"]
    return restore(kept) if "kind" in kept else stored_model(stored["name"], kept)


def _members(stored: Mapping[str, Any]) -> list[Member]:
    """Return the models that value accounts, heaviest first."""
    model = _buying(stored)
    weights = stored.get("weights") or [(stored["name"], 1.0)]
    models = model.models if isinstance(model, Mixture) else (model,)
    members = [
        _member(NAMES.get(name, name), weight, part)
        for (name, weight), part in zip(weights, models, strict=True)
    ]
    return sorted(members, key=lambda one: -one.weight)


def _member(name: str, weight: float, model: RepeatBuyingModel) -> Member:
    if isinstance(model, CohortModel):
        note = f"{len(model)} cohorts by age, each with parameters of its own"
        return Member(name, weight, [], note)
    values = {one: getattr(model, one) for one in MEANINGS if hasattr(model, one)}
    return Member(name, weight, _parameters(values, model.standard_errors))


def _parameters(
    values: Mapping[str, Any], errors: Mapping[str, float]
) -> list[Parameter]:
    return [
        Parameter(name, meaning, values[name], errors.get(name))
        for name, meaning in MEANINGS.items()
        if name in values
    ]
