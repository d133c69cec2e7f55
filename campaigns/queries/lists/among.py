"""The list of accounts narrowed to a named set: what a figure elsewhere counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.lists.filters import Filter, text_field
from common.lists.sets import AMONG, ReadSet, UnknownSetError, read_set
from crm.models import User


@dataclass(frozen=True, slots=True)
class Among:
    """The set that an address names, if it names one, or why it cannot be shown."""

    found: ReadSet | None = None
    refusal: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any], user: User) -> "Among":
        try:
            return cls(read_set(given, user))
        except UnknownSetError as error:
            return cls(refusal=error.message)

    @property
    def heading(self) -> str:
        return self.found.title if self.found else ""

    def filters(self, usual: Sequence[Filter]) -> list[Filter]:
        """Return the set and what is said for it, as filters that stand in addresses.

        They are kept as they were written; the set itself has read them.
        """
        if self.found is None:
            return []
        known = {one.key for one in usual}
        names = [name for name in self.found.set.parameters if name not in known]
        return [
            Filter(AMONG, "Among", text_field(), self._apply, is_hidden=True),
            *(
                Filter(name, name, text_field(), _unchanged, is_hidden=True)
                for name in names
            ),
        ]

    def _apply(self, rows: Any, _value: str, listing: Any) -> Any:
        if self.found is None:
            return rows
        return rows.filter(pk__in=self.found.accounts(listing.user))


def _unchanged(rows: Any, _value: Any, _listing: Any) -> Any:
    return rows
