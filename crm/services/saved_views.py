"""Saved views: keep a way to look at a list, share it, pin it, open with it."""

from typing import Any

from django.db import IntegrityError, transaction

from common.versions import save_changes
from crm.choices import ListKey
from crm.errors import CannotSaveViewError
from crm.models import ListPreference, SavedView, User
from crm.permissions import SHARE_VIEWS
from crm.services import audit

LONGEST_NAME = 80
LONGEST_QUERY = 2000
MOST_COLUMNS = 60


def create_view(
    *, actor: User, list_key: str, name: str, query: str, is_shared: bool = False
) -> SavedView:
    """Keep a view of the actor's own, pinned above the list.

    Raises
    ------
    CannotSaveViewError
        If the name is missing or taken, or the actor may not share.
    """
    if list_key not in ListKey.values:
        raise CannotSaveViewError(f"There is no list “{list_key}”.", field="list_key")
    values = _checked(actor, {"name": name, "query": query, "is_shared": is_shared})
    try:
        with transaction.atomic():
            view = SavedView.objects.create(owner=actor, list_key=list_key, **values)
            view.refresh_from_db()
            view.pinned_by.add(actor)
            audit.record(actor=actor, action="view.created", subject=view)
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    return view


def change_view(
    *,
    actor: User,
    view: SavedView,
    expected_version: int | None = None,
    **changes: Any,
) -> SavedView:
    """Change name, query or sharing of one's own view.

    Raises
    ------
    CannotSaveViewError
        If it is a colleague's, the name is missing or taken, or the actor may not
        share.
    StaleRecordError
        If it changed since `expected_version`.
    """
    _check_owner(actor, view)
    values = _checked(actor, changes)
    try:
        with transaction.atomic():
            save_changes(view, expected_version=expected_version, **values)
            if values.get("is_shared") is False:
                view.pinned_by.set(view.pinned_by.filter(pk=actor.pk))
                ListPreference.objects.filter(opens_with=view).exclude(
                    user=actor
                ).update(opens_with=None)
            audit.record(actor=actor, action="view.changed", subject=view)
    except IntegrityError as error:
        raise _taken(values.get("name", view.name)) from error
    return view


def delete_view(*, actor: User, view: SavedView) -> None:
    """Take one's own view away, for everybody.

    Raises
    ------
    CannotSaveViewError
        If it is a colleague's.
    """
    _check_owner(actor, view)
    with transaction.atomic():
        audit.record(actor=actor, action="view.deleted", subject=view, name=view.name)
        view.delete()


def pin_view(*, actor: User, view: SavedView, is_pinned: bool) -> None:
    """Let a view stand above the actor's list, or not any more."""
    if is_pinned:
        view.pinned_by.add(actor)
    else:
        view.pinned_by.remove(actor)


def open_with(*, actor: User, list_key: str, view: SavedView | None) -> None:
    """Let the actor's list open with a view, or with everything."""
    ListPreference.objects.update_or_create(
        user=actor, list_key=list_key, defaults={"opens_with": view}
    )


def choose_columns(*, actor: User, list_key: str, columns: list[str]) -> None:
    """Remember which columns the actor wants, in which order; none means the usual."""
    ListPreference.objects.update_or_create(
        user=actor, list_key=list_key, defaults={"columns": columns[:MOST_COLUMNS]}
    )


def _checked(actor: User, fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - {"name", "query", "is_shared"}:
        raise TypeError(f"views have no such fields: {sorted(unknown)}")
    if "name" in fields:
        fields["name"] = fields["name"].strip()
        if not 0 < len(fields["name"]) <= LONGEST_NAME:
            raise CannotSaveViewError(
                f"Give the view a name of at most {LONGEST_NAME} characters.",
                field="name",
            )
    if len(fields.get("query", "")) > LONGEST_QUERY:
        raise CannotSaveViewError("This view is too long to keep.", field="query")
    if fields.get("is_shared") and not actor.has_perm(SHARE_VIEWS):
        raise CannotSaveViewError(
            "A manager shares views. Ask one to share yours.", field="is_shared"
        )
    return fields


def _check_owner(actor: User, view: SavedView) -> None:
    if view.owner_id != actor.pk:
        raise CannotSaveViewError(
            f"This view is {view.owner}'s. Save it under a name of your own."
        )


def _taken(name: str) -> CannotSaveViewError:
    return CannotSaveViewError(
        f"You have a view “{name}” of this list already.", field="name"
    )
