"""CSV that spreadsheets open: streamed, and never run as a formula."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

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


def csv_file(
    name: str,
    header: Iterable[str],
    rows: Iterable[Iterable[Any]],
    *,
    as_of: dt.date | None,
    among: str = "",
) -> StreamingHttpResponse:
    """Stream rows as a file; each says of what day it tells and of which accounts.

    So a file that was mailed on, or put beside one of another day, still says what it
    counts. `among` is `Scope.text` where the page has a filter bar.
    """
    told = {"As of": as_of, "Among": among}
    about = {title: value for title, value in told.items() if value}
    lines = ((*row, *about.values()) for row in rows)
    dated = f"{name}-{as_of}" if as_of else name
    return StreamingHttpResponse(
        csv_lines((*header, *about), lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{dated}.csv"'},
    )


def csv_refused() -> HttpResponse:
    """Say that there is no file: a filter that cannot be read would leave rows out."""
    said = "The filter cannot be read. Open the page: it says at which field."
    return HttpResponse(said, status=400, content_type="text/plain; charset=utf-8")
