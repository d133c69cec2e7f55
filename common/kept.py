"""Answers of reports, kept for as long as every row stands that they were read from.

Triggers add a row to the log of changes with every statement that changes a watched
table, within its transaction. An answer is kept with the marks of those tables that its
own statements named, read before the work began; it is given out again only while all
of these marks are the same. Whoever changes a row therefore never meets an answer from
before, and nobody else does once the change is committed. What reads a table or a
column that is not watched, or asks the database for the time, is not kept at all.

    def losses_of(scope: Scope) -> Losses:
        return kept(("losses", *scope.key), lambda: _losses_of(scope))

The key must hold everything that the answer depends on besides rows: whose eyes, which
run, which period. Today's date and the version of the program are part of every key.
"""

import datetime as dt
import hashlib
import hmac
import logging
import pickle
import re
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from common import older
from common.clock import business_today
from common.models import TableChange

log = logging.getLogger(__name__)

ANSWERS = "answers"
KEPT_SECONDS = 36 * 3600
WORTH_KEEPING_SECONDS = 0.01  # what is faster is not worth asking the store for
MOST_BYTES = 4_000_000
MOST_ROWS = 20_000  # of more, packing is half of the work
SEAL_BYTES = 32
NOT_ASKED_SECONDS = 30.0  # after the store did not answer
TRIGGER = "note_change"
RELATION = re.compile(r"\b[a-z]+_[a-z_]+\b")
# What changes with every contact and no report reads, and what no row says.
NOT_WATCHED = re.compile(
    r"\b(last_contact_on|updated_at|now\(|current_date|current_timestamp|random\()"
    r"|localtimestamp|statement_timestamp"
)

Answer = TypeVar("Answer")
Row = TypeVar("Row")
Mark = tuple[int, int]
Params = Mapping[str, Any] | Sequence[Any] | None

MARKS = """
    SELECT '', oid::bigint, 0 FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT relation, count(*), sum(id)::bigint FROM common_tablechange GROUP BY 1
"""
RELATIONS = """
    SELECT c.relname, EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname LIKE %s)
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm')
        AND c.relnamespace = current_schema()::regnamespace
"""


@dataclass(slots=True)
class _Reading:
    """The tables that statements have named so far; `is_watched` of all of them."""

    tables: set[str] = field(default_factory=set)
    is_watched: bool = True


@dataclass(frozen=True, slots=True)
class _Stored:
    marks: Mapping[str, Mark]
    answer: Any
    made_at: dt.datetime
    seconds: float  # that working it out took


_readings: ContextVar[tuple[_Reading, ...]] = ContextVar("readings", default=())
_silent_until = 0.0


def kept(
    key: tuple[Hashable, ...],
    work: Callable[[], Answer],
    *,
    is_worked_from: bool = False,
) -> Answer:
    """Return what `work` answers, from the store where no row behind it has changed.

    At a large firm a report may stand for longer, see `common.older`: what people work
    from, such as what is still to be done, for some minutes.
    """
    if not is_on():
        return work()
    marks = _marks()
    name = _name(key, marks)
    found = _ask(name)
    if found is not None:
        stands = _stands(found, marks)
        if stands or older.may_be_given(
            made_at=found.made_at,
            seconds=found.seconds,
            is_worked_from=is_worked_from,
        ):
            # What is built on an older answer is not kept as if it were of now.
            _note(set(found.marks), is_watched=stands)
            answer: Answer = found.answer
            return answer
    made_at, begun = timezone.now(), time.perf_counter()
    with _watched() as reading:
        answer = work()
    took = time.perf_counter() - begun
    _note(reading.tables, is_watched=reading.is_watched)
    if reading.is_watched and took > WORTH_KEEPING_SECONDS:
        read = {one: _mark(one, marks) for one in reading.tables}
        _store(name, _Stored(read, answer, made_at, took))
    return answer


def kept_rows(
    statement: str, params: Params = None, *, is_worked_from: bool = False
) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, see `kept`; its values are part of the key.

    What is asked for a moment rather than a day is never asked again: it is not kept.
    """
    values = params.values() if isinstance(params, Mapping) else params or ()
    if _names_a_moment(values):
        return fresh_rows(statement, params)
    key = (statement, repr(params))
    return kept(
        key, lambda: fresh_rows(statement, params), is_worked_from=is_worked_from
    )


def kept_count(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, see `kept`."""
    asked = _asked(rows)
    return rows.count() if asked is None else kept(("count", *asked), rows.count)


def kept_list(rows: QuerySet[Any, Row]) -> list[Row]:
    """Return the rows, see `kept`; few of them, and values rather than records."""
    asked = _asked(rows)
    return list(rows) if asked is None else kept(("list", *asked), lambda: list(rows))


def _asked(rows: QuerySet[Any, Any]) -> tuple[Hashable, ...] | None:
    """Return what tells the rows from others; None for nothing, and for a moment."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return None if _names_a_moment(params) else (sql, repr(params))


def _names_a_moment(values: Iterable[Any]) -> bool:
    return any(isinstance(one, dt.datetime) and not _is_midnight(one) for one in values)


def marks_of(*tables: str) -> list[list[int]]:
    """Return the marks of tables, to be stored beside what was summed up from them.

    Read before the sums are: what changes meanwhile makes them old.
    """
    marks = _marks()
    return [list(_mark(one, marks)) for one in tables]


def is_on() -> bool:
    """Whether answers are kept at all, and the store answered lately."""
    return (
        not isinstance(caches[ANSWERS], DummyCache) and time.monotonic() > _silent_until
    )


def note_read(statement: str) -> None:
    """Tell of a statement that does not pass the cursor, such as COPY."""
    for reading in _readings.get():
        _take(reading, statement)


def prune() -> int:
    """Drop the log but for each table's newest row, which makes its mark its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM common_tablechange c USING common_tablechange newer"
            " WHERE newer.relation = c.relation AND newer.id > c.id"
        )
        return int(cursor.rowcount)


