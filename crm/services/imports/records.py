"""Loading records by their key: a row makes one, or changes the one it names.

What a row leaves empty stays as it is stored; nothing is ever deleted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from crm.import_choices import ImportKind
from crm.models import User
from crm.services.imports import parsing
from crm.services.imports.jobs import Importer, Report, Request, run_import
from crm.services.imports.reading import Fields
from crm.services.imports.staging import insert, number, run, says, shown

LONGEST_TEXT = 20_000
SHAPES = {
    "email": (r"^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", "is no address"),
    "website": ("^https?://[^[:space:]]+$", "does not begin with https://"),
}


@dataclass(frozen=True, slots=True)
class Records:
    """One kind of record.

    key : SQL of what names a record; needed : columns that a file must have
    texts : fields that are stored as they stand; choices : fields of a closed list
    numbers : fields that are numbers; links : fields that name another record, whose
        `…_pk` `find` sets, beside the `pk` of records that are stored
    fixed : fields that a row may give only to a new record
    new : SQL of what a new record gets where the row says nothing of it
    """

    kind: ImportKind
    model: type[models.Model]
    fields: Fields
    key: str
    needed: tuple[str, ...]
    texts: tuple[str, ...]
    find: Callable[[], None]
    choices: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    new: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the fields that a row changes of a stored record."""
        names = (*self.texts, *self.choices, *self.numbers)
        return tuple(name for name in names if name not in self.fixed)


def import_records(
    records: Records, request: Request, *, actor: User | None = None
) -> Report:
    """Load a file of one kind of record; see `run_import` for what is guaranteed."""
    importer = Importer(
        kind=records.kind,
        fields=records.fields,
        numbers=records.numbers,
        check=parsing.needs(*records.needed),
        load=lambda _request, mark: (_load(records, mark), []),
        changed=(records.model,),
    )
    return run_import(importer, request, actor=actor)


def _load(records: Records, mark: str) -> int:
    _parse(records, mark)
    records.find()
    _settle_repeats(records)
    _compare_with_stored(records)
    return _change(records) + _insert(records)


def _parse(records: Records, mark: str) -> None:
    """Make the temporary table `rows`, with what a row leaves empty as NULL."""
    columns = [
        *records.texts,
        *(f"{_chosen(records, name)} AS {name}" for name in records.choices),
        *(f"n_{name} AS {name}" for name in records.numbers),
        *records.links,
        *(f"NULL::bigint AS {name}_pk" for name in records.links),
    ]
    numbers = [f"{number(n, mark)} AS n_{n}" for n in records.numbers]
    run(
        f"""CREATE TEMP TABLE rows ON COMMIT DROP AS
        WITH given AS MATERIALIZED (
            SELECT {", ".join(["*", *numbers])} FROM pg_temp.stage
        )
        SELECT line, {", ".join(columns)}, {records.key} AS key,
               NULL::bigint AS pk, false AS is_unchanged,
               coalesce(problem, {parsing.first_of(_checks(records))}) AS problem
        FROM given"""
    )
    run("CREATE INDEX ON pg_temp.rows (key)")
    run("ANALYZE pg_temp.rows")


def _checks(records: Records) -> list[parsing.Check]:
    return [
        *parsing.required(*records.needed),
        *(_too_long(records, name) for name in records.texts),
        *(
            (f"{name} !~* '{shape}'", says(name, words))
            for name, (shape, words) in SHAPES.items()
            if name in records.texts
        ),
        *(
            (
                f"{name} IS NOT NULL AND {_chosen(records, name)} IS NULL",
                says(name, f"is none of {', '.join(_words(records, name))}"),
            )
            for name in records.choices
        ),
        *(check for name in records.numbers for check in _number_checks(name)),
    ]


def _number_checks(name: str) -> list[parsing.Check]:
    least = 1 if name == "term_months" else 0
    below = (f"n_{name} < {least}", says(name, f"is below {least}"))
    return [*parsing.number_checks(name), below]


def _too_long(records: Records, name: str) -> parsing.Check:
    most = _stored(records, name).max_length or LONGEST_TEXT
    return f"length({name}) > {most}", f"'{name} is longer than {most} characters'"


def _words(records: Records, name: str) -> dict[str, str]:
    """Return the words of a closed list, as stored and as pages say them."""
    choices = _stored(records, name).flatchoices
    return {str(word): str(label) for word, label in choices if word}


def _stored(records: Records, name: str) -> Any:
    """Return the model's field."""
    return records.model._meta.get_field(name)


def _chosen(records: Records, name: str) -> str:
    cases = "".join(
        f" WHEN lower({name}) IN ({_quoted(word)}, {_quoted(label)})"
        f" THEN {_quoted(word)}"
        for word, label in _words(records, name).items()
    )
    return f"CASE{cases} END"


def _quoted(word: str) -> str:
    return "'" + word.lower().replace("'", "''") + "'"


def _settle_repeats(records: Records) -> None:
    """Of rows that name one record the first counts; others repeat or are refused."""
    names = (*records.texts, *records.choices, *records.numbers, *records.links)
    ours, firsts = (", ".join(f"{a}.{name}" for name in names) for a in ("r", "first"))
    same = f"ROW({ours}) IS NOT DISTINCT FROM ROW({firsts})"
    run(
        f"""UPDATE pg_temp.rows AS r
            SET is_unchanged = {same},
                problem = CASE WHEN NOT ({same}) THEN
                    'the same stands on line ' || first.line || ' with other content'
                    END
            FROM (SELECT DISTINCT ON (key) * FROM pg_temp.rows
                  WHERE problem IS NULL ORDER BY key, line) AS first
            WHERE r.key = first.key AND r.line > first.line AND r.problem IS NULL"""
    )


def _compare_with_stored(records: Records) -> None:
    table = records.model._meta.db_table
    same = " AND ".join(
        f"(r.{name} IS NULL OR r.{name} = t.{name})" for name in records.changed
    )
    for name in records.fixed:
        stored = f"{name}_id" if name in records.links else name
        given = f"{name}_pk" if name in records.links else name
        run(
            f"""UPDATE pg_temp.rows AS r SET problem =
                '{name} ' || {shown(f"r.{name}")} || ' is another than the stored one;'
                || ' change it on the page'
                FROM {table} t WHERE t.id = r.pk AND r.problem IS NULL
                  AND r.{given} IS NOT NULL AND t.{stored} IS DISTINCT FROM r.{given}"""
        )
    run(
        f"""UPDATE pg_temp.rows AS r SET is_unchanged = true FROM {table} t
            WHERE t.id = r.pk AND r.problem IS NULL AND {same}"""
    )


def _change(records: Records) -> int:
    given = ", ".join(
        f"{name} = coalesce(r.{name}, t.{name})" for name in records.changed
    )
    return run(
        f"""UPDATE {records.model._meta.db_table} t
            SET {given}, version = t.version + 1, updated_at = now()
            FROM pg_temp.rows r
            WHERE t.id = r.pk AND r.problem IS NULL AND NOT r.is_unchanged"""
    )


def _insert(records: Records) -> int:
    texts = (*records.texts, *records.choices)
    known = {name: f"coalesce(r.{name}, '')" for name in texts}
    known |= {name: f"r.{name}" for name in records.numbers}
    known |= {name: f"r.{name}_pk" for name in records.links}
    return insert(
        records.model,
        """FROM pg_temp.rows r WHERE r.problem IS NULL AND r.pk IS NULL
           AND NOT r.is_unchanged ORDER BY r.line""",
        **{**known, **records.new},
    )
