"""The purchase logs that `benchmarks.regret` judges: public ones and simulated ones.

Public logs lie in a folder that the caller names, in files as they are published:

- ``CDNOW_sample.txt``, ``CDNOW_master.txt``: customer, day, pieces, dollars;
- ``grocery_orders.csv``: cust, date (groceryElog of the R package BTYDplus);
- ``apparel_orders.csv``: id, date, amt (apparelTrans of the R package CLVTools);
- ``online_retail_two_years.parquet``: id, ts, qty, price per line (Online Retail II);
  reading it takes pyarrow.

Simulated firms: customers arrive evenly over the first half of the calibration period.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clv.engine.judging.purchases import PurchaseLog

START = dt.date(2022, 1, 3).toordinal()
MONTH_DAYS = 30.4375
SEASON = (0.7, 0.6, 0.8, 0.9, 0.9, 0.8, 0.7, 0.7, 1.0, 1.2, 1.6, 2.1)  # January first


@dataclass(frozen=True)
class Case:
    """A log, the day that ends its calibration period, and the days held out."""

    name: str
    log: PurchaseLog
    origin_day: int
    horizon_days: int


@dataclass(frozen=True)
class Story:
    """How simulated customers buy; rates per day.

    `leaving` is the Beta of the chance to leave after each purchase, `dying` the Gamma
    of the rate of leaving at any time; one of the two. `regularity` events make a
    purchase.
    """

    rate: tuple[float, float] = (0.8, 35.0)
    leaving: tuple[float, float] | None = None
    dying: tuple[float, float] | None = None
    regularity: int = 1
    months: tuple[float, ...] | None = None


BG_NBD = Story(leaving=(0.8, 4.0))
PARETO_NBD = Story(dying=(0.6, 90.0))
REGULAR = Story(rate=(2.0, 25.0), leaving=(0.8, 4.0), regularity=3)
SEASONAL = Story(leaving=(0.8, 6.0), months=SEASON)


def simulated_cases(size: int) -> Iterator[Case]:
    """Yield the simulated sets, each with a fixed seed; `size` accounts in most."""
    weeks = 7
    yield simulated("BG/NBD", BG_NBD, size, 104 * weeks, 52 * weeks, seed=11)
    yield simulated("Pareto/NBD", PARETO_NBD, size, 104 * weeks, 52 * weeks, seed=12)
    yield simulated("Erlang-3", REGULAR, size, 104 * weeks, 52 * weeks, seed=13)
    for draw in (1, 2, 3):
        name = f"seasonal {draw}"
        yield simulated(name, SEASONAL, size, 1095, 26 * weeks, seed=20 + draw)
    few = max(size // 12, 40)
    yield simulated("BG/NBD, few", BG_NBD, few, 52 * weeks, 52 * weeks, seed=31)


def simulated(
    name: str, story: Story, count: int, known_days: int, held_out: int, *, seed: int
) -> Case:
    """Return a firm of `count` customers told by `story`."""
    rng = np.random.default_rng(seed)
    end = known_days + held_out
    born = rng.uniform(0.0, known_days / 2.0, count)
    rate = rng.gamma(story.rate[0], 1.0 / story.rate[1], count)
    leaves, dies = np.zeros(count), np.full(count, np.inf)
    if story.leaving:
        leaves = rng.beta(*story.leaving, count)
    if story.dying:
        dying = rng.gamma(story.dying[0], 1.0 / story.dying[1], count)
        dies = born + rng.exponential(1.0 / dying)
    mean = 30.0 / rng.gamma(4.0, 1.0 / 3.0, count)
    now, accounts, days = born.copy(), [np.arange(count)], [born]
    active = np.arange(count)
    while active.size:
        now[active] = _next(rng, now[active], rate[active], story, end)
        active = active[now[active] < np.minimum(end, dies[active])]
        accounts.append(active)
        days.append(now[active])
        active = active[rng.random(active.size) >= leaves[active]]
    account, day = np.concatenate(accounts), np.concatenate(days)
    value = mean[account] * rng.gamma(4.0, 0.25, account.size)
    log = PurchaseLog.check(account, START + day.astype(int), value)
    return Case(f"Simulated {name}", log, START + known_days, held_out)


def _next(
    rng: np.random.Generator,
    now: NDArray[np.float64],
    rate: NDArray[np.float64],
    story: Story,
    end: float,
) -> NDArray[np.float64]:
    """Return the next purchases; in seasons by thinning the busiest month's pace."""
    moment = now.copy()
    if story.months is None:
        moment += rng.gamma(story.regularity, 1.0 / rate)
        return moment
    factors = np.array(story.months)
    waiting = np.arange(now.size)
    while waiting.size:
        pace = rate[waiting] * factors.max()
        moment[waiting] += rng.exponential(1.0 / pace)
        month = (moment[waiting] / MONTH_DAYS).astype(int) % factors.size
        kept = rng.random(waiting.size) < factors[month] / factors.max()
        waiting = waiting[~kept & (moment[waiting] < end)]
    return moment


