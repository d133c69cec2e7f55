"""What a question is, and what an answer holds.

A question reads facts of accounts with one statement, its `base`: one row per account,
or per account and part, where a part is a line of the answer. The table, the sums in
the sentence and the names behind a number all come from that one statement, so they
cannot disagree.

Every statement begins with `seen`: the accounts that the asker may see and that the
question is about, each with all accounts that were merged into it (`member`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify

from campaigns.queries.questions.parameters import Parameter
from clv.models import ValuationRun
from common.charts import Chart
from common.clock import day_ends_at
from common.templatetags import display
from crm.models import User
from segments.queries.scope import Scope

# Where an account `m` stood on the day that is asked about; today where none is.
STANDS = """(m.until IS NULL AND NOT %(is_past)s OR %(is_past)s
    AND m.since <= %(as_of)s AND (m.until IS NULL OR m.until > %(as_of)s))"""
# Fields of the filter bar that a parameter of a question says already.
SAID_BY = {
    "class": "worth_class",
    "owner": "owner",
    "product": "product",
    "from": "since",
    "to": "until",
}
Row = Mapping[str, Any]
DAY = dt.timedelta(days=1)
MOST_BARS = 20
NUMBERS = frozenset({"count", "money", "share", "number", "days", "ratio", "day"})
SMALL = 10  # fewer than this say little, and the answer says so


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer's table.

    `kind` says how a value is written; "account" links to the account of the row.
    `names` is a condition on `base`: the rows for which the number counts accounts, so
    that it can open their list.
    """

    key: str
    title: str
    kind: str = "text"
    names: str = ""

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    def say(self, value: Any) -> str:
        """Write one value for people."""
        return _WRITERS.get(self.kind, _text)(value)


def _text(value: Any) -> str:
    return display.UNKNOWN if value in (None, "") else str(value)


def _ratio(value: float | None) -> str:
    if value is None:
        return display.UNKNOWN
    return f"{display.number(value, 1)} ×"


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "count": display.count,
    "money": display.money,
    "share": display.share,
    "number": display.number,
    "days": display.count,
    "ratio": _ratio,
    "day": display.day,
}


