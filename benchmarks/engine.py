"""Fit, forecast and value of the engine beside its peers, on the same customers.

    python -m benchmarks.engine --lifetimes-python PATH --pymc-python PATH

Every side fits BG/NBD and gamma-gamma, tells each customer's chance to be alive and the
orders of the next 52 weeks, and gives each a discounted 12-month value. Ours runs with
this interpreter. Each peer runs with an interpreter of its own, since lifetimes needs
numpy below 2 (docs/benchmarks.md says how to make them); a peer without one is left
out. pymc-marketing is fitted by MAP with its default priors.

The customers are simulated once per size and read by every side from the same files.
Each side is measured in processes of its own, one after the other in turn, after a
small run that imports and compiles, so that peak memory is its own; ratios are taken
pair by pair and their median told.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = dict[str, NDArray[np.float64]]
Stages = dict[str, float]

SEED = 20260101
WEEKS = 104.0
TRUTH = {"r": 0.8, "alpha": 5.0, "a": 0.7, "b": 7.0}  # in weeks
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
ANNUAL_RATE = 0.1268  # 1 % a month
DAYS_PER_WEEK = 7.0
SIZES = (2_357, 100_000, 1_000_000)
WARM_ROWS = 500
GOALS = {"lifetimes": 30.0, "pymc": 20.0}  # at 1,000,000
HEAVY = 10_000_000
HEAVY_GIB = 8.0


def customers(count: int) -> Vectors:
    """Simulate `count` customers of the BG/NBD story over up to two years."""
    rng = np.random.default_rng(SEED)
    age = rng.uniform(1.0, WEEKS, count)
    rate = rng.gamma(TRUTH["r"], 1.0 / TRUTH["alpha"], count)
    leaves = rng.beta(TRUTH["a"], TRUTH["b"], count)
    frequency, recency = np.zeros(count), np.zeros(count)
    clock, active = np.zeros(count), np.arange(count)
    while active.size:
        clock[active] += rng.exponential(1.0 / rate[active])
        active = active[clock[active] <= age[active]]
        frequency[active] += 1
        recency[active] = clock[active]
        active = active[rng.random(active.size) >= leaves[active]]
    level = rng.gamma(SPEND["q"], 1.0 / SPEND["v"], count)
    spend = rng.gamma(SPEND["p"] * np.maximum(frequency, 1)) / np.maximum(frequency, 1)
    days = {"recency": np.ceil(recency * 7), "age": np.ceil(age * 7)}
    return {"frequency": frequency, "mean_value": spend / level, **days}


def ours(data: Vectors) -> tuple[Stages, dict[str, float]]:
    """Fit, forecast and value with this project's engine."""
    from clv.engine.history import Histories, compress  # noqa: PLC0415
    from clv.engine.models import fit_bgnbd  # noqa: PLC0415
    from clv.engine.spend import fit_gamma_gamma  # noqa: PLC0415

    clock = _Clock()
    frequency, mean = data["frequency"], data["mean_value"]
    histories = Histories.check(frequency, data["recency"], data["age"])
    weekly = compress(histories, resolution_days=DAYS_PER_WEEK)
    model = fit_bgnbd(weekly.histories)
    spend = fit_gamma_gamma(frequency, mean)
    clock.lap("fit")
    rows, back = weekly.histories, weekly.inverse
    alive = model.probability_alive(rows)[back]
    orders = model.expected_purchases(rows, horizon_days=52 * DAYS_PER_WEEK)[back]
    clock.lap("forecast")
    bought = model.discounted_purchases(
        rows, annual_rate=ANNUAL_RATE, horizon_days=365.0
    )
    worth = bought[back] * spend.expected_value(frequency, mean)
    clock.lap("value")
    return clock.laps, _sums(alive, orders, worth)


def lifetimes(data: Vectors) -> tuple[Stages, dict[str, float]]:
    """Do the same with `lifetimes`."""
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter  # noqa: PLC0415
    from pandas import Series  # noqa: PLC0415

    clock = _Clock()
    frequency, recency = Series(data["frequency"]), Series(data["recency"] / 7.0)
    age, value = Series(data["age"] / 7.0), Series(data["mean_value"])
    buying = BetaGeoFitter().fit(frequency, recency, age)
    bought = frequency > 0
    spend = GammaGammaFitter(penalizer_coef=1e-4)
    spend.fit(frequency[bought], value[bought])
    clock.lap("fit")
    alive = buying.conditional_probability_alive(frequency, recency, age)
    orders = buying.conditional_expected_number_of_purchases_up_to_time(
        52, frequency, recency, age
    )
    clock.lap("forecast")
    worth = spend.customer_lifetime_value(
        buying, frequency, recency, age, value, time=12, freq="W", discount_rate=0.01
    )
    clock.lap("value")
    return clock.laps, _sums(alive, orders, worth)