def fresh_rows(statement: str, params: Params) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, which are not kept."""
    # A copy: wrappers of the cursor may add to what they are given.
    values = dict(params) if isinstance(params, Mapping) else params
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _is_midnight(moment: dt.datetime) -> bool:
    return timezone.localtime(moment).time() == dt.time()


def _marks() -> Mapping[str, Mark]:
    """Return the marks of all tables; a request that only reads looks once.

    It then answers as of that moment: nothing that it does itself changes a row.
    """
    given = older.of_request()
    if given is None:
        return _marks_now()
    if given.marks is None:
        given.marks = _marks_now()
    marks: Mapping[str, Mark] = given.marks
    return marks


def _marks_now() -> dict[str, Mark]:
    with connection.cursor() as cursor:
        cursor.execute(MARKS)
        return {relation: (count, ids) for relation, count, ids in cursor.fetchall()}


def _mark(relation: str, marks: Mapping[str, Mark]) -> Mark:
    return marks.get(relation, (0, 0))


def _stands(found: _Stored, marks: Mapping[str, Mark]) -> bool:
    return all(_mark(one, marks) == mark for one, mark in found.marks.items())


def _name(key: tuple[Hashable, ...], marks: Mapping[str, Mark]) -> str:
    """Return the name of an answer in the store, for this database and program."""
    whole = (key, business_today(), _program(), marks[""], settings.TIME_ZONE)
    return hashlib.sha256(repr(whole).encode()).hexdigest()


@cache
def _program() -> float:
    """Return when the newest part of the program was written."""
    root = Path(__file__).resolve().parent.parent
    folders = ("common", "crm", "clv", "segments", "campaigns", "config")
    return max(
        file.stat().st_mtime
        for folder in folders
        for file in (root / folder).rglob("*.py")
    )


@cache
def _relations() -> dict[str, bool]:
    """Return every table, and whether it is watched."""
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS, [f"{TRIGGER}%"])
        return dict(cursor.fetchall())


@contextmanager
def _watched() -> Iterator[_Reading]:
    """Collect the tables that the block's statements name."""
    reading = _Reading()
    _relations()  # before statements are listened to, of which this is none

    def note(execute: Any, sql: Any, *rest: Any) -> Any:
        _take(reading, str(sql))
        return execute(sql, *rest)

    token = _readings.set((*_readings.get(), reading))
    try:
        with connection.execute_wrapper(note):
            yield reading
    finally:
        _readings.reset(token)


def _take(reading: _Reading, statement: str) -> None:
    relations = _relations()
    named = {one for one in RELATION.findall(statement) if one in relations}
    named.discard(TableChange._meta.db_table)
    if NOT_WATCHED.search(statement.lower()) or not all(map(relations.get, named)):
        reading.is_watched = False
    reading.tables |= named


def _note(tables: set[str], *, is_watched: bool) -> None:
    """Let the answers around this one depend on what it depends on."""
    for reading in _readings.get():
        reading.tables |= tables
        reading.is_watched = reading.is_watched and is_watched


def _ask(name: str) -> _Stored | None:
    """Return what is stored; a store that does not answer knows nothing for a while."""
    try:
        packed = caches[ANSWERS].get(name)
        found = None if packed is None else _unpacked(packed)
    except Exception as problem:  # noqa: BLE001  a report never fails for its store
        _fall_silent(problem)
        return None
    return found if isinstance(found, _Stored) else None


def _store(name: str, stored: _Stored) -> None:
    if isinstance(stored.answer, list) and len(stored.answer) > MOST_ROWS:
        return
    try:
        packed = _packed(stored)
        if len(packed) <= MOST_BYTES:
            caches[ANSWERS].set(name, packed, KEPT_SECONDS)
    except Exception as problem:  # noqa: BLE001
        _fall_silent(problem)


def _packed(stored: _Stored) -> bytes:
    """Return the answer as bytes, sealed: only what this program wrote is read."""
    body = pickle.dumps(stored, pickle.HIGHEST_PROTOCOL)
    return _seal(body) + body


def _unpacked(packed: bytes) -> Any:
    seal, body = packed[:SEAL_BYTES], packed[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(body)):
        return None
    return pickle.loads(body)  # noqa: S301  sealed by ourselves


def _seal(body: bytes) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), body, "sha256")


def _fall_silent(problem: Exception) -> None:
    global _silent_until  # noqa: PLW0603
    log.warning("kept answers cannot be reached: %s", problem)
    _silent_until = time.monotonic() + NOT_ASKED_SECONDS


class AsTheyAre:
    """Hands bytes to the store and takes them back, instead of Django's own packing."""

    def dumps(self, packed: bytes) -> bytes:
        return packed

    def loads(self, packed: bytes) -> bytes:
        return packed
