"""What a trigger, condition or action asks for, and how what was said is checked.

Pages draw an input for each parameter and the API takes the same names; both are
checked here, so an automation means the same wherever it was written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from campaigns.engine.merge import BadFieldError, fields_of

Options = Callable[[], Sequence[tuple[str, str]]]
LONGEST_CHOICE = 100
_WHOLE = re.compile(r"-?\d{1,9}")


class Kind(StrEnum):
    """How a parameter is entered and stored."""

    CHOICE = "choice"
    CHOICES = "choices"
    NUMBER = "number"
    AMOUNT = "amount"
    PERCENT = "percent"
    TEXT = "text"
    LONG_TEXT = "long text"


class ParamError(ValueError):
    """A parameter that does not fit; the text says what would."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its name, what it is called, and what it may be.

    `least` and `most` bound numbers, and `most` the length of texts. A text that
    `merges` may hold merge fields. An `is_optional` one may be left empty, which is
    stored as an empty text; `missing` is what to say where another is empty.
    """

    name: str
    label: str
    kind: Kind
    options: Options | None = None
    default: Any = ""
    least: int = 0
    most: int = 0
    is_optional: bool = False
    merges: bool = False
    help: str = ""
    missing: str = ""

    def choices(self) -> list[tuple[str, str]]:
        """Return what may be chosen, with an empty entry where it may be left out."""
        found = list(self.options()) if self.options else []
        return [("", "any"), *found] if self.is_optional else found

    def cleaned(self, raw: Any) -> Any:
        """Return the value as it is stored.

        Raises
        ------
        ParamError
            If it is missing or does not fit.
        """
        if self.kind == Kind.CHOICES:
            return self._choices(raw)
        text = _text(raw)
        if not text.strip():
            if self.is_optional:
                return ""
            raise ParamError(self.missing or _MISSING[self.kind])
        return _CLEANERS[self.kind](self, text)

    def _choices(self, raw: Any) -> list[str]:
        given = [raw] if isinstance(raw, str | int) else list(raw or [])
        chosen = [_text(one) for one in given if _text(one)]
        known = {key for key, _ in self.options()} if self.options else set()
        if not chosen:
            raise ParamError("Choose at least one.")
        if unknown := [one for one in chosen if one not in known]:
            raise ParamError(f"Not there any more: {unknown[0][:LONGEST_CHOICE]}.")
        return list(dict.fromkeys(chosen))

    def said(self, value: Any) -> str:
        """Return a stored value in words."""
        if self.options is None:
            return str(value)
        labels = {key: str(label) for key, label in self.options()}
        chosen = value if isinstance(value, list) else [value]
        return " or ".join(labels.get(str(one), "not there any more") for one in chosen)


def _text(raw: Any) -> str:
    if raw is None or isinstance(raw, bool | dict | list):
        return ""
    return str(raw)


def _choice(param: Param, text: str) -> str:
    known = {key for key, _ in param.options()} if param.options else set()
    if text not in known:
        raise ParamError("Choose one that is there.")
    return text


def _number(param: Param, text: str) -> int:
    text = text.strip()
    if not _WHOLE.fullmatch(text):
        raise ParamError("Enter a whole number.")
    number = int(text)
    if not param.least <= number <= param.most:
        raise ParamError(f"From {param.least:,} to {param.most:,}.")
    return number


def _amount(param: Param, text: str) -> str:
    try:
        amount = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        raise ParamError("Enter an amount, such as 500 or 1250.50.") from None
    if not amount.is_finite() or not param.least <= amount <= param.most:
        raise ParamError(f"From {param.least:,} to {param.most:,}.")
    return str(amount.quantize(Decimal("0.01")))


def _words(param: Param, text: str) -> str:
    text = text.strip()
    if param.kind == Kind.TEXT:
        text = " ".join(text.split())
    if len(text) > param.most:
        raise ParamError(f"Keep it under {param.most:,} characters.")
    if param.merges:
        try:
            fields_of(text)
        except BadFieldError as error:
            raise ParamError(str(error)) from error
    return text


_CLEANERS: Mapping[Kind, Callable[[Param, str], Any]] = {
    Kind.CHOICE: _choice,
    Kind.NUMBER: _number,
    Kind.PERCENT: _number,
    Kind.AMOUNT: _amount,
    Kind.TEXT: _words,
    Kind.LONG_TEXT: _words,
}
_MISSING: Mapping[Kind, str] = {
    Kind.CHOICE: "Choose one.",
    Kind.NUMBER: "Enter a number.",
    Kind.PERCENT: "Enter a number of per cent.",
    Kind.AMOUNT: "Enter an amount.",
    Kind.TEXT: "Say something here.",
    Kind.LONG_TEXT: "Say something here.",
}
