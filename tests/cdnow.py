"""The published CDNOW purchase log: 2,357 people, their orders of 18 months.

Read from the data file of the `lifetimes` package, whose code is never imported.
"""

import csv
import datetime as dt
import importlib.util
from pathlib import Path

CUSTOMERS = 2357
PURCHASES = 6919
LAST_DAY = dt.date(1998, 6, 30)


def rows():
    """Yield (customer, day as YYYYMMDD, amount) of every purchase in file order."""
    spec = importlib.util.find_spec("lifetimes")
    folder = Path(spec.submodule_search_locations[0])
    text = (folder / "datasets" / "CDNOW_sample.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        if parts := line.split():
            _master, customer, day, _discs, amount = parts
            yield customer, day, amount


def write_csv(path, *, ending_on=LAST_DAY):
    """Write the log as a file for `import_orders`; return the path.

    With `ending_on` every day is moved by the same number of days, so that the last
    purchase falls on that day.
    """
    moved = ending_on - LAST_DAY
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["account", "ordered_on", "amount"])
        for customer, day, amount in rows():
            bought = dt.datetime.strptime(day, "%Y%m%d").date() + moved  # noqa: DTZ007
            out.writerow([customer, bought.isoformat(), amount])
    return path
