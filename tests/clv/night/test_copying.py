"""Rows between PostgreSQL and numpy: nothing lost, nothing guessed."""

from decimal import Decimal

import numpy as np
import pytest
from django.db import connection

from common.copying import (
    Written,
    read_array_rows,
    read_columns,
    write_columns,
    write_rows,
    write_table,
)


def read_arrays(query, columns, params):
    """The columns of `query`, packed by the server into one row of arrays."""
    names = [f"c{number}" for number in range(len(columns))]
    packed = ", ".join(f"array_agg({name})" for name in names)
    rows = f"SELECT {packed} FROM ({query}) q ({', '.join(names)})"
    (found,) = read_array_rows(rows, columns, params)
    return found


COLUMNS = {"id": "i8", "small": "i2", "part": "f8"}


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copied"
            " (id bigint, small smallint, part double precision)"
        )
    return "copied"


def test_there_and_back(table):
    values = {
        "id": np.arange(70_000) - 2**40,
        "small": np.arange(70_000) % 7 - 3,
        "part": np.sqrt(np.arange(70_000)),
    }

    write_columns(table, COLUMNS, values)
    read = read_columns("SELECT * FROM copied ORDER BY id", COLUMNS)

    assert {name: read[name].dtype.str[1:] for name in read} == COLUMNS
    for name in COLUMNS:
        assert np.array_equal(read[name], values[name])


def test_no_rows(table):
    write_columns(table, COLUMNS, {name: np.array([]) for name in COLUMNS})

    assert read_columns("SELECT * FROM copied", COLUMNS)["id"].size == 0


def test_a_missing_value_is_refused(table):
    write_rows(table, ["id", "small"], [(1, 2)])

    with pytest.raises(ValueError, match=r"columns|NULL"):
        read_columns("SELECT * FROM copied", COLUMNS)


def test_arrays_are_the_same_columns(table):
    query = (
        "SELECT n::bigint AS a, n::smallint AS b, n / 4::float8 AS c, -n AS d"
        " FROM numbers ORDER BY numbers.n"
    )
    kinds = {"a": "i8", "b": "i2", "c": "f8", "d": "i4"}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE numbers AS SELECT generate_series(1, 9) n"
        )

    rows, arrays = read_columns(query, kinds, {}), read_arrays(query, kinds, {})

    assert {name: values.tolist() for name, values in arrays.items()} == {
        name: values.tolist() for name, values in rows.items()
    }
    for name, values in arrays.items():
        assert values.dtype == rows[name].dtype
    assert arrays["a"].tolist() == list(range(1, 10))


def test_arrays_of_no_rows_are_empty(db):
    nothing = read_arrays("SELECT 1::bigint WHERE false", {"a": "i8"}, {})

    assert (nothing["a"].size, nothing["a"].dtype) == (0, "int64")


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT NULL::bigint", "i8"),
        ("VALUES (1::bigint), (NULL)", "i8"),
        ("SELECT 1::int", "i8"),
        ("SELECT 1::bigint", "i4"),
    ],
)
def test_arrays_refuse_what_is_missing_or_of_another_width(db, query, kind):
    with pytest.raises(ValueError, match="NULL or too wide"):
        read_arrays(query, {"a": kind}, {})


MONEY = [0, 1, -1, 99, 100, -12_345, 10**8, 10**12 + 7, 1 - 10**14, 10**14 - 1]


def test_money_dates_and_words_travel_as_they_are(db):
    count, rng = 40_000, np.random.default_rng(3)
    cents = np.concatenate([MONEY, rng.integers(-(10**9), 10**9, count - len(MONEY))])
    day, missing = rng.integers(-20_000, 40_000, count), rng.random(count) < 0.3
    word, part = rng.integers(0, 3, count), rng.random(count)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE written (id bigint, cents numeric(14, 2),"
            " day date, word varchar(10), part double precision)"
        )

    stored = write_table(
        "written",
        {
            "id": Written("i8", np.arange(count)),
            "day": Written("date", day, missing),
            "cents": Written("cents", cents),
            "word": Written("words", word, words=("one", "eleven", "ö")),
            "part": Written("f8", part, part > 0.9),
        },
    )

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cents, cents::text, day - DATE 'epoch', word, part"
            " FROM written ORDER BY id"
        )
        rows = cursor.fetchall()
    assert stored == len(rows) == count
    assert [row[0] for row in rows] == [Decimal(n).scaleb(-2) for n in cents.tolist()]
    assert [row[1] for row in rows[:3]] == ["0.00", "0.01", "-0.01"]
    assert [row[2] for row in rows] == [
        None if gone else n for n, gone in zip(day.tolist(), missing, strict=True)
    ]
    assert [row[3] for row in rows] == [("one", "eleven", "ö")[n] for n in word]
    assert [row[4] for row in rows] == [None if n > 0.9 else n for n in part.tolist()]


@pytest.mark.parametrize("count", [1, 3, 20_000])
def test_values_that_are_all_the_same_travel_as_others_do(db, count):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE written (id bigint, run bigint,"
            " loss numeric(14, 2), same numeric(14, 2), day date, zero float8)"
        )
    losses, zeros = -np.arange(1, count + 1), np.where(np.arange(count) % 2, 0.0, -0.0)

    write_table(
        "written",
        {
            "id": Written("i8", np.arange(count)),
            "run": Written("i8", np.full(count, 7)),
            "loss": Written("cents", losses),
            "same": Written("cents", np.full(count, -1234)),
            "day": Written("date", np.full(count, 365), np.arange(count) % 2 == 1),
            "zero": Written("f8", zeros),
        },
    )

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT run, loss, same::text, day - DATE 'epoch', zero::text"
            " FROM written ORDER BY id"
        )
        assert cursor.fetchall() == [
            (
                *(7, Decimal(loss).scaleb(-2), "-12.34"),
                *((365, "-0") if number % 2 == 0 else (None, "0")),
            )
            for number, loss in enumerate(losses.tolist())
        ]


def test_an_amount_too_long_is_refused(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE written (cents numeric(14, 2))")

    with pytest.raises(ValueError, match="too many digits"):
        write_table("written", {"cents": Written("cents", np.array([10**14]))})
    assert read_columns("SELECT 1::bigint FROM written", {"a": "i8"})["a"].size == 0


def test_each_row_of_arrays_comes_by_itself(db):
    query = (
        "SELECT array_agg(n), array_agg(n::bigint) FILTER (WHERE n > 2)"
        " FROM generate_series(1, 4) n GROUP BY n > %(split)s ORDER BY n > %(split)s"
    )

    rows = list(read_array_rows(query, {"a": "i4", "b": "i8"}, {"split": 2}))

    assert [(row["a"].tolist(), row["b"].tolist()) for row in rows] == [
        ([1, 2], []),
        ([3, 4], [3, 4]),
    ]


def test_parameters_are_passed(table):
    write_rows(table, ["id", "small", "part"], [(1, 2, 0.5), (2, 2, 0.25)])

    read = read_columns("SELECT * FROM copied WHERE id = %(id)s", COLUMNS, {"id": 2})

    assert read["part"].tolist() == [0.25]
