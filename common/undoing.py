"""What else is taken back with a record: every app says what hangs on it.

A record below may not know what an app above made of it, yet taking it back must take
that back too, by whatever way it happens, in the same transaction. So the app above
writes a service that takes the actor and the record, and registers it where it starts
(`apps.py`, `ready`)::

    undoing.register("touchpoint", "campaigns.services.touches.reopen_touch_of")

Nothing but taking back is told this way, and only the service that does it tells it.
"""

from typing import Any

from django.utils.module_loading import import_string

_registered: dict[str, list[str]] = {}


def register(kind: str, service: str) -> None:
    """Add a service, named by its path; registering it twice changes nothing."""
    services = _registered.setdefault(kind, [])
    if service not in services:
        services.append(service)


def follow(kind: str, *, actor: Any, record: Any) -> None:
    """Take back what apps above made of a record that was just taken back."""
    for service in _registered.get(kind, ()):
        import_string(service)(actor=actor, record=record)
