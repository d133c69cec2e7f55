"""What is done at once for a new record: every app says what it wants to do for it.

The upper app pulls, as a rule, when the night comes. Retention begins with the first
contact, though, so an account that was added today follows a plan today. The app above
writes a service that takes the actor and the numbers of the new records, and registers
it where it starts (`apps.py`, `ready`)::

    arrivals.register("account", "campaigns.services.assignments.welcome")

It is called in the transaction that adds the records, so it must be quick, and must not
wait for whatever works through all records. See docs/decisions/0012.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.module_loading import import_string

_registered: dict[str, list[str]] = {}


def register(kind: str, service: str) -> None:
    """Add a service, named by its path; registering it twice changes nothing."""
    services = _registered.setdefault(kind, [])
    if service not in services:
        services.append(service)


def welcome(kind: str, *, actor: Any, ids: Sequence[int]) -> None:
    """Let the apps above do what they do for records that were just added."""
    if not ids:
        return
    for service in _registered.get(kind, ()):
        import_string(service)(actor=actor, ids=ids)
