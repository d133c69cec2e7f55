"""What a user can do wrong, said in words that help."""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal that the user caused and can mend.

    Subclasses set `code` (stable, for programs) and `message` (for people); a caller
    may give a more exact message, and `field` names the input it belongs to.
    """

    code = "refused"
    message = "That is not possible."

    def __init__(self, message: str = "", *, field: str = "") -> None:
        self.message = message or type(self).message
        self.field = field
        super().__init__(self.message)


class UndecidedError(DomainError):
    """Something has to be decided first; `facts` tell programs between what."""

    code = "undecided"
    message = "This has to be decided first."

    def __init__(
        self, message: str = "", *, facts: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.facts = facts or {}


class StaleRecordError(DomainError):
    """Somebody saved the record between reading and writing."""

    code = "stale"
    message = (
        "Somebody else changed this record while you were editing it. "
        "Reload to see their change, then enter yours again."
    )
