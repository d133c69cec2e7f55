"""The library: touches that are kept ready for any plan."""

from typing import Unpack

from django.db import IntegrityError, transaction

from campaigns.errors import CannotSaveTouchError
from campaigns.models import LibraryTouch, TouchTemplate
from campaigns.services.drafts import TERMS, TouchFields, set_terms, terms_of
from campaigns.services.ready import READY_TOUCHES
from common.versions import save_changes
from crm.models import User
from crm.services import audit


def ensure_library(*, actor: User | None = None) -> int:
    """Fill an empty library with the ready touches; return how many were put in.

    What somebody retired or renamed stays as it is. Safe to call by several at once.
    """
    if LibraryTouch.objects.exists():
        return 0
    rows = [LibraryTouch(**terms_of(ready)) for ready in READY_TOUCHES]
    LibraryTouch.objects.bulk_create(rows, ignore_conflicts=True)
    audit.record(actor=actor, action="library.filled", touches=len(rows))
    return len(rows)


@transaction.atomic
def save_library_touch(
    *,
    actor: User,
    kept: LibraryTouch | None = None,
    expected_version: int | None = None,
    **fields: Unpack[TouchFields],
) -> LibraryTouch:
    """Add a touch to the library, or change one; drafts and plans stay as they are.

    Raises
    ------
    CannotSaveTouchError
        If there is one of the same title, or its days lie too far from what they
        follow.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    row = kept or LibraryTouch()
    set_terms(row, fields)
    try:
        with transaction.atomic():
            if kept is None:
                row.save(force_insert=True)
            else:
                terms = {name: getattr(row, name) for name in TERMS}
                save_changes(row, expected_version=expected_version, **terms)
    except IntegrityError as error:
        raise CannotSaveTouchError(
            "The library has a touch of this title already.", field="title"
        ) from error
    action = "library.touch_changed" if kept else "library.touch_added"
    audit.record(actor=actor, action=action, subject=row, title=row.title)
    return row


@transaction.atomic
def keep_touch(*, actor: User, touch: TouchTemplate) -> LibraryTouch:
    """Keep a touch of a plan in the library as well.

    Raises
    ------
    CannotSaveTouchError
        If there is one of the same title.
    """
    fields: TouchFields = {name: getattr(touch, name) for name in TERMS}  # type: ignore[assignment]
    return save_library_touch(actor=actor, **fields)


@transaction.atomic
def switch_touch(*, actor: User, kept: LibraryTouch, is_active: bool) -> LibraryTouch:
    """Retire a touch, so that no draft is offered it, or offer it again."""
    if kept.is_active == is_active:
        return kept
    kept = save_changes(kept, is_active=is_active)
    action = "library.touch_restored" if is_active else "library.touch_retired"
    audit.record(actor=actor, action=action, subject=kept, title=kept.title)
    return kept
