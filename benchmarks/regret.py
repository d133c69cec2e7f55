"""How far the back-test's choice is from the best single model in hindsight.

    python -m benchmarks.regret --data FOLDER

Each set is cut at the end of its calibration period. The back-test sees what came
before and nothing else; it chooses a mix with rules of thumb and one of models, which
values accounts. Both forecast the days held out, beside every single candidate.

Regret is the excess in % over the best single candidate of the set, rules of thumb
included, by RMSE and by Poisson deviance; below 0 the mix beat all of them. Coverage is
that of 80 % and 90 % ranges: orders as they are, margin at the level that the back-test
asks for. `benchmarks.regret_sets` says which sets there are and how the folder's files
are called; without a folder only simulated ones are judged.
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.regret_sets import Case, public_cases, simulated_cases
from clv.engine.judging.backtest import Backtest, run_backtest
from clv.engine.judging.calibration import (
    Calibration,
    count_steps,
    drawn_orders,
    money_steps,
)
from clv.engine.judging.scores import Score, score
from clv.engine.judging.trials import NAIVE_RULES, Trial, try_origin
from clv.engine.spend_habits import fit_spend

SIMULATED_ACCOUNTS = 4_000
LEVELS = (0.8, 0.9)
MEAN_RMSE, WORST_RMSE, MEAN_DEVIANCE = 0.01, 0.02, 0.005  # the goals


@dataclass(frozen=True)
class Distance:
    """How far one mix is from the best, as shares; all below 0 is better than all.

    Attributes
    ----------
    rmse, deviance : over the best single candidate
    naive : RMSE over that of the best rule of thumb
    total : error of the total
    """

    rmse: float
    deviance: float
    naive: float
    total: float


@dataclass(frozen=True)
class Regret:
    """What one set showed.

    Attributes
    ----------
    best : the single candidate of lowest RMSE
    mix, models : Distance
    orders, margin : share of accounts inside their range, by level
    """

    name: str
    accounts: int
    best: str
    mix: Distance
    models: Distance
    orders: tuple[float, ...]
    margin: tuple[float, ...]


def regret_of(case: Case) -> Regret:
    """Judge the back-test's choice by what came after the calibration period."""
    judged = run_backtest(case.log, case.origin_day)
    if judged is None:
        raise ValueError(f"{case.name} has too little history for a back-test")
    trial = try_origin(case.log, case.origin_day, case.horizon_days)
    came = trial.outcome.counts
    singles = {n: score(trial.counts(n), came, is_count=True) for n in trial.names}
    chosen = [
        score(trial.mixed_counts(weights), came, is_count=True)
        for weights in (judged.choice.weights, judged.choice.model_weights)
    ]
    orders, margin = _coverage(trial, judged)
    return Regret(
        name=case.name,
        accounts=len(trial.known.log),
        best=min(singles, key=lambda name: singles[name].rmse),
        mix=_distance(chosen[0], singles),
        models=_distance(chosen[1], singles),
        orders=orders,
        margin=margin,
    )


def _distance(found: Score, singles: dict[str, Score]) -> Distance:
    lowest = min(one.rmse for one in singles.values())
    rule = min(singles[name].rmse for name in NAIVE_RULES)
    return Distance(
        rmse=found.rmse / lowest - 1.0,
        deviance=_deviance(found) / min(map(_deviance, singles.values())) - 1.0,
        naive=found.rmse / rule - 1.0,
        total=found.forecast_total / found.actual_total - 1.0,
    )


def _deviance(found: Score) -> float:
    if found.deviance is None:
        raise ValueError("only counts have a deviance")
    return found.deviance


def _coverage(
    trial: Trial, judged: Backtest
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what ranges of orders and of margin held, as accounts are valued."""
    rng = np.random.default_rng(0)
    drawn = drawn_orders(
        trial, judged.choice.model_weights, rng=rng, pace_error=judged.money_error
    )
    known = trial.known.log
    spend = fit_spend(known.purchase_days, known.mean_values, habits=judged.spend)
    orders = _placed(count_steps(trial, drawn).places())
    margin = _placed(money_steps(trial, drawn, spend.model, rng=rng).places())
    asked = judged.money_calibration
    return (
        tuple(orders.coverage(level) for level in LEVELS),
        tuple(margin.coverage(asked.level(level)) for level in LEVELS),
    )


def _placed(places: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Calibration:
    return Calibration(tuple(places.tolist()))


def missed(found: Sequence[Distance]) -> list[str]:
    """Return which goals a mix missed over the sets, in words; best none."""
    rmse = [one.rmse for one in found]
    goals = {
        "mean RMSE regret above 1 %": statistics.fmean(rmse) > MEAN_RMSE,
        "worst RMSE regret above 2 %": max(rmse) > WORST_RMSE,
        "mean deviance regret above 0.5 %": statistics.fmean(
            one.deviance for one in found
        )
        > MEAN_DEVIANCE,
        "worse than a rule of thumb": max(one.naive for one in found) > 0.0,
    }
    return [goal for goal, is_missed in goals.items() if is_missed]


def table(found: Sequence[Regret]) -> list[str]:
    """Return the lines of the table, in Markdown."""
    head = (
        "Set",
        "Accounts",
        "Best single (RMSE)",
        "models: RMSE",
        "deviance",
        "to rule",
        "total",
        "mix: RMSE",
        "deviance",
        "orders in 80, 90 %",
        "margin in 80, 90 %",
    )
    lines = [_line(head), _line(["---"] * len(head))]
    for one in found:
        models, mix = one.models, one.mix
        cells = [one.name, f"{one.accounts:,}", one.best]
        cells += [_percent(x) for x in (models.rmse, models.deviance, models.naive)]
        cells += [f"{models.total:+.0%}", _percent(mix.rmse), _percent(mix.deviance)]
        cells += [_pair(one.orders), _pair(one.margin)]
        lines.append(_line(cells))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(value: float) -> str:
    return f"{100.0 * value:.2f}"


def _pair(shares: Sequence[float]) -> str:
    return ", ".join(f"{100.0 * share:.1f}" for share in shares)


def summary(name: str, found: Sequence[Distance]) -> str:
    """Return means and worsts of a mix over the sets, and the goals it missed."""
    rmse, deviance = [one.rmse for one in found], [one.deviance for one in found]
    faults = missed(found)
    return (
        f"{name}: RMSE {_percent(statistics.fmean(rmse))} mean, {_percent(max(rmse))}"
        f" worst; deviance {_percent(statistics.fmean(deviance))} mean,"
        f" {_percent(max(deviance))} worst;"
        f" {'missed: ' + ', '.join(faults) if faults else 'all goals met'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public sets")
    parser.add_argument("--accounts", type=int, default=SIMULATED_ACCOUNTS)
    given = parser.parse_args()
    public = public_cases(given.data) if given.data else iter(())
    found = []
    for case in chain(public, simulated_cases(given.accounts)):
        found.append(regret_of(case))
        print(f"judged {case.name}", flush=True)
    print("", *table(found), "", sep="\n")
    print(summary("models", [one.models for one in found]))
    print(summary("mix", [one.mix for one in found]))


if __name__ == "__main__":
    main()