def pymc(data: Vectors) -> tuple[Stages, dict[str, float]]:
    """Do the same with `pymc-marketing`, by MAP."""
    warnings.simplefilter("ignore")
    from pandas import DataFrame  # noqa: PLC0415
    from pymc_marketing.clv import BetaGeoModel, GammaGammaModel  # noqa: PLC0415

    clock = _Clock()
    frame = DataFrame(
        {
            "customer_id": np.arange(data["frequency"].size),
            "frequency": data["frequency"],
            "recency": data["recency"] / 7.0,
            "T": data["age"] / 7.0,
            "monetary_value": data["mean_value"],
        }
    )
    buying = BetaGeoModel()
    buying.fit(frame, method="map", progressbar=False)
    spend = GammaGammaModel()
    spend.fit(frame[frame["frequency"] > 0], method="map", progressbar=False)
    clock.lap("fit")
    alive = buying.expected_probability_alive(frame)
    orders = buying.expected_purchases(frame, future_t=52)
    clock.lap("forecast")
    worth = spend.expected_customer_lifetime_value(
        transaction_model=buying,
        data=frame,
        future_t=12,
        discount_rate=0.01,
        time_unit="W",
    )
    clock.lap("value")
    return clock.laps, _sums(alive, orders, worth)


Side = Callable[[Vectors], tuple[Stages, dict[str, float]]]
SIDES: dict[str, Side] = {"ours": ours, "lifetimes": lifetimes, "pymc": pymc}


class _Clock:
    def __init__(self) -> None:
        self.laps: Stages = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def _sums(alive: Any, orders: Any, worth: Any) -> dict[str, float]:
    return {
        "alive": float(np.asarray(alive).sum()),
        "orders": float(np.asarray(orders).sum()),
        "worth": float(np.asarray(worth).sum()),
    }


def measure(side: str, folder: Path) -> dict[str, float]:
    """Run one side in this process and tell seconds, sums and peak memory."""
    data = {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}
    SIDES[side]({name: values[:WARM_ROWS] for name, values in data.items()})
    wall, cpu = time.perf_counter(), time.process_time()
    laps, sums = SIDES[side](data)
    return {
        **{f"{name}_s": seconds for name, seconds in laps.items()},
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        **sums,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def compare(count: int, rounds: int, pythons: dict[str, str]) -> None:
    """Run all sides in turn; print medians and the ratios pair by pair."""
    found: dict[str, list[dict[str, float]]] = {side: [] for side in pythons}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for column, values in customers(count).items():
            np.save(folder / f"{column}.npy", values)
        for _ in range(rounds):
            for side, python in pythons.items():
                found[side].append(_in_own_process(side, python, folder))
    print(f"{count:,} customers, load {os.getloadavg()[0]:.1f}")
    for side, runs in found.items():
        middle = {k: statistics.median(run[k] for run in runs) for k in runs[0]}
        print(f"  {side:<10}", *(f"{k} {v:,.2f}" for k, v in middle.items()))
    mine = found.pop("ours")
    for side, theirs in found.items():
        _print_ratio(side, theirs, mine, count)


def _print_ratio(
    side: str,
    theirs: list[dict[str, float]],
    mine: list[dict[str, float]],
    count: int,
) -> None:
    pairs = list(zip(theirs, mine, strict=True))
    ratios = [their["wall_s"] / our["wall_s"] for their, our in pairs]
    cpu = statistics.median(their["cpu_s"] / our["cpu_s"] for their, our in pairs)
    memory = statistics.median(
        their["peak_mb"] / our["peak_mb"] for their, our in pairs
    )
    middle = statistics.median(ratios)
    goal = ""
    if count == max(SIZES):
        reached = middle >= GOALS[side] and memory > 1.0
        goal = f"; goal {GOALS[side]:.0f}: {'reached' if reached else 'missed'}"
    print(
        f"  {side} / ours: {middle:.1f} ({min(ratios):.1f} to {max(ratios):.1f}) in"
        f" wall time, {cpu:.1f} in CPU time, {memory:.1f} in peak memory{goal}"
    )


def alone(count: int) -> None:
    """Run our side once on very many customers and tell whether it fits into memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for column, values in customers(count).items():
            np.save(folder / f"{column}.npy", values)
        found = _in_own_process("ours", sys.executable, folder)
    print(f"{count:,} customers, ours alone, load {os.getloadavg()[0]:.1f}")
    print("  ", *(f"{key} {value:,.2f}" for key, value in found.items()))
    held = found["peak_mb"] < HEAVY_GIB * 1024
    print(f"   within {HEAVY_GIB:.0f} GiB: {'yes' if held else 'no'}")


def _in_own_process(side: str, python: str, folder: Path) -> dict[str, float]:
    call = [python, "-m", "benchmarks.engine", "--side", side, "--folder", str(folder)]
    done = subprocess.run(  # noqa: S603  our own module
        call, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-2_000:]}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lifetimes-python", metavar="PATH")
    parser.add_argument("--pymc-python", metavar="PATH")
    parser.add_argument(
        "--heavy", action="store_true", help=f"ours alone on {HEAVY:,} customers"
    )
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = _options()
    if options.side:
        print(json.dumps(measure(options.side, options.folder)))
        return
    pythons = {
        "ours": sys.executable,
        "lifetimes": options.lifetimes_python,
        "pymc": options.pymc_python,
    }
    present = {side: python for side, python in pythons.items() if python}
    for count in options.customers or SIZES:
        compare(count, options.rounds, present)
    if options.heavy:
        alone(HEAVY)


if __name__ == "__main__":
    main()