@dataclass(frozen=True, slots=True)
class Draw:
    """A chart of columns of the table; `sql` reads other rows than the table's."""

    title: str
    label: str
    series: tuple[str, ...]
    shape: str = "bar"
    x_title: str = ""
    sql: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a matrix; `level` from 0 to 5 is how dark it is."""

    text: str
    level: int
    part: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows against columns, darker where more."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


class Rows(Protocol):
    """The rows of an answer, read as far as they are needed."""

    def count(self) -> int: ...

    def part(self, start: int, size: int) -> Sequence[Row]: ...

    def every(self) -> Iterator[Row]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A sentence, its table and chart, and what to bear in mind.

    `has_names` tells whether the whole answer has accounts behind it.
    """

    sentence: str
    as_of: dt.date
    columns: Sequence[Column]
    rows: Rows
    chart: Chart | None = None
    matrix: Matrix | None = None
    notes: Sequence[str] = ()
    has_names: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its parameters in the sentence, and how to answer it.

    `words` is the sentence with its parameters in braces. `base`, `table` and `totals`
    are SQL or make it from what was asked; a question that sums cannot answer has its
    own `answer` instead. `named` is a condition on `base`, for an answer that tells of
    some of its accounts and counts them among the others.
    """

    key: str
    family: str
    words: str
    parameters: tuple[Parameter, ...]
    columns: "Columns" = ()
    base: "Sql" = ""
    table: "Sql" = ""
    totals: "Sql" = "SELECT count(DISTINCT account_id) AS customers FROM base"
    say: Callable[["Asked", Row], str] = lambda asked, total: ""
    draw: Draw | Callable[["Asked"], Draw | None] | None = None
    notes: Callable[["Asked", Row], Sequence[str]] = lambda asked, total: ()
    method: str = ""
    needs_run: bool = False
    answer: Callable[["Asked"], Answer] | None = None
    names: Callable[["Asked", str, str], Sequence[int]] | None = None
    named: str = ""
    matrix: Callable[["Asked"], Matrix | None] | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as one person asked it of one day; `scope` is the filter bar."""

    question: Question
    user: User
    values: Mapping[str, Any]
    today: dt.date
    run: ValuationRun | None
    said: Mapping[str, str] = field(default_factory=dict)
    scope: Scope | None = None

    @property
    def in_words(self) -> str:
        """Return the question as a sentence, with what was chosen."""
        return self.question.words.format(**self.said)

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters as an address has them; nothing chosen is empty."""
        own = {
            key: "" if value is None else str(getattr(value, "pk", value))
            for key, value in self.values.items()
        }
        return own | (self.scope.parameters if self.scope else {})

    @property
    def chosen(self) -> dict[str, str]:
        """Return the parameters that are not as the question begins.

        What is kept are these, so that a period nobody touched moves along. So does the
        day: a kept question is one of the day on which it is opened.
        """
        begins = {one.key: one.initial(self.today) for one in self.question.parameters}
        begins["as_of"] = self.query.get("as_of", "")
        return {
            key: text for key, text in self.query.items() if text != begins.get(key)
        }

    @property
    def is_past(self) -> bool:
        return self.scope is not None and self.scope.is_past

    @property
    def counts_all(self) -> bool:
        """Return whether neither the filter bar nor who asks leaves accounts out."""
        is_narrowed = self.scope is not None and self.scope.is_narrowed
        return self.user.sees_every_account and not is_narrowed

    @property
    def narrowing(self) -> str:
        """Return SQL for the accounts `a` of the filter bar; empty where all count."""
        if self.scope is None or not self.scope.is_narrowed:
            return ""
        statement, parameters = self.scope.accounts_sql()
        # Bound here, because its parameters have no names and those around it have.
        bound = str(mogrify(statement, parameters, connection))
        return f"a.id IN ({bound.replace('%', '%%')})"

    @property
    def sql(self) -> dict[str, Any]:
        """Return the parameters of the statements."""
        named = {key: getattr(value, "pk", value) for key, value in self.values.items()}
        since, until = self.values.get("since"), self.values.get("until")
        return named | {
            "user": self.user.pk,
            "sees_all": self.user.sees_every_account,
            "today": self.today,
            "run": self.run.pk if self.run else 0,
            "as_of": self.run.as_of if self.run else self.today,
            "is_past": self.is_past,
            "rate": self.run.assumptions.margin_rate_if_cost_unknown
            if self.run
            else None,
            "starts_at": day_ends_at(since - DAY) if since else None,
            "ends_at": day_ends_at(until) if until else None,
            "today_ends_at": day_ends_at(self.today),
            "zone": settings.TIME_ZONE,
        }

    def made(self, part: "Sql") -> str:
        return part if isinstance(part, str) else part(self)

    @property
    def columns(self) -> tuple[Column, ...]:
        known = self.question.columns
        return known if isinstance(known, tuple) else known(self)


Sql = str | Callable[[Asked], str]
Columns = tuple[Column, ...] | Callable[[Asked], tuple[Column, ...]]


def seen(asked: Asked, *, of_any_class: bool = False) -> str:
    """Return the beginning of every statement: whom it is about.

    With `of_any_class` the class that the question asks for leaves nobody out.
    """
    only = ["a.merged_into_id IS NULL", "(%(sees_all)s OR a.owner_id = %(user)s)"]
    if asked.values.get("worth_class") and not of_any_class:
        only.append(
            "EXISTS (SELECT 1 FROM segments_membership m WHERE m.account_id = a.id"
            f" AND {STANDS} AND m.worth_class = %(worth_class)s)"
        )
    if asked.values.get("owner"):
        only.append("a.owner_id = %(owner)s")
    if narrowing := asked.narrowing:
        only.append(narrowing)
    return f"""
WITH RECURSIVE seen AS (
    SELECT a.id, a.id AS member FROM crm_account a WHERE {" AND ".join(only)}
    UNION ALL
    SELECT s.id, a.id FROM crm_account a JOIN seen s ON a.merged_into_id = s.member
)"""


def with_base(asked: Asked, rest: str) -> str:
    return f"{seen(asked)}, base AS ({asked.made(asked.question.base)})\n{rest}"


def read(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement by the names of its columns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, dict(parameters))
        names = [one[0] for one in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class SqlRows:
    """Rows of a statement, of which a page reads no more than it shows."""

    statement: str
    parameters: Mapping[str, Any]

    def count(self) -> int:
        counted = f"SELECT count(*) AS n FROM ({self.statement}) counted"
        found: int = read(counted, self.parameters)[0]["n"]
        return found

    def part(self, start: int, size: int) -> Sequence[Row]:
        paged = f"{self.statement} LIMIT {int(size)} OFFSET {int(start)}"
        return read(paged, self.parameters)

    def every(self) -> Iterator[Row]:
        yield from read(self.statement, self.parameters)


@dataclass(frozen=True, slots=True)
class ListedRows:
    """Rows that were worked out."""

    rows: Sequence[Row]

    def count(self) -> int:
        return len(self.rows)

    def part(self, start: int, size: int) -> Sequence[Row]:
        return self.rows[start : start + size]

    def every(self) -> Iterator[Row]:
        yield from self.rows
