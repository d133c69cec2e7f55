"""Staging: the file as text in a temporary table, and SQL that understands text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import NOT_PROVIDED

from crm.errors import ImportRefusedError
from crm.services.imports.reading import Layout, Row

# Temporary tables of an import; they go with its transaction.
TABLES = ("stage", "rows", "accounts", "compared", "taken_back")
BUFFER = 1_000_000  # characters sent at once
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"
ISO = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
# Formats that can mean one day only need no telling.
CLEAR_DATES = ("YYYY-MM-DD", "YYYYMMDD", "DD.MM.YYYY")
DATE_PARTS = {"YYYY": "[0-9]{4}", "MM": "[0-9]{2}", "DD": "[0-9]{2}"}
DECIMAL_MARKS = ("point", "comma")
SHOWN = 40  # characters of a value in a reason


def run(statement: str, params: Sequence[Any] | None = None) -> int:
    """Execute one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def ask(statement: str, params: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """Return the one row of a question."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    assert row is not None  # noqa: S101  aggregates always answer
    return tuple(row)


def stage(rows: Iterable[Row], layout: Layout, fields: Sequence[str]) -> int:
    """Copy the rows into the temporary table `stage` and return how many there are.

    It has a text column for each of `fields`; blank cells and columns that the file
    does not have are NULL.
    """
    run(f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{name}' for name in TABLES)}")
    columns = "".join(f", {field} text" for field in fields)
    run(
        f"CREATE TEMP TABLE stage (line integer, problem text, raw text{columns}) "
        "ON COMMIT DROP"
    )
    names = [field for field in fields if field in layout.places]
    places = [layout.places[name] for name in names]
    listed = ", ".join(["line", "problem", "raw", *names])
    count, buffer, held = 0, list[str](), 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY pg_temp.stage ({listed}) FROM STDIN") as copy,
    ):
        for row in rows:
            text = _copy_line(row, places)
            buffer.append(text)
            count, held = count + 1, held + len(text)
            if held > BUFFER:
                copy.write("".join(buffer))
                buffer.clear()
                held = 0
        copy.write("".join(buffer))
    run("ANALYZE pg_temp.stage")
    return count


def record_of(alias: str, names: Sequence[str]) -> str:
    """Return SQL that compares several columns of `alias` as one."""
    return f"ROW({', '.join(f'{alias}.{name}' for name in names)})"


def settle_repeats(content: Sequence[str]) -> None:
    """Of rows with one id the first counts; others are repeats, or refused.

    A row repeats another when all columns of `content` are the same.
    """
    mine, first = record_of("r", content), record_of("first", content)
    same = f"{mine} IS NOT DISTINCT FROM {first}"
    run(
        f"""UPDATE pg_temp.rows AS r
            SET is_unchanged = {same},
                problem = CASE WHEN NOT ({same}) THEN
                    'the id is on line ' || first.line || ' with other content' END
            FROM (SELECT DISTINCT ON (external_id) * FROM pg_temp.rows
                  WHERE problem IS NULL ORDER BY external_id, line) AS first
            WHERE r.external_id = first.external_id AND r.line > first.line
              AND r.problem IS NULL"""
    )


def _copy_line(row: Row, places: list[int]) -> str:
    cells = [row.problem or None, row.raw]
    if row.cells:
        cells += [row.cells[place].strip() or None for place in places]
    else:
        cells += [None] * len(places)
    escaped = (NULL if cell is None else cell.translate(ESCAPES) for cell in cells)
    return f"{row.line}\t" + "\t".join(escaped) + "\n"


def find_decimal_mark(fields: Sequence[str], wanted: str) -> str:
    """Return "point" or "comma": what is wanted, or what most numbers of the file use.

    Raises
    ------
    ImportRefusedError
        If every such number has three digits after its mark, so that it could separate
        thousands as well.
    """
    if wanted or not fields:
        return wanted or DECIMAL_MARKS[0]
    values = " UNION ALL ".join(f"SELECT {f} AS v FROM pg_temp.stage" for f in fields)
    row = ask(
        f"""SELECT count(*) FILTER (WHERE v ~ '^[+-]?[0-9]+,[0-9]+$'),
                   count(*) FILTER (WHERE v ~ '^[+-]?[0-9]+,[0-9]{{3}}$'),
                   count(*) FILTER (WHERE v ~ '^[+-]?[0-9]+[.][0-9]+$'),
                   count(*) FILTER (WHERE v ~ '^[+-]?[0-9]+[.][0-9]{{3}}$')
            FROM ({values}) AS cells"""
    )
    commas, commas_of_three, points, points_of_three = row
    mark = "comma" if commas > points else "point"
    numbers, of_three = (
        (commas, commas_of_three) if mark == "comma" else (points, points_of_three)
    )
    if numbers and numbers == of_three:
        raise ImportRefusedError(
            f"It is not clear whether the {mark} marks decimals or thousands. Say "
            "which with --decimal point or --decimal comma."
        )
    return mark


def number(column: str, mark: str) -> str:
    """Return SQL for a plain number; NULL where the text is none."""
    sign = "," if mark == "comma" else "[.]"
    plain = f"^[+-]?[0-9]{{1,12}}({sign}[0-9]{{1,12}})?$"
    return (
        f"CASE WHEN {column} ~ '{plain}' THEN replace({column}, ',', '.')::numeric END"
    )


def day(column: str, date_format: str) -> str:
    """Return SQL for a date; NULL where the text is none, as for 30 February."""
    formats = (date_format,) if date_format else CLEAR_DATES
    branches = "".join(_date_branch(column, one) for one in formats)
    # A time of day may follow an ISO date.
    moment = f"{ISO[:-1]}[T ][0-9]{{2}}:[0-9]{{2}}"
    if not date_format:
        branches += f" WHEN {column} ~ '{moment}' THEN left({column}, 10)"
    iso = f"(CASE{branches} END)"
    return f"CASE WHEN pg_input_is_valid({iso}, 'date') THEN {iso}::date END"


def _date_branch(column: str, date_format: str) -> str:
    pattern = date_format
    parts = [
        f"substr({column}, {date_format.index(name) + 1}, {len(name)})"
        for name in DATE_PARTS
    ]
    for char in "./ ":
        pattern = pattern.replace(char, f"[{char}]")
    for name, digits in DATE_PARTS.items():
        pattern = pattern.replace(name, digits)
    return f" WHEN {column} ~ '^{pattern}$' THEN " + " || '-' || ".join(parts)


def check_date_format(date_format: str) -> None:
    """Refuse a format that is not made of YYYY, MM, DD and separators."""
    rest = date_format
    for name in DATE_PARTS:
        rest = rest.replace(name, "", 1)
    if len(rest) != len(date_format) - len("YYYYMMDD") or set(rest) - set("-./ "):
        raise ImportRefusedError(
            "A date format is made of YYYY, MM and DD, such as DD/MM/YYYY."
        )


def shown(column: str) -> str:
    """Return SQL that quotes the beginning of a value."""
    return f"quote_literal(left({column}, {SHOWN}))"


def says(column: str, words: str) -> str:
    """Return SQL for a reason that quotes the value: `unit_price 'NaN' is …`."""
    return f"'{column} ' || {shown(column)} || ' {words}'"


def too_precise(column: str, places: int) -> str:
    return f"scale(trim_scale(n_{column})) > {places}"


@dataclass(frozen=True, slots=True)
class Given:
    """A value to insert, as opposed to an SQL expression."""

    value: Any


def insert(
    model: type[models.Model],
    select: str,
    params: Sequence[Any] = (),
    **known: str | Given,
) -> int:
    """INSERT INTO the table of `model` what `select` gives, and return how many rows.

    `known` maps fields to SQL expressions over `select` or given values; every other
    field that must not be empty gets its default from the model.
    """
    columns, expressions, values = [], [], list[Any]()
    for field in model._meta.concrete_fields:
        if field.name not in known and not _needs_default(field):
            continue
        wanted = known.get(field.name, Given(field.get_default()))
        columns.append(connection.ops.quote_name(str(field.column)))
        if isinstance(wanted, Given):
            values.append(field.get_db_prep_save(wanted.value, connection))
            wanted = "%s"
        expressions.append(wanted)
    return run(
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
        f"SELECT {', '.join(expressions)} {select}",
        [*values, *params],
    )


def _needs_default(field: "models.Field[Any, Any]") -> bool:
    if field.null or field.primary_key or getattr(field, "generated", False):
        return False
    return getattr(field, "db_default", NOT_PROVIDED) is NOT_PROVIDED
