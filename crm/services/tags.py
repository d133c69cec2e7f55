"""Tags: make, colour, and put on records."""

from collections.abc import Iterable

from django.db import transaction

from crm.choices import TagColour
from crm.errors import CannotTagError
from crm.models import Account, Contact, Tag, User
from crm.services import audit

LONGEST_NAME = 60
MOST_ON_ONE = 30


def ensure_tag(*, actor: User, name: str) -> Tag:
    """Return the tag of this name in any case; the first use makes it.

    Raises
    ------
    CannotTagError
        If the name is empty or too long.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise CannotTagError(
            f"A tag is a word or two, of at most {LONGEST_NAME} characters.",
            field="tag",
        )
    found = Tag.objects.filter(name__iexact=name).first()
    if found is not None:
        return found
    with transaction.atomic():
        colours = TagColour.values
        tag = Tag.objects.create(
            name=name, colour=colours[Tag.objects.count() % len(colours)]
        )
        audit.record(actor=actor, action="tag.created", subject=tag)
    return tag


def set_tags(
    *, actor: User, record: Account | Contact, names: Iterable[str]
) -> Account | Contact:
    """Let a record carry exactly these tags; new words become tags.

    Raises
    ------
    CannotTagError
        If a name does not fit or they are too many.
    """
    wanted = {name.strip() for name in names if name.strip()}
    if len(wanted) > MOST_ON_ONE:
        raise CannotTagError(f"At most {MOST_ON_ONE} tags stay readable.", field="tags")
    with transaction.atomic():
        tags = [ensure_tag(actor=actor, name=name) for name in sorted(wanted)]
        record.tags.set(tags)
        audit.record(
            actor=actor,
            action="record.tagged",
            subject=record,
            tags=sorted(tag.name for tag in tags),
        )
    return record
