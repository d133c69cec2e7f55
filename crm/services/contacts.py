"""People at accounts: add, change, and what they allow."""

from typing import Any

from django.db import transaction

from common.versions import save_changes
from crm.choices import Attitude, DecisionRole
from crm.errors import CannotSaveContactError
from crm.models import Account, Contact, User
from crm.services import audit

FIELDS = frozenset(
    {
        "name",
        "title",
        "email",
        "phone",
        "decision_role",
        "influence",
        "attitude",
        "needs",
        "preferences",
        "socials",
        "do_not_contact",
        "left_on",
    }
)
INFLUENCE = range(1, 6)


def create_contact(*, actor: User | None, account: Account, **fields: Any) -> Contact:
    """Add one person to an account.

    Raises
    ------
    CannotSaveContactError
        If a value does not fit or the account was merged away.
    """
    values = _checked(fields)
    if not values.get("name"):
        raise CannotSaveContactError("Give the person a name.", field="name")
    if account.merged_into_id:
        raise CannotSaveContactError(
            "This account was merged into another. Add people there.", field="account"
        )
    with transaction.atomic():
        contact = Contact.objects.create(account=account, **values)
        contact.refresh_from_db()
        audit.record(actor=actor, action="contact.created", subject=contact)
    return contact


def change_contact(
    *,
    actor: User | None,
    contact: Contact,
    expected_version: int | None = None,
    **changes: Any,
) -> Contact:
    """Change what is known about one person.

    Raises
    ------
    CannotSaveContactError
        If a value does not fit.
    StaleRecordError
        If somebody else changed the person since `expected_version`.
    """
    values = _checked(changes)
    with transaction.atomic():
        save_changes(contact, expected_version=expected_version, **values)
        audit.record(
            actor=actor,
            action="contact.changed",
            subject=contact,
            fields=sorted(values),
        )
    return contact


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - FIELDS:
        raise TypeError(f"contacts have no such fields: {sorted(unknown)}")
    values = {k: v.strip() if isinstance(v, str) else v for k, v in fields.items()}
    if "name" in values and not values["name"]:
        raise CannotSaveContactError("Give the person a name.", field="name")
    influence = values.get("influence")
    if influence is not None and influence not in INFLUENCE:
        raise CannotSaveContactError(
            "Influence goes from 1, little, to 5, decisive.", field="influence"
        )
    closed = {"decision_role": DecisionRole.values, "attitude": Attitude.values}
    for name, words in closed.items():
        if values.get(name, "") not in words:
            raise CannotSaveContactError(
                f"There is no {name.replace('_', ' ')} “{values[name]}”.", field=name
            )
    return values
