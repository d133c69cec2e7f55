"""The registry of a list: each column once, whatever shows, sorts or sums it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class PermissionHolder(Protocol):
    """A user; named by what is asked of it, because this knows no users."""

    def has_perm(self, perm: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Tag:
    """A coloured word in a cell; a click keeps the rows that carry it."""

    key: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whom a link calls or writes to; the page then asks how it went."""

    account: int
    contact: int
    channel: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell. `value` is what a click on it filters by.

    `tone` is gain, loss, warn or muted; `mark` a small word beside the text; `badge`
    the key of a worth class; `under` a second, smaller line; `attempt` says that `url`
    reaches a person and does not open the row.
    """

    text: str
    hint: str = ""
    url: str = ""
    tone: str = ""
    under: str = ""
    mark: str = ""
    badge: str = ""
    value: str = ""
    tags: Sequence[Tag] = ()
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: what it shows, how it sorts, filters, sums and is edited.

    `cell` writes a row's cell and `export` its value for a spreadsheet. `sort` names an
    order of the list, empty where there is none; a column is first sorted downwards
    where `is_descending`. `filter` is the filter that a click on a cell sets, `total`
    the sum under the column, `edit` the field that is changed in place. `needs` names
    what has to be read along. `is_for_all` hides the column from those who see only
    what is theirs.
    """

    key: str
    title: str
    cell: Callable[[Any], Cell]
    export: Callable[[Any], Any]
    sort: str = ""
    is_number: bool = False
    is_descending: bool = False
    filter: str = ""
    total: str = ""
    edit: str = ""
    needs: frozenset[str] = frozenset()
    is_default: bool = False
    is_fixed: bool = False
    is_for_all: bool = False
    is_on_phone: bool = False
    permission: str = ""
    style: str = ""
    help: str = ""

    def link(self, sorted_by: str) -> str:
        """Return the order that a click on the heading asks for."""
        key, descending = sorted_by.removeprefix("-"), sorted_by.startswith("-")
        descends = not descending if key == self.sort else self.is_descending
        return f"-{self.sort}" if descends else self.sort


@dataclass(frozen=True, slots=True)
class Registry:
    """The columns that a list can show."""

    columns: Sequence[Column]
    by_key: dict[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {one.key: one for one in self.columns})

    def offered_to(self, user: PermissionHolder, *, sees_all: bool) -> list[Column]:
        """Return the columns that `user` may choose from."""
        return [
            one
            for one in self.columns
            if (sees_all or not one.is_for_all)
            and (not one.permission or user.has_perm(one.permission))
        ]

    def chosen(self, offered: Sequence[Column], keys: Iterable[str]) -> list[Column]:
        """Return the columns named by `keys` in that order, else the usual ones.

        What is not known or not offered is left out; what names the row always stands
        there, first unless it was put elsewhere.
        """
        known = {one.key: one for one in offered}
        found = [known[key] for key in dict.fromkeys(keys) if key in known]
        if not found:
            return [one for one in offered if one.is_default or one.is_fixed]
        missing = [one for one in offered if one.is_fixed and one not in found]
        return missing + found
