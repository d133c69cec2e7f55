"""Fit and value of the engine beside `lifetimes`, on the same customers, in one run.

    python -m benchmarks.engine --customers 100000

Both fit BG/NBD and gamma-gamma and give each customer a 12-month value. Each side runs
in a process of its own, so that peak memory is its own, and several times in turn; the
ratio is taken pair by pair and its median told.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vectors = dict[str, NDArray[np.float64]]

SEED = 20260101
WEEKS = 104.0
TRUTH = {"r": 0.8, "alpha": 5.0, "a": 0.7, "b": 7.0}  # in weeks
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
ANNUAL_RATE = 0.1268  # 1 % a month
DAYS_PER_WEEK = 7.0


def customers(count: int) -> Vectors:
    """Simulate `count` customers of the BG/NBD story over up to two years."""
    rng = np.random.default_rng(SEED)
    age = rng.uniform(1.0, WEEKS, count)
    rate = rng.gamma(TRUTH["r"], 1.0 / TRUTH["alpha"], count)
    leaves = rng.beta(TRUTH["a"], TRUTH["b"], count)
    frequency, recency = np.zeros(count), np.zeros(count)
    clock, alive = np.zeros(count), np.ones(count, bool)
    while alive.any():
        clock[alive] += rng.exponential(1.0 / rate[alive])
        alive &= clock <= age
        frequency[alive] += 1
        recency[alive] = clock[alive]
        alive &= rng.random(count) >= leaves
    level = rng.gamma(SPEND["q"], 1.0 / SPEND["v"], count)
    spend = rng.gamma(SPEND["p"] * np.maximum(frequency, 1)) / np.maximum(frequency, 1)
    days = {"recency": np.ceil(recency * 7), "age": np.ceil(age * 7)}
    return {"frequency": frequency, "mean_value": spend / level, **days}


def ours(data: Vectors) -> float:
    """Fit and value with this project's engine; return the sum of values."""
    from clv.engine.history import Histories, compress  # noqa: PLC0415
    from clv.engine.models import fit_bgnbd  # noqa: PLC0415
    from clv.engine.spend import fit_gamma_gamma  # noqa: PLC0415

    histories = Histories.check(data["frequency"], data["recency"], data["age"])
    weekly = compress(histories, resolution_days=DAYS_PER_WEEK)
    model = fit_bgnbd(weekly.histories)
    spend = fit_gamma_gamma(data["frequency"], data["mean_value"])
    worth = spend.expected_value(data["frequency"], data["mean_value"])
    orders = model.discounted_purchases(
        weekly.histories, annual_rate=ANNUAL_RATE, horizon_days=365.0
    )
    return float((orders[weekly.inverse] * worth).sum())


def lifetimes(data: Vectors) -> float:
    """Do the same with `lifetimes`; return the sum of values."""
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter  # noqa: PLC0415
    from pandas import Series  # noqa: PLC0415

    frequency, recency = Series(data["frequency"]), Series(data["recency"] / 7.0)
    age, value = Series(data["age"] / 7.0), Series(data["mean_value"])
    buying = BetaGeoFitter().fit(frequency, recency, age)
    bought = frequency > 0
    spend = GammaGammaFitter(penalizer_coef=1e-4)
    spend.fit(frequency[bought], value[bought])
    worth = spend.customer_lifetime_value(
        buying, frequency, recency, age, value, time=12, freq="W", discount_rate=0.01
    )
    return float(worth.sum())


SIDES: dict[str, Callable[[Vectors], float]] = {"ours": ours, "lifetimes": lifetimes}


def measure(side: str, count: int) -> dict[str, float]:
    """Run one side in this process and tell seconds, sum and peak memory."""
    data = customers(count)
    SIDES[side](
        {name: values[:500] for name, values in data.items()}
    )  # imports, caches
    wall, cpu = time.perf_counter(), time.process_time()
    total = SIDES[side](data)
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "total": total,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def compare(count: int, rounds: int) -> None:
    """Run both sides in turn and print medians and the ratio pair by pair."""
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            found[side].append(_in_own_process(side, count))
    for side, runs in found.items():
        middle = {k: statistics.median(run[k] for run in runs) for k in runs[0]}
        print(f"{count:>9,} {side:<10}", *(f"{k} {v:,.2f}" for k, v in middle.items()))
    pairs = zip(found["lifetimes"], found["ours"], strict=True)
    ratios = [theirs["wall_s"] / mine["wall_s"] for theirs, mine in pairs]
    print(
        f"{count:>9,} lifetimes / ours: {min(ratios):.1f} to {max(ratios):.1f}, "
        f"median {statistics.median(ratios):.1f} in wall time"
    )


def _in_own_process(side: str, count: int) -> dict[str, float]:
    call = [sys.executable, "-m", "benchmarks.engine", "--side", side]
    done = subprocess.run(  # noqa: S603  our own module
        [*call, "--customers", str(count)], capture_output=True, text=True, check=True
    )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES)
    options = parser.parse_args()
    counts = options.customers or [2_357, 100_000]
    if options.side:
        print(json.dumps(measure(options.side, counts[0])))
        return
    for count in counts:
        compare(count, options.rounds)


if __name__ == "__main__":
    main()
