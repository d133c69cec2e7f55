"""What a page tells about runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.choices import RunStatus
from clv.models import RunStep, ValuationRun
from clv.queries.costs import FittedCosts, fitted_costs

MODEL_NAMES = {"bgnbd": "BG/NBD", "mbgnbd": "MBG/NBD"}
MEANINGS = {
    "r": "shape of the spread of buying rates",
    "alpha": "scale of the buying rates, days",
    "a": "weight of leaving at a purchase",
    "b": "weight of staying at a purchase",
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
class Fit:
    """What the night has learnt of the firm, in words and numbers."""

    model: str
    reason: str
    customers: int
    likelihoods: Sequence[tuple[str, float]]
    buying: Sequence[Parameter]
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
class RunReport:
    """One run with its steps and, once there are any, its results."""

    run: ValuationRun
    steps: Sequence[RunStep]
    equity: Decimal | None
    equity_change: Decimal | None
    moved: int | None
    moves: Sequence[Move]
    fit: Fit | None

    @property
    def has_results(self) -> bool:
        return self.run.status in {RunStatus.PUBLISHED, RunStatus.SUPERSEDED}


def run_report(run: ValuationRun) -> RunReport:
    """Return what is known of a run at this moment; two questions to the database."""
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
    )


def _amount(metrics: Mapping[str, Any], key: str) -> Decimal | None:
    return Decimal(metrics[key]) if key in metrics else None


def _fit(stored: Mapping[str, Any]) -> Fit | None:
    if not stored:
        return None
    likelihoods = stored["log_likelihoods"].items()
    return Fit(
        model=MODEL_NAMES.get(stored["name"], stored["name"]),
        reason=stored["reason"],
        customers=int(stored["buying"]["account_count"]),
        likelihoods=[
            (MODEL_NAMES.get(name, name), value)
            for name, value in likelihoods
            if value is not None
        ],
        buying=_parameters(stored["buying"], stored["buying_standard_errors"]),
        margins=_parameters(stored["spend"], stored["spend_standard_errors"]),
        costs=fitted_costs(stored),
        cost_to_win=stored["cost_to_win"],
    )


def _parameters(
    values: Mapping[str, Any], errors: Mapping[str, float]
) -> list[Parameter]:
    return [
        Parameter(name, meaning, values[name], errors.get(name))
        for name, meaning in MEANINGS.items()
        if name in values
    ]
