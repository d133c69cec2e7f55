"""One class among the accounts of a filter bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.models import User
from segments.choices import WorthClass
from segments.queries.scope import Scope
from segments.queries.scope_form import BETWEEN_NIGHTS


@dataclass(frozen=True, slots=True)
class ClassScope:
    """What the bar of a class's page asks for; `inside` are members among them."""

    worth_class: WorthClass
    bar: Scope
    inside: Scope

    @classmethod
    def read(
        cls, given: Mapping[str, Any], user: User, worth_class: WorthClass
    ) -> "ClassScope":
        """Return the scope of an address of that class's page."""
        bar = Scope.read(given, user, only=BETWEEN_NIGHTS)
        inside = Scope.read({**given, "class": worth_class.value}, user)
        return cls(worth_class, bar, inside)
