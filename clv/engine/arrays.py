"""Vectors as the engine takes and gives them.

Every vector is one-dimensional, contiguous float64. Checked vectors are read-only, so
a frozen result really is frozen.
"""

from collections.abc import Callable
from typing import Any, Self, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clv.engine.errors import BadHistoryError, BadParameterError, EngineError

FloatVector: TypeAlias = NDArray[np.float64]
FloatMatrix: TypeAlias = NDArray[np.float64]
IndexVector: TypeAlias = NDArray[np.intp]
BoolVector: TypeAlias = NDArray[np.bool_]

MOST_CELLS_PER_ROW = 8
PACKED_BITS = 62  # leaves the sign bit of an int64 key alone
NO_NUMBERS = {  # kinds of array that would become numbers in silence, and what helps
    "m": "; divide by the length of a day",
    "M": "; take the days between two dates",
    "c": "",
}


class ReadOnlyRows:
    """Checked vectors, read-only also in a copy and after the trip of a pickle."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in self.__slots__
        )

    __hash__ = None  # type: ignore[assignment]

    def take(self, index: IndexVector) -> Self:
        """Return the rows at `index`, still checked."""
        vectors = tuple(getattr(self, name)[index] for name in self.__slots__)
        return cast(Self, _read_only(type(self), vectors))

    def __reduce__(self) -> tuple[Any, ...]:
        vectors = tuple(getattr(self, name) for name in self.__slots__)
        return _read_only, (type(self), vectors)


def _read_only(kind: Callable[..., Any], vectors: tuple[FloatVector, ...]) -> Any:
    return kind(*map(frozen, vectors))


def as_vector(
    values: ArrayLike, name: str, *, error: type[EngineError] = BadHistoryError
) -> FloatVector:
    """Return `values` as a read-only finite float64 vector.

    Raises
    ------
    EngineError
        Of class `error`, naming `name`, if the values are not one-dimensional, or one
        of them, named by its row, is no number or not finite. Dates and durations are
        no numbers: how long their unit is, nobody can see.
    """
    return _finished(_numbers(values, name, error), name, error)


def as_account_vector(
    values: ArrayLike,
    name: str,
    count: int,
    *,
    error: type[EngineError] = BadHistoryError,
    unused: BoolVector | None = None,
) -> FloatVector:
    """Return `values` as a vector of length `count`; a scalar stands for all.

    Where `unused` is true, the value is 0 whatever was given, even if not finite.
    """
    if _is_scalar(values):
        values = np.full(count, values)
    vector = _numbers(values, name, error)
    if vector.size != count:
        message = f"{name} has {vector.size} values for {count} accounts"
        raise error(message)
    if unused is not None:
        vector[unused] = 0.0
    return _finished(vector, name, error)


def _is_scalar(values: ArrayLike) -> bool:
    try:
        return np.ndim(values) == 0
    except ValueError:  # rows of unequal length
        return False


def _numbers(values: ArrayLike, name: str, error: type[EngineError]) -> FloatVector:
    """Return a one-dimensional copy; what is hidden by a mask is not finite."""
    try:
        given: Any = values if hasattr(values, "dtype") else np.asarray(values)
        if given.dtype.kind in NO_NUMBERS:
            message = f"{name} must be numbers, not {given.dtype}"
            raise error(message + NO_NUMBERS[given.dtype.kind])
        if isinstance(given, np.ma.MaskedArray):
            given = np.ma.filled(given.astype(np.float64), np.nan)
        vector = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as fault:
        message = f"{name} must be numbers{_row_of_no_number(values)}"
        raise error(message) from fault
    if vector.ndim != 1:
        message = f"{name} must be one-dimensional, not {vector.ndim}-dimensional"
        raise error(message)
    return vector


def _finished(vector: FloatVector, name: str, error: type[EngineError]) -> FloatVector:
    finite = np.isfinite(vector)
    if not finite.all():
        row = int(np.argmin(finite))
        message = f"{name} holds a value that is not finite (row {row})"
        raise error(message)
    vector.flags.writeable = False
    return vector


def refuse(faulty: BoolVector, fault: str) -> None:
    """Raise `BadHistoryError` with the fault and the first faulty row, if any."""
    if faulty.any():
        message = f"{fault} (row {int(np.argmax(faulty))})"
        raise BadHistoryError(message)


def _row_of_no_number(values: ArrayLike) -> str:
    """Return where the first value stands that is no number, for a message."""
    given = np.asarray(values, dtype=object)
    for row, value in enumerate(given if given.ndim else ()):
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            return f" (row {row})"
    return ""


def as_account_vectors(
    count: int,
    *,
    error: type[EngineError] = BadParameterError,
    **values: ArrayLike,
) -> dict[str, FloatVector]:
    """Return vectors of length `count` by name, as `as_account_vector` does one."""
    return {
        name: as_account_vector(one, name, count, error=error)
        for name, one in values.items()
    }


def distinct_rows(*columns: FloatVector) -> tuple[IndexVector, IndexVector]:
    """Return where each distinct row of the columns first stands, and the way back.

    Parameters
    ----------
    columns : float arrays, each of shape (n,), non-negative

    Returns
    -------
    first : index array, shape (m,)
        ``columns[j][first]`` lists the m distinct rows in ascending order.
    inverse : index array, shape (n,)
        ``columns[j][first][inverse]`` equals ``columns[j]``.

    Notes
    -----
    Whole numbers whose combinations are few are told apart by a table of all of them,
    without sorting; others are packed into one 64-bit key, which sorts several times
    faster than the general lexical order used where nothing else fits.
    """
    cell = _cells(columns)
    if cell is not None:
        return _distinct_by_table(*cell)
    key = _packed(columns)
    if key is None:
        return _distinct_by_order(columns)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, inverse


def _cells(columns: tuple[FloatVector, ...]) -> tuple[IndexVector, int] | None:
    """Return each row's cell in the table of all combinations, and their number.

    None if a column is not whole or the table would be long beside the rows.
    """
    count = columns[0].size
    cell, cells = np.zeros(count, dtype=np.intp), 1
    for column in columns:
        top = float(column.max(initial=0.0))
        if top >= MOST_CELLS_PER_ROW * count:
            return None
        whole = column.astype(np.intp)
        if not np.array_equal(whole, column):
            return None
        used = np.zeros(int(top) + 1, dtype=np.bool_)
        used[whole] = True
        place = np.cumsum(used) - 1
        cells *= int(place[-1]) + 1
        if cells > MOST_CELLS_PER_ROW * count:
            return None
        cell *= int(place[-1]) + 1
        cell += place[whole]
    return cell, cells


def _distinct_by_table(
    cell: IndexVector, cells: int
) -> tuple[IndexVector, IndexVector]:
    used = np.zeros(cells, dtype=np.bool_)
    used[cell] = True
    found = np.flatnonzero(used)
    place = np.empty(cells, dtype=np.intp)
    place[found] = np.arange(found.size)
    inverse = place[cell]
    first = np.empty(found.size, dtype=np.intp)
    # Of assignments to one place the last one stays: the first row, going backwards.
    first[inverse[::-1]] = np.arange(cell.size - 1, -1, -1)
    return first, inverse


def _packed(columns: tuple[FloatVector, ...]) -> NDArray[np.int64] | None:
    """Pack non-negative whole columns into one key, or None if they do not fit."""
    if columns[0].size == 0:
        return None
    key = np.zeros(columns[0].size, dtype=np.int64)
    bits = 0
    for column in columns:
        top = float(column.max())
        if top >= 2.0**PACKED_BITS:
            return None
        width = int(top).bit_length()
        bits += width
        whole = column.astype(np.int64)
        if bits > PACKED_BITS or not np.array_equal(whole, column):
            return None
        key = (key << width) | whole
    return key


def _distinct_by_order(
    columns: tuple[FloatVector, ...],
) -> tuple[IndexVector, IndexVector]:
    order = np.lexsort(columns[::-1])
    changed = np.zeros(order.size, dtype=np.bool_)
    changed[:1] = True
    for column in columns:
        ordered = column[order]
        changed[1:] |= ordered[1:] != ordered[:-1]
    inverse = np.empty(order.size, dtype=np.intp)
    inverse[order] = np.cumsum(changed) - 1
    return order[changed], inverse


def frozen(values: NDArray[Any]) -> FloatVector:
    """Return the values as a read-only float64 array."""
    result = np.ascontiguousarray(values, dtype=np.float64)
    result.flags.writeable = False
    return result


def sums_by(index: IndexVector, values: FloatVector, count: int) -> FloatVector:
    """Return the sum of `values` for each index below `count`, shape (count,)."""
    return np.bincount(index, values, minlength=count).astype(np.float64)


def inner(left: FloatVector, right: FloatVector) -> float:
    """Return the sum of products of two long vectors.

    Not by BLAS: its threads wait for each other on a busy machine, ten times longer
    than the work takes, and their number changes the last digits.
    """
    return float((left * right).sum())
