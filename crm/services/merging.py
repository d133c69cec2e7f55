"""Merging a duplicate account into the one that stays, and taking it back.

Facts (orders, returns, costs, contacts logged) keep the account they were made with:
everything that sums or lists them counts the members of a survivor as one. Everything
else, such as people and tasks, goes over to the survivor. What went over is remembered
row by row, so that a merge can be undone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core import serializers
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q, UniqueConstraint
from django.utils import timezone

from common.versions import save_changes
from crm.errors import CannotMergeError
from crm.models import (
    Account,
    AccountMerge,
    LedgerEntry,
    Order,
    OrderLine,
    OrderReturn,
    PinnedContact,
    Touchpoint,
    User,
)
from crm.services import audit, notifications
from crm.services.touchpoints import find_last_contact

FACTS = frozenset(
    {
        AccountMerge,
        Order,
        OrderLine,
        OrderReturn,
        LedgerEntry,
        Touchpoint,
        PinnedContact,
    }
)
# What may be taken over from the duplicate; facts about the merge itself stay.
CHOSEN = (
    "name",
    "kind",
    "stage",
    "relationship_type",
    "industry",
    "size_band",
    "street",
    "postcode",
    "city",
    "region",
    "country",
    "phone",
    "website",
    "note",
    "owner",
    "territory",
    "source",
    "acquired_on",
    "won_from",
)
PEOPLE = frozenset({"owner", "territory"})  # kept by key


@transaction.atomic
def merge_accounts(
    *,
    actor: User,
    survivor: Account,
    merged: Account,
    take_over: frozenset[str] = frozenset(),
) -> AccountMerge:
    """Merge `merged` into `survivor`; fields in `take_over` come from `merged`.

    Fields that are empty on the survivor are filled from the duplicate.

    Raises
    ------
    CannotMergeError
        If both are the same, or one was merged away before.
    """
    survivor, merged = _locked(survivor, merged)
    _check(survivor, merged)
    changes = taken_over(survivor, merged, take_over)
    before = _as_stored(survivor, changes)
    merge = AccountMerge(survivor=survivor, merged=merged, made_by=actor)
    merge.before = before
    save_changes(survivor, **changes)
    merge.after = _as_stored(survivor, changes)
    merge.moved = dict(_move(merged, survivor))
    merge.tags = _give_tags(merged, survivor)
    save_changes(merged, merged_into=survivor)
    find_last_contact(survivor)
    merge.save()
    audit.record(
        actor=actor,
        action="account.merged",
        subject=survivor,
        merged=merged.pk,
        name=merged.name,
        fields=sorted(changes),
    )
    notifications.merged_accounts(actor=actor, survivor=survivor, merged=merged)
    return merge


@transaction.atomic
def undo_merge(*, actor: User, merge: AccountMerge) -> AccountMerge:
    """Take a merge back: rows go back where they came from, fields as they were.

    What was changed or added after the merge stays with the survivor.

    Raises
    ------
    CannotMergeError
        If it was undone before, or the survivor was itself merged away meanwhile.
    """
    merge = AccountMerge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at is not None:
        raise CannotMergeError("This merge was undone before.")
    survivor, merged = _locked(merge.survivor, merge.merged)
    if survivor.merged_into_id:
        raise CannotMergeError(
            f"{survivor} was merged into another account since. Undo that first."
        )
    models_by_label = {model._meta.label_lower: model for model in movable()}
    for label, keys in merge.moved.items():
        model = models_by_label[label]
        rows = model._default_manager.filter(pk__in=keys)
        for field in _links(model):
            rows.filter(**{field: survivor}).update(**{field: merged})
    save_changes(merged, merged_into=None)
    save_changes(survivor, **_unchanged_since(survivor, merge))
    survivor.tags.remove(*merge.tags)
    find_last_contact(survivor)
    find_last_contact(merged)
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.save()
    audit.record(
        actor=actor, action="account.merge_undone", subject=survivor, merged=merged.pk
    )
    return merge


def taken_over(
    survivor: Account, merged: Account, chosen: frozenset[str]
) -> dict[str, Any]:
    """Return what the survivor takes from the duplicate: chosen, or empty so far."""
    changes = {}
    for name in CHOSEN:
        own, other = getattr(survivor, name), getattr(merged, name)
        if other in {None, ""} or own == other:
            continue
        if name in chosen or own in {None, ""}:
            changes[name] = other
    return changes


@dataclass(frozen=True, slots=True)
class Going:
    """How many rows of one kind would go over, and how many would stay behind."""

    going: int
    staying: int
    name_of_going: str
    name_of_staying: str


def moving(merged: Account, survivor: Account) -> list[Going]:
    """Count what would go over and what would stay, by kind; writes nothing."""
    found = []
    for model in movable():
        all_rows, staying = set[int](), set[int]()
        for field in _links(model):
            rows = model._default_manager.filter(**{field: merged})
            keys = set(rows.values_list("pk", flat=True))
            all_rows |= keys
            if keys:
                staying |= _kept_back(model, field, merged, survivor)
        names = model._meta.verbose_name, model._meta.verbose_name_plural
        going, stays = len(all_rows - staying), len(staying)
        if all_rows:
            found.append(
                Going(going, stays, str(names[going != 1]), str(names[stays != 1]))
            )
    return found


def _kept_back(
    model: type[models.Model], field: str, merged: Account, survivor: Account
) -> set[int]:
    """Return the rows that the survivor has already, as the database would find."""
    rows = model._default_manager.filter(**{field: merged})
    held = model._default_manager.filter(**{field: survivor})
    if model is Account:
        return set(rows.filter(pk=survivor.pk).values_list("pk", flat=True))
    kept: set[int] = set()
    for others, condition in _unique_with(model, field):
        same = held.filter(condition) if condition else held
        same = same.filter(**{name: OuterRef(name) for name in others})
        twins = rows.filter(condition) if condition else rows
        kept |= set(twins.filter(Exists(same)).values_list("pk", flat=True))
    return kept


def _unique_with(
    model: type[models.Model], field: str
) -> Iterator[tuple[list[str], Q | None]]:
    """Yield what else must differ between rows of one account, and of which rows."""
    if model._meta.get_field(field).unique:  # type: ignore[union-attr]
        yield [], None
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and field in constraint.fields:
            others = [name for name in constraint.fields if name != field]
            yield others, constraint.condition


def movable() -> list[type[models.Model]]:
    """Return the models whose rows go over: all of this app that name an account."""
    relations = Account._meta.get_fields(include_hidden=True)
    found = dict.fromkeys(
        field.related_model
        for field in relations
        if isinstance(field, models.ManyToOneRel) and _is_ours(field.related_model)
    )
    return [model for model in found if model not in FACTS and _links(model)]


def _is_ours(model: type[models.Model]) -> bool:
    """Tell whether a model holds records of this app, not the history of some."""
    meta = model._meta
    is_history = any(field.name == "pgh_id" for field in meta.concrete_fields)
    return meta.app_label == "crm" and not (is_history or meta.auto_created)


def _links(model: type[models.Model]) -> list[str]:
    """Return the fields of a model that point at an account and go over with it."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.related_model is Account and field.name != "merged_into"
    ]


