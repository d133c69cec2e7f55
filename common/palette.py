"""What the palette (Ctrl-K) can find and do: each app registers its own.

An app says in `ready()` what it has::

    palette.add_command(palette.Command("New account", "crm:account_create", …))
    palette.add_source(palette.Source("Accounts", VIEW_ACCOUNTS, find_accounts))

so that the palette knows no app, and shows to nobody what they may not open.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.module_loading import import_string

from common.folding import fold, words_of
from common.panels import PermissionHolder


@dataclass(frozen=True, slots=True)
class Command:
    """Something to open or to do.

    `words` are further words it is known by. What is typed after its words goes into
    the query parameter `prefill`, if it has one. `behaviour` names a data attribute
    that a script answers to, for commands that open no page.
    """

    title: str
    url_name: str
    icon: str
    permission: str
    words: str = ""
    prefill: str = ""
    behaviour: str = ""
    url_args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: `detail` tells it from others of its name."""

    title: str
    url: str
    icon: str
    detail: str = ""
    account_id: int | None = None
    behaviour: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of record; `query` is the path of a function of its app.

    ``query(user, text, limit)`` returns hits, the best first. With an empty text it
    may return what the user worked on last.
    """

    title: str
    permission: str
    query: str
    order: int = 50

    def find(self, user: Any, text: str, limit: int) -> list[Hit]:
        found: list[Hit] = import_string(self.query)(user, text, limit)
        return found


@dataclass(slots=True)
class _Registry:
    commands: list[Command] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


_registered = _Registry()


def add_command(command: Command) -> None:
    """Offer `command`; registering twice changes nothing."""
    if command not in _registered.commands:
        _registered.commands.append(command)


def add_source(source: Source) -> None:
    """Search in `source` too; registering twice changes nothing."""
    if source not in _registered.sources:
        _registered.sources.append(source)


def commands() -> tuple[Command, ...]:
    """Return what apps registered, in order."""
    return tuple(_registered.commands)


def sources_for(user: PermissionHolder) -> list[Source]:
    """Return the sources that `user` may search, in order."""
    allowed = [s for s in _registered.sources if user.has_perm(s.permission)]
    return sorted(allowed, key=lambda source: (source.order, source.title))


def offered(command: Command, typed: str) -> tuple[int, Hit] | None:
    """Return how many words name `command` and how it fits what was typed, or None.

    It fits if the typed words begin words of its own; those behind them are what it is
    prefilled with, as they were typed.
    """
    own = words_of(f"{command.title} {command.words}")
    rest = typed.split()
    named = 0
    while rest and _begins_one(fold(rest[0]), own):
        rest, named = rest[1:], named + 1
    if rest and (not named or not command.prefill):
        return None
    text = " ".join(rest)
    url = reverse(command.url_name, args=command.url_args)
    return named, Hit(
        title=f"{command.title}: {text}" if text else command.title,
        url=f"{url}?{urlencode({command.prefill: text})}" if text else url,
        icon=command.icon,
        behaviour=command.behaviour,
    )


def _begins_one(word: str, own: list[str]) -> bool:
    return any(one.startswith(word) for one in own)