def public_cases(folder: Path) -> Iterator[Case]:
    """Yield the public sets found in `folder`; a missing one is told and left out."""
    for file, read in PUBLIC.items():
        path = folder / file
        if not path.exists():
            print(f"left out: no {file} in {folder}")
            continue
        yield from read(path)


def _cdnow(name: str, customer: int) -> Callable[[Path], Iterator[Case]]:
    """Return a reader; `customer` is the column that tells customers apart."""

    def read(path: Path) -> Iterator[Case]:
        rows = [line.split() for line in path.read_text("ascii").splitlines()]
        rows = [row for row in rows if row and row[0].isdigit()]
        log = PurchaseLog.check(
            [int(row[customer]) for row in rows],
            [dt.date.fromisoformat(row[-3]).toordinal() for row in rows],
            [float(row[-1]) for row in rows],
        )
        yield Case(name, log, _day("1997-09-30"), 39 * 7)

    return read


def _table(frame: pd.DataFrame, day: str, account: str, value: str) -> PurchaseLog:
    days = pd.to_datetime(frame[day]).map(pd.Timestamp.toordinal)
    return PurchaseLog.check(
        pd.factorize(frame[account], sort=True)[0],
        days.to_numpy(np.int64),
        frame[value].to_numpy(np.float64),
    )


def _grocery(path: Path) -> Iterator[Case]:
    log = _table(pd.read_csv(path).assign(one=1.0), "date", "cust", "one")
    yield Case("Grocery", log, _day("2006-12-31"), 52 * 7)


def _apparel(path: Path) -> Iterator[Case]:
    log = _table(pd.read_csv(path), "date", "id", "amt")
    yield Case("Apparel, 104 weeks", log, _day("2007-01-01"), 104 * 7)
    yield Case("Apparel, 3 years", log, _day("2008-01-02"), 730)


def _online_retail(path: Path) -> Iterator[Case]:
    lines = pd.read_parquet(path)
    lines = lines[(lines["qty"] > 0) & (lines["price"] > 0)]
    lines = lines.assign(day=lines["ts"].dt.normalize(), value=lines.qty * lines.price)
    log = _table(lines, "day", "id", "value")
    yield Case("Online Retail II, a year", log, _day("2010-12-09"), 365)
    yield Case("Online Retail II, half a year", log, _day("2011-06-09"), 26 * 7)


def _day(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal()


PUBLIC: dict[str, Callable[[Path], Iterator[Case]]] = {
    "CDNOW_sample.txt": _cdnow("CDNOW sample", 1),
    "CDNOW_master.txt": _cdnow("CDNOW full", 0),
    "grocery_orders.csv": _grocery,
    "online_retail_two_years.parquet": _online_retail,
    "apparel_orders.csv": _apparel,
}
