"""Tags: make, put on records, rename, colour, merge, retire."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction

from common.versions import save_changes
from crm.choices import TagColour
from crm.errors import CannotTagError
from crm.models import Account, Contact, SavedView, Tag, User
from crm.services import audit

LONGEST_NAME = 60
MOST_ON_ONE = 30


def ensure_tag(*, actor: User, name: str) -> Tag:
    """Return the tag of this name in any case; the first use makes it.

    Raises
    ------
    CannotTagError
        If the name is empty or too long, or of a tag that is retired.
    """
    name = _fitting(name, field="tag")
    found = Tag.objects.filter(name__iexact=name).first()
    if found is not None:
        if not found.is_active:
            raise CannotTagError(
                f"“{found}” is retired. Take another word, or ask a manager to offer"
                " it again.",
                field="tag",
            )
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
        # What it carries may stay, retired or not.
        carried = {tag.name.casefold(): tag for tag in record.tags.all()}
        tags = [
            carried.get(name.casefold()) or ensure_tag(actor=actor, name=name)
            for name in sorted(wanted)
        ]
        record.tags.set(tags)
        audit.record(
            actor=actor,
            action="record.tagged",
            subject=record,
            tags=sorted(tag.name for tag in tags),
        )
    return record


def create_tag(*, actor: User, name: str, colour: str = TagColour.GREY) -> Tag:
    """Add a tag that nothing carries yet.

    Raises
    ------
    CannotTagError
        If the name or the colour does not fit, or there is such a tag already.
    """
    values = _checked({"name": name, "colour": colour})
    with transaction.atomic():
        _refuse_twin(values["name"])
        tag = Tag.objects.create(**values)
        tag.refresh_from_db()
        audit.record(actor=actor, action="tag.created", subject=tag)
    return tag


def change_tag(
    *, actor: User, tag: Tag, expected_version: int | None = None, **changes: Any
) -> Tag:
    """Change the name or the colour of a tag, on everything that carries it.

    Raises
    ------
    CannotTagError
        If a value does not fit, or another tag has the name.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    values = _checked(changes)
    with transaction.atomic():
        if "name" in values:
            _refuse_twin(values["name"], besides=tag)
        save_changes(tag, expected_version=expected_version, **values)
        audit.record(actor=actor, action="tag.changed", subject=tag, **values)
    return tag


def retire_tag(*, actor: User, tag: Tag) -> Tag:
    """Put a tag on nothing more; what carries it keeps it."""
    return _switch(actor, tag, is_active=False)


def reinstate_tag(*, actor: User, tag: Tag) -> Tag:
    """Offer a retired tag again."""
    return _switch(actor, tag, is_active=True)


def delete_tag(*, actor: User, tag: Tag) -> None:
    """Delete a tag that nothing carries.

    Raises
    ------
    CannotTagError
        If an account or a contact carries it.
    """
    with transaction.atomic():
        Tag.objects.select_for_update().get(pk=tag.pk)
        if tag.accounts.exists() or tag.contacts.exists():
            raise CannotTagError(
                f"“{tag}” is in use. Retire it, or merge it into another tag."
            )
        audit.record(actor=actor, action="tag.deleted", subject=tag, name=tag.name)
        tag.delete()


def merge_tags(*, actor: User, tag: Tag, into: Tag) -> Tag:
    """Let whatever carries `tag` carry `into` instead; `tag` is gone then.

    Saved views that narrow a list to `tag` narrow it to `into`.

    Raises
    ------
    CannotTagError
        If both are the same, or one is gone.
    """
    if tag.pk == into.pk:
        raise CannotTagError("Choose another tag to merge it into.", field="into")
    with transaction.atomic():
        there = Tag.objects.select_for_update().filter(pk__in=(tag.pk, into.pk))
        if len(there.order_by("pk")) != 2:  # noqa: PLR2004
            raise CannotTagError("One of the tags is gone. Look again first.")
        moved = _carry_over(tag, into)
        _rewrite_views(tag, into)
        audit.record(
            actor=actor, action="tag.merged", subject=into, name=tag.name, rows=moved
        )
        tag.delete()
    return into


def _carry_over(tag: Tag, into: Tag) -> int:
    moved = 0
    carriers: dict[str, Any] = {
        "account_id": Account.tags.through,
        "contact_id": Contact.tags.through,
    }
    for name, through in carriers.items():
        links = through.objects.filter(tag_id=tag.pk).order_by("pk")
        keys = list(links.values_list(name, flat=True))
        made = [through(**{name: key, "tag_id": into.pk}) for key in keys]
        through.objects.bulk_create(made, ignore_conflicts=True)
        moved += len(keys)
    return moved


def _rewrite_views(tag: Tag, into: Tag) -> None:
    old, new = ("tag", str(tag.pk)), ("tag", str(into.pk))
    for view in SavedView.objects.filter(query__contains=urlencode([old])):
        given = parse_qsl(view.query)
        if old in given:
            kept = [new if one == old else one for one in given]
            save_changes(view, query=urlencode(kept))


def _switch(actor: User, tag: Tag, *, is_active: bool) -> Tag:
    if tag.is_active == is_active:
        return tag
    with transaction.atomic():
        save_changes(tag, is_active=is_active)
        action = "tag.reinstated" if is_active else "tag.retired"
        audit.record(actor=actor, action=action, subject=tag)
    return tag


def _fitting(name: str, *, field: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise CannotTagError(
            f"A tag is a word or two, of at most {LONGEST_NAME} characters.",
            field=field,
        )
    if "," in name:
        raise CannotTagError("A comma stands between two tags.", field=field)
    return name


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    values = dict(fields)
    if "name" in values:
        values["name"] = _fitting(values["name"], field="name")
    if values.get("colour", TagColour.GREY) not in TagColour.values:
        raise CannotTagError("There is no such colour.", field="colour")
    return values


def _refuse_twin(name: str, *, besides: Tag | None = None) -> None:
    twins = Tag.objects.filter(name__iexact=name)
    if besides is not None:
        twins = twins.exclude(pk=besides.pk)
    if twins.exists():
        raise CannotTagError(
            f"There is a tag “{name}” already; merge the two instead.", field="name"
        )
