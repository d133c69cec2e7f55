"""Answers that are older than the newest row behind them, and say so.

At a large firm some report is made old by a new row every few seconds, and working it
out anew takes seconds. A page does not wait for that: it is given the answer that was
worked out last, says of when it is, and offers to work it out now. A small firm's
reports always wait, since they take no time.

Only what reads is given older answers: `older_pages` allows it for GET requests. What
changes anything, a command and a night work with the newest rows.
"""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

WAIT_SECONDS = 0.1  # what takes longer to work out is given as it was
LARGE_ROWS = 300_000  # of the largest table
LOOKED_AT_SECONDS = 600.0
WORKED_FROM_SECONDS = 300.0  # what people work from is never older
LONGEST_WAIT_SECONDS = 30.0  # what takes longer is left to the night
LARGEST = "SELECT coalesce(max(reltuples), 0) FROM pg_class WHERE relkind = 'r'"


@dataclass(slots=True)
class Given:
    """The older answers that one request was given."""

    not_before: dt.datetime | None
    acted_at: dt.datetime | None = None  # when the visitor changed something last
    oldest: dt.datetime | None = None
    marks: Any = None  # of all tables, see `common.kept`, as they were when first read
    seconds: float = 0.0  # that working them out took

    @property
    def can_be_asked(self) -> bool:
        return self.seconds <= LONGEST_WAIT_SECONDS

    @property
    def wait(self) -> int:
        """Return the seconds that working them out takes, at least one."""
        return max(1, round(self.seconds))


_given: ContextVar[Given | None] = ContextVar("older_answers", default=None)
_size: list[float] = []  # when it was looked at, and the rows of the largest table


def may_be_given(
    *, made_at: dt.datetime, seconds: float, is_worked_from: bool = False
) -> bool:
    """Tell whether an answer may be given though rows have changed, and note it.

    What is worked from, such as what is still to be done, is given for some minutes
    only, and never to who has changed something since.
    """
    given = _given.get()
    if given is None or seconds <= WAIT_SECONDS or not is_large():
        return False
    bounds = [given.not_before]
    if is_worked_from:
        youngest = dt.timedelta(seconds=WORKED_FROM_SECONDS)
        bounds += [given.acted_at, timezone.now() - youngest]
    if any(bound is not None and made_at < bound for bound in bounds):
        return False
    given.oldest = made_at if given.oldest is None else min(made_at, given.oldest)
    given.seconds += seconds
    return True


def is_large() -> bool:
    """Tell whether some table has so many rows that reports take their time."""
    if not _size or time.monotonic() - _size[0] > LOOKED_AT_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(LARGEST)
            _size[:] = [time.monotonic(), float(cursor.fetchone()[0])]
    return _size[1] > LARGE_ROWS


def of_request() -> Given | None:
    """Return what the request that reads was given; None for whatever may change."""
    return _given.get()


@contextmanager
def allowed(
    not_before: dt.datetime | None = None, acted_at: dt.datetime | None = None
) -> Iterator[Given]:
    """Allow older answers in the block, and tell which were given."""
    given = Given(not_before, acted_at)
    token = _given.set(given)
    try:
        yield given
    finally:
        _given.reset(token)