def _locked(survivor: Account, merged: Account) -> tuple[Account, Account]:
    """Lock both rows, always in the same order, and return them fresh."""
    rows = Account.objects.select_for_update().order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[survivor.pk, merged.pk])}
    return found[survivor.pk], found[merged.pk]


def _check(survivor: Account, merged: Account) -> None:
    if survivor.pk == merged.pk:
        raise CannotMergeError("Choose another account: this is the same one.")
    if survivor.merged_into_id or merged.merged_into_id:
        raise CannotMergeError("One of both was merged into another account before.")


def _move(merged: Account, survivor: Account) -> Iterator[tuple[str, list[int]]]:
    for model in movable():
        moved: list[int] = []
        for field in _links(model):
            moved += _moved(model, field, merged, survivor)
        if moved:
            yield model._meta.label_lower, sorted(set(moved))


def _moved(
    model: type[models.Model], field: str, merged: Account, survivor: Account
) -> list[int]:
    """Move the rows of one kind; what the survivor has already stays behind.

    An account cannot become its own parent, so a link between both stays too.
    """
    rows = model._default_manager.filter(**{field: merged})
    if model is Account:
        rows = rows.exclude(pk=survivor.pk)
    keys = list(rows.values_list("pk", flat=True))
    try:
        with transaction.atomic():
            rows.filter(pk__in=keys).update(**{field: survivor})
    except IntegrityError:
        return [key for key in keys if _moves_alone(model, field, key, survivor)]
    return keys


def _moves_alone(
    model: type[models.Model], field: str, key: int, survivor: Account
) -> bool:
    try:
        with transaction.atomic():
            model._default_manager.filter(pk=key).update(**{field: survivor})
    except IntegrityError:
        return False
    return True


def _give_tags(merged: Account, survivor: Account) -> list[int]:
    has = set(survivor.tags.values_list("pk", flat=True))
    new = [tag.pk for tag in merged.tags.all() if tag.pk not in has]
    survivor.tags.add(*new)
    return new


def _as_stored(account: Account, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as JSON holds them: dates as text, people by key."""
    if not names:
        return {}
    (row,) = serializers.serialize("python", [account], fields=list(names))
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row["fields"].items()
    }


def _unchanged_since(survivor: Account, merge: AccountMerge) -> dict[str, Any]:
    """Return the old values of fields that nobody has touched since the merge."""
    now = _as_stored(survivor, merge.after)
    return {
        f"{name}_id" if name in PEOPLE else name: merge.before[name]
        for name, value in merge.after.items()
        if now[name] == value
    }
