"""CSV that spreadsheets open: streamed, and never run as a formula."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Any) -> Any:
    """Return what may stand in a cell: text that looks like a formula gets a quote.

    Numbers and dates stay as they are; control characters become spaces.
    """
    if not isinstance(value, str):
        return "" if value is None else value
    is_formula = value.lstrip(" ").startswith(_STARTS_A_FORMULA)
    clean = "".join(c if c.isprintable() else " " for c in value)
    return f"'{clean}" if is_formula else clean


class _Echo:
    """A file whose `write` gives the text back, so that the writer can stream."""

    def write(self, text: str) -> str:
        return text


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file; a byte-order mark tells spreadsheets UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow([cell(name) for name in header])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
