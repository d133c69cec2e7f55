"""Accounts: create and change, never overwriting what somebody has not seen."""

from typing import Any

from django.db import IntegrityError, transaction

from common import arrivals
from common.versions import save_changes
from crm.choices import (
    AccountKind,
    AdvocateStatus,
    LossReason,
    RelationshipType,
    SizeBand,
    Source,
    Stage,
)
from crm.errors import CannotSaveAccountError
from crm.models import Account, User
from crm.services import audit, cases, notifications

FIELDS = (
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
    "parent",
    "referred_by",
    "advocate_status",
    "won_from",
    "acquired_on",
    "lost_on",
    "loss_reason",
    "external_id",
    "attributes",
)
CLOSED_LISTS = {
    "kind": AccountKind.values,
    "stage": Stage.values,
    "relationship_type": RelationshipType.values,
    "size_band": SizeBand.values,
    "advocate_status": AdvocateStatus.values,
    "source": Source.values,
    "loss_reason": LossReason.values,
}
DEEPEST_FAMILY = 20


def create_account(*, actor: User, **fields: Any) -> Account:
    """Add one account; a rep who names no owner owns it.

    Raises
    ------
    CannotSaveAccountError
        If a value does not fit, a rep names another owner, or the external id is
        taken.
    """
    if not actor.sees_every_account:
        fields["owner"] = fields.get("owner") or actor
    account = Account(**checked(fields))
    if not account.name:
        raise CannotSaveAccountError("Give the account a name.", field="name")
    _check_owner(actor, account.owner)
    _check_dates(account)
    with transaction.atomic():
        _keep_unique(account)
        account.refresh_from_db()
        audit.record(actor=actor, action="account.created", subject=account)
        notifications.given_accounts(
            actor=actor, owner=account.owner, accounts=[account]
        )
        arrivals.welcome("account", actor=actor, ids=[account.pk])
    return account


def change_account(
    *,
    actor: User,
    account: Account,
    expected_version: int | None = None,
    tells_owner: bool = True,
    **changes: Any,
) -> Account:
    """Change what is known about one account; a new owner is told.

    Raises
    ------
    CannotSaveAccountError
        If a value does not fit, a rep gives the account away, the account was merged
        away, or it would become its own parent.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    values = checked(changes)
    if account.merged_into_id:
        raise CannotSaveAccountError("This account was merged into another.")
    if "owner" in values and values["owner"] != account.owner:
        _check_owner(actor, values["owner"])
    for name in ("parent", "referred_by"):
        _check_family(account, name, values.get(name))
    wanted = Account(
        acquired_on=values.get("acquired_on", account.acquired_on),
        lost_on=values.get("lost_on", account.lost_on),
    )
    _check_dates(wanted)
    owner_before = account.owner
    with transaction.atomic():
        try:
            with transaction.atomic():
                save_changes(account, expected_version=expected_version, **values)
        except IntegrityError as error:
            raise _taken(values.get("external_id")) from error
        audit.record(
            actor=actor,
            action="account.changed",
            subject=account,
            fields=sorted(values),
        )
        if account.owner != owner_before:
            _record_new_owner(actor, account, owner_before)
            cases.follow_owner(actor=actor, account=account, before=owner_before)
            if tells_owner:
                notifications.given_accounts(
                    actor=actor, owner=account.owner, accounts=[account]
                )
    return account


def _record_new_owner(actor: User, account: Account, before: User | None) -> None:
    """Say who had the account and who has it now, as the timeline tells it."""
    audit.record(
        actor=actor,
        action="account.owner_changed",
        subject=account,
        before=before.name if before else "Nobody",
        after=account.owner.name if account.owner else "Nobody",
    )


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields).difference(FIELDS):
        raise TypeError(f"accounts have no such fields: {sorted(unknown)}")
    values = {k: v.strip() if isinstance(v, str) else v for k, v in fields.items()}
    if "name" in values and not values["name"]:
        raise CannotSaveAccountError("Give the account a name.", field="name")
    for name in CLOSED_LISTS.keys() & values.keys():
        if values[name] not in CLOSED_LISTS[name]:
            raise CannotSaveAccountError(
                f"There is no {name.replace('_', ' ')} “{values[name]}”.", field=name
            )
    if "external_id" in values:
        values["external_id"] = values["external_id"] or None
    if "country" in values:
        values["country"] = values["country"].upper()
    return values


def _check_owner(actor: User, owner: User | None) -> None:
    """Let a rep own what they add; handing accounts over is a manager's act."""
    if actor.sees_every_account or owner == actor:
        return
    raise CannotSaveAccountError(
        "A manager hands accounts over. Ask one to change the owner.", field="owner"
    )


def _check_dates(account: Account) -> None:
    won, lost = account.acquired_on, account.lost_on
    if won and lost and lost < won:
        raise CannotSaveAccountError(
            "The account cannot be lost before it was won.", field="lost_on"
        )


def _check_family(account: Account, field: str, relative: Account | None) -> None:
    """Refuse a circle, such as a parent that is the account's own daughter."""
    for _ in range(DEEPEST_FAMILY):
        if relative is None:
            return
        if relative.pk == account.pk:
            raise CannotSaveAccountError(
                f"{account} cannot stand above itself.", field=field
            )
        relative = getattr(relative, field)
    raise CannotSaveAccountError("This chain of accounts is too long.", field=field)


def _keep_unique(account: Account) -> None:
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(account.external_id) from error


def _taken(external_id: str | None) -> CannotSaveAccountError:
    return CannotSaveAccountError(
        f"Another account has the id “{external_id}”.", field="external_id"
    )
