"""Reading a delimited file line by line: nothing is guessed, nothing is lost.

A row is one line of the file. So a quote that is never closed spoils its own row and no
other. Everything is text: "NA", "null" and "007" stay what they are.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from crm.errors import ImportRefusedError

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MOST_COLUMNS = 200
LONGEST_LINE = 1_000_000  # bytes
BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its cells, or why it cannot be read. `raw` can always be stored."""

    line: int
    raw: str
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is built, as understood from its first line."""

    delimiter: str
    header: list[str]
    places: Mapping[str, int]  # our field: its column
    ignored: list[str]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields a kind of file has, with the headers they are known by."""

    names: Mapping[str, tuple[str, ...]]

    def known_by(self, header: str) -> str:
        plain = _plain(header)
        for field, others in self.names.items():
            if plain == field or plain in others:
                return field
        return ""


def _plain(header: str) -> str:
    return "_".join(header.strip().lower().replace("-", " ").replace("_", " ").split())


def read_layout(
    path: Path, fields: Fields, *, columns: Mapping[str, str], delimiter: str = ""
) -> Layout:
    """Read the header; `columns` maps headers of the file to fields.

    Raises
    ------
    ImportRefusedError
        If the file cannot be read or its header does not make sense.
    """
    with _open(path) as file:
        line = file.readline(LONGEST_LINE)
    if line.startswith(UTF16) or b"\x00" in line:
        raise ImportRefusedError("The file is not UTF-8 text. Save it as CSV UTF-8.")
    try:
        text = line.removeprefix(BOM).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ImportRefusedError("The header is not UTF-8 text.") from error
    if not text.strip():
        raise ImportRefusedError("The file is empty; its first line must be a header.")
    mark = delimiter or max(DELIMITERS, key=lambda one: (text.count(one), one == ","))
    header = [cell.strip() for cell in split_cells(text, mark)]
    if len(header) > MOST_COLUMNS:
        raise ImportRefusedError(f"The file has more than {MOST_COLUMNS} columns.")
    places, ignored = _places(header, fields, columns)
    return Layout(mark, header, places, ignored)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise ImportRefusedError(
            f"The file {path.name} cannot be read: {error.strerror}."
        ) from error


def _places(
    header: list[str], fields: Fields, columns: Mapping[str, str]
) -> tuple[dict[str, int], list[str]]:
    for name, field in columns.items():
        if name not in header:
            raise ImportRefusedError(f"The file has no column {name!r}.")
        if field not in fields.names:
            raise ImportRefusedError(
                f"There is no field {field!r}. Fields are: {', '.join(fields.names)}."
            )
    places: dict[str, int] = {}
    ignored = []
    taken = set(columns.values())
    for at, name in enumerate(header):
        field = columns.get(name, "")
        if not field and (guess := fields.known_by(name)) not in taken:
            field = guess
        if not field:
            ignored.append(name)
        elif field in places:
            raise ImportRefusedError(
                f"Two columns give {field!r}: {header[places[field]]!r} and {name!r}."
            )
        else:
            places[field] = at
    return places, ignored


def read_rows(path: Path, layout: Layout) -> Iterator[Row]:
    """Yield every line after the header that is not blank."""
    with _open(path) as file:
        file.readline()
        for line, data in enumerate(_lines(file), start=2):
            if data is None:
                yield Row(line, "", [], f"is longer than {LONGEST_LINE:,} bytes")
            elif data.strip():
                yield _read(line, data.rstrip(ENDS), layout)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield lines; of one that is too long only None, without holding it."""
    while data := file.readline(LONGEST_LINE):
        if data.endswith(b"\n") or len(data) < LONGEST_LINE:
            yield data
            continue
        while data and not data.endswith(b"\n"):
            data = file.readline(LONGEST_LINE)
        yield None


def _read(line: int, data: bytes, layout: Layout) -> Row:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Row(line, _storable(data), [], "is not valid UTF-8")
    if "\x00" in text:
        return Row(line, _storable(data), [], "contains a NUL character")
    try:
        cells = split_cells(text, layout.delimiter)
    except csv.Error:
        return Row(line, text, [], "has a quote that is never closed")
    if len(cells) != len(layout.header):
        return Row(
            line,
            text,
            [],
            f"has {len(cells)} columns where the header has {len(layout.header)}",
        )
    return Row(line, text, cells)


def _storable(data: bytes) -> str:
    return data.decode(errors="replace").replace("\x00", "\ufffd")


def split_cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text and "\r" not in text:
        return text.split(delimiter)
    return next(csv.reader([text], delimiter=delimiter, strict=True))
