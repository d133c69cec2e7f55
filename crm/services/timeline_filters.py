"""A person's own filters of timelines: keep, rename, put in order, throw away."""

from django.db import IntegrityError, transaction
from django.db.models import Max

from common.versions import save_changes
from crm import policy
from crm.errors import CannotSaveFilterError
from crm.models import TimelineFilter, User

LONGEST_NAME = 60
LONGEST_QUERY = 1000


def save_filter(*, actor: User, name: str, query: str) -> TimelineFilter:
    """Keep a filter under a name; it comes last among the actor's tabs.

    Raises
    ------
    CannotSaveFilterError
        If it has no name or one that is taken, keeps everything, or is one too many.
    """
    name = _checked_name(name)
    if not query:
        raise CannotSaveFilterError("Choose what to show first: this keeps everything.")
    if len(query) > LONGEST_QUERY:
        raise CannotSaveFilterError("This filter is too long to be kept.")
    with transaction.atomic():
        # One at a time per person, so that the count and the order hold.
        User.objects.select_for_update().get(pk=actor.pk)
        mine = TimelineFilter.objects.visible_to(actor)
        if mine.count() >= policy.MOST_TIMELINE_FILTERS:
            raise CannotSaveFilterError(
                f"{policy.MOST_TIMELINE_FILTERS} tabs are the most. Delete one first."
            )
        last = mine.aggregate(last=Max("position"))["last"]
        try:
            with transaction.atomic():
                return TimelineFilter.objects.create(
                    user=actor,
                    name=name,
                    query=query,
                    position=0 if last is None else last + 1,
                )
        except IntegrityError as error:
            raise _taken(name) from error


def rename_filter(
    *,
    actor: User,
    timeline_filter: TimelineFilter,
    name: str,
    expected_version: int | None = None,
) -> TimelineFilter:
    """Give one of the actor's filters another name.

    Raises
    ------
    CannotSaveFilterError
        If the name is empty, too long or taken, or the filter is somebody else's.
    StaleRecordError
        If it was changed since `expected_version`.
    """
    _check_own(actor, timeline_filter)
    name = _checked_name(name)
    try:
        with transaction.atomic():
            return save_changes(
                timeline_filter, expected_version=expected_version, name=name
            )
    except IntegrityError as error:
        raise _taken(name) from error


def move_filter(
    *, actor: User, timeline_filter: TimelineFilter, places: int
) -> list[TimelineFilter]:
    """Move a filter among the actor's tabs, back where `places` is negative."""
    _check_own(actor, timeline_filter)
    with transaction.atomic():
        mine = list(TimelineFilter.objects.visible_to(actor).select_for_update())
        place = next(n for n, one in enumerate(mine) if one.pk == timeline_filter.pk)
        moved = mine.pop(place)
        mine.insert(max(0, min(place + places, len(mine))), moved)
        for position, one in enumerate(mine):
            one.position = position
        TimelineFilter.objects.bulk_update(mine, ["position"])
    return mine


def delete_filter(*, actor: User, timeline_filter: TimelineFilter) -> None:
    """Throw one of the actor's filters away."""
    _check_own(actor, timeline_filter)
    timeline_filter.delete()


def _check_own(actor: User, timeline_filter: TimelineFilter) -> None:
    if timeline_filter.user_id != actor.pk:
        raise CannotSaveFilterError("This filter is somebody else's.")


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise CannotSaveFilterError("Give the filter a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise CannotSaveFilterError(
            f"Keep the name under {LONGEST_NAME} characters.", field="name"
        )
    return name


def _taken(name: str) -> CannotSaveFilterError:
    return CannotSaveFilterError(
        f"You have a filter named “{name}” already.", field="name"
    )
