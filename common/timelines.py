"""Sources of an account's timeline: every app brings its own entries.

To bring entries, write a query in your app that takes the ids of an account and of what
was merged into it, and returns `crm.queries.entries.Entries`::

    def class_changes(account_ids: Sequence[int]) -> Entries:
        rows = of_accounts(Membership.objects.all(), account_ids)
        return Entries(rows, at="since", is_day=True, columns={"text": F("reason")})

and register it where your app starts (`apps.py`, `ready`)::

    timelines.register(
        timelines.Source(
            key="class",  # stable, because it stands in cursors
            kind="value",  # the filter that keeps it; sources may share one
            kind_title="Value and class",
            word="Class changed",  # an entry's title unless it brings its own
            icon="layers",
            query="segments.queries.timeline.class_changes",
            permission=VIEW_CLASSES,
        )
    )

The query is named by its path, because apps register before models are loaded. It
must find its rows newest first by an index that begins with the account; then a page
of the timeline costs the same however long the account's past is.
"""

from dataclasses import dataclass

from common.panels import PermissionHolder


@dataclass(frozen=True, slots=True)
class Source:
    """One sort of entries; `url_name` takes the `link_id` of one that opens a page."""

    key: str
    kind: str
    kind_title: str
    word: str
    icon: str
    query: str
    permission: str
    url_name: str = ""
    order: int = 50


_registered: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add `source`; registering it twice changes nothing.

    Raises
    ------
    ValueError
        If another source has the same key, or the key is not of letters a to z, which
        Python and the database sort alike.
    """
    if not (source.key.isascii() and source.key.isalpha() and source.key.islower()):
        raise ValueError(f"the key {source.key} is not of letters a to z")
    if _registered.setdefault(source.key, source) != source:
        raise ValueError(f"two timeline sources are named {source.key}")


def sources_for(user: PermissionHolder) -> list[Source]:
    """Return the sources that `user` may read, in the order of their kinds."""
    allowed = [s for s in _registered.values() if user.has_perm(s.permission)]
    return sorted(allowed, key=lambda s: (s.order, s.key))


def source_named(key: str) -> Source | None:
    """Return the source of that key, if there is one."""
    return _registered.get(key)


def kinds_of(sources: list[Source]) -> dict[str, str]:
    """Return kind and title of each filter, in order."""
    return {source.kind: source.kind_title for source in sources}
