"""The CDNOW purchase log, from the data files of the installed lifetimes package.

The package itself is never imported.
"""

import datetime as dt
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from clv.engine.history import Histories

WEEKS_39 = dt.date(1997, 9, 30)
WEEKS_78 = dt.date(1998, 6, 30)


def data_file(name):
    origin = importlib.util.find_spec("lifetimes").origin
    return Path(origin).parent / "datasets" / name


@cache
def days(name="CDNOW_sample.txt"):
    """One row per account and day with a purchase: account, day, value."""
    account, date, value = (0, 1, 3) if name == "CDNOW_master.txt" else (1, 2, 4)
    rows = pd.read_csv(
        data_file(name),
        sep=r"\s+",
        header=None,
        skiprows=1 if name == "CDNOW_master.txt" else 0,
        usecols=[account, date, value],
    )
    rows.columns = ["account", "day", "value"]
    rows["day"] = pd.to_datetime(rows["day"].astype(str), format="%Y%m%d")
    return rows.groupby(["account", "day"], as_index=False)["value"].sum()


@cache
def histories(until=WEEKS_39, name="CDNOW_sample.txt"):
    table = summary(until, name)
    return Histories.check(table.x, table.recency, table.age)


@cache
def summary(until=WEEKS_39, name="CDNOW_sample.txt"):
    """Per account: repeat days x, recency, age, mean of repeats, mean of all."""
    cutoff = pd.Timestamp(until)
    seen = days(name)
    seen = seen[seen.day <= cutoff]
    grouped = seen.groupby("account")
    first = grouped.day.min()
    table = pd.DataFrame(
        {
            "x": grouped.size() - 1.0,
            "recency": (grouped.day.max() - first).dt.days.astype(float),
            "age": (cutoff - first).dt.days.astype(float),
            "total": grouped.value.sum(),
            "first_value": grouped.value.first(),
        }
    )
    repeats = np.maximum(table.x, 1.0)
    table["mean_repeat"] = (table.total - table.first_value) / repeats
    table["mean_all"] = table.total / (table.x + 1.0)
    return table
