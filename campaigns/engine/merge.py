"""Merge fields: the places in a text that stand for what is known of a customer.

`{{ first_name }}` becomes the value of that name, and `{{ needs|your plans }}` the
words after the bar where no value is known. A text is read once: what a value says is
never read as a field again. Names that nobody knows are errors, told with their place.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

# What a text may ask for, in the order in which editors offer it.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "account": "name of the account",
        "contact": "whole name of the person, else of the account",
        "first_name": "first word of the person's name",
        "last_name": "last word of the person's name",
        "title": "what the person does there",
        "city": "city of the account",
        "country": "country of the account, two letters",
        "needs": "what the person needs",
        "preferences": "what the person likes or does not",
        "topics": "what the person likes to talk about",
        "language": "the person's language",
        "owner": "name of who looks after the account",
        "owner_email": "e-mail address of who looks after the account",
        "customer_since": "year in which the account became a customer",
    }
)
_FIELD = re.compile(r"\{\{\s*([A-Za-z0-9_.\- ]*?)\s*(?:\|([^{}]*))?\}\}")
_BRACES = re.compile(r"\{\{|\}\}")


class BadFieldError(ValueError):
    """A place in a text that cannot be merged; lines and columns count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        self.line = line
        self.column = column
        super().__init__(f"Line {line}, column {column}: {message}")


@dataclass(frozen=True, slots=True)
class _Place:
    """One field of a text: where it stands, and what it says where nothing is known."""

    start: int
    end: int
    name: str
    otherwise: str


def fields_of(text: str) -> tuple[str, ...]:
    """Return the names that a text asks for, each once, in order.

    Raises
    ------
    BadFieldError
        If a name is not one of `FIELDS`, or braces do not close.
    """
    return tuple(dict.fromkeys(place.name for place in _places(text)))


def merge(text: str, values: Mapping[str, str]) -> str:
    """Return the text with every field replaced; one without a value becomes empty.

    Raises
    ------
    BadFieldError
        If a name is not one of `FIELDS`, or braces do not close.
    """
    parts: list[str] = []
    done = 0
    for place in _places(text):
        parts += [text[done : place.start], _said(place, values)]
        done = place.end
    return "".join([*parts, text[done:]])


def gaps(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the fields of a text that would become empty with these values.

    Raises
    ------
    BadFieldError
        If a name is not one of `FIELDS`, or braces do not close.
    """
    return tuple(
        dict.fromkeys(p.name for p in _places(text) if not _said(p, values).strip())
    )


def _said(place: _Place, values: Mapping[str, str]) -> str:
    return values.get(place.name, "").strip() or place.otherwise


def _places(text: str) -> Iterator[_Place]:
    done = 0
    for found in _FIELD.finditer(text):
        _check_plain(text, done, found.start())
        name = found[1]
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            said = f"There is no field “{name}”." if name else "A field needs a name."
            raise _error(f"{said} Fields are: {known}.", text, found.start())
        yield _Place(found.start(), found.end(), name, (found[2] or "").strip())
        done = found.end()
    _check_plain(text, done, len(text))


def _check_plain(text: str, start: int, end: int) -> None:
    """Refuse braces that belong to no field."""
    if stray := _BRACES.search(text, start, end):
        message = "These braces belong to no field. Write one as {{ first_name }}."
        raise _error(message, text, stray.start())


def _error(message: str, text: str, at: int) -> BadFieldError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return BadFieldError(message, line=line, column=column)
