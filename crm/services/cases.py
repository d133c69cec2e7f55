"""Cases: open them, take messages in, and change what is known of them."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from common.versions import save_changes
from crm.choices import CaseEntryKind, CaseKind, CaseStatus, CaseUrgency, Channel
from crm.errors import CannotSaveCaseError
from crm.models import Account, Case, CaseEntry, User
from crm.queries.reachable import people_at
from crm.queries.responsible import rep_for
from crm.services import audit, case_notices

DETAILS = frozenset(
    {
        "description",
        "channel",
        "kind",
        "urgency",
        "contact",
        "product",
        "holding",
        "territory",
    }
)
CHANGEABLE = frozenset({"title", "account"}) | DETAILS
CLOSED_LISTS: Mapping[str, list[str]] = {
    "channel": Channel.values,
    "kind": CaseKind.values,
    "urgency": CaseUrgency.values,
}
LONGEST = {"title": 300, "description": 20_000, "sender": 320, "text": 20_000}
SAID = ("title", "kind", "urgency", "account")  # changes that stand in the history


def open_case(
    *,
    actor: User,
    account: Account | None,
    title: str,
    owner: User | None = None,
    sender: str = "",
    source: str = "typed",
    external_id: str | None = None,
    form_token: uuid.UUID | None = None,
    **details: Any,
) -> Case:
    """Open one case and give it to somebody.

    Without an `owner` it goes to the account's rep, else to a rep of the territory,
    else it waits for one. `details` may name DETAILS. The same form or message twice
    gives the case that it opened.

    Raises
    ------
    CannotSaveCaseError
        If a value does not fit, or neither account nor sender is known.
    """
    check_names(details, DETAILS)
    values = _checked(account, {"title": title} | details)
    if account is None and not sender.strip():
        raise CannotSaveCaseError("Say whose case it is.", field="account")
    territory = values.pop("territory", None) or (
        account.territory if account else None
    )
    case = Case(
        account=account,
        sender=checked_text("sender", sender),
        owner=owner or rep_for(account, territory),
        territory=territory,
        source=source,
        external_id=external_id or None,
        form_token=form_token,
        created_by=actor,
        **values,
    )
    _check_owner(case.owner)
    with transaction.atomic():
        try:
            with transaction.atomic():
                case.save(force_insert=True)
        except IntegrityError:
            if stored := _stored_before(case):
                return stored
            raise
        case.refresh_from_db()
        write_entry(case, CaseEntryKind.OPENED, actor=actor, text=case.description)
        audit.record(actor=actor, action="case.opened", subject=case)
        case_notices.given(actor=actor, case=case)
    return case


def receive_message(
    *, actor: User, sender: str, text: str, title: str = "", **message: Any
) -> Case:
    """Open a case for a message whose sender names themselves by address or handle.

    If people of just one account use that address, it is theirs; else it waits until
    somebody says whose it is.
    """
    sender = checked_text("sender", sender)
    people = people_at(actor, sender)
    accounts = {person.account_id for person in people}
    person = people[0] if len(accounts) == 1 else None
    first_line = next((one for one in text.splitlines() if one.strip()), "")
    return open_case(
        actor=actor,
        account=person.account if person else None,
        contact=person if len(people) == 1 else None,
        sender=sender,
        title=(title or first_line or f"Message from {sender}").strip()[:300],
        description=text,
        **message,
    )


def change_case(
    *, actor: User, case: Case, expected_version: int | None = None, **changes: Any
) -> Case:
    """Change what is known of a case; one without an account may get it so.

    Raises
    ------
    CannotSaveCaseError
        If the case is closed, a value does not fit, or the account is known already.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    check_names(changes, CHANGEABLE)
    account = changes.get("account") or case.account
    if case.account_id and account != case.account:
        raise CannotSaveCaseError(
            "A case stays with its account. Open another one there.", field="account"
        )
    if changes.get("account", account) is None:
        del changes["account"]
    values = _checked(account, changes)
    if case.status == CaseStatus.CLOSED:
        raise CannotSaveCaseError("This case is closed. Open it again to change it.")
    before = {name: _said(case, name) for name in SAID if name in values}
    with transaction.atomic():
        save_changes(case, expected_version=expected_version, **values)
        _take_up(case, actor)
        for name, old in before.items():
            if (new := _said(case, name)) != old:
                write_entry(
                    case,
                    CaseEntryKind.CHANGED,
                    actor=actor,
                    text=name.capitalize(),
                    before=old,
                    after=new,
                )
        audit.record(
            actor=actor, action="case.changed", subject=case, fields=sorted(values)
        )
    return case


def follow_owner(
    *, actor: User | None, account: Account, before: User | None
) -> list[Case]:
    """Give open cases of the account's former owner, or nobody's, to its new one."""
    owner = account.owner
    if owner is None or not owner.is_active:
        return []
    rows = Case.objects.unsettled().filter(account=account).exclude(owner=owner)
    left = Q(owner=None) | Q(owner__is_active=False)
    rows = rows.filter(left | Q(owner=before) if before else left)
    moved = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for case in moved:
        give(case, owner, actor=actor, text="The account has a new owner.")
    return moved


def give(case: Case, owner: User | None, *, actor: User | None, text: str = "") -> None:
    """Make `owner` the owner and write it down; call it inside a transaction."""
    before = case.owner
    save_changes(case, owner=owner)
    write_entry(
        case,
        CaseEntryKind.OWNER,
        actor=actor,
        text=text,
        before=before.name if before else "Nobody",
        after=owner.name if owner else "Nobody",
    )
    audit.record(actor=actor, action="case.given", subject=case)


def write_entry(
    case: Case, kind: CaseEntryKind, *, actor: User | None, **said: Any
) -> CaseEntry:
    """Keep one thing that was done; rows of this kind are never changed."""
    return CaseEntry.objects.create(case=case, kind=kind, author=actor, **said)


# -- Checks ----------------------------------------------------------------------------


def check_names(changes: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := set(changes) - known:
        raise TypeError(f"cases have no such fields to change: {sorted(unknown)}")


def checked_text(name: str, text: str) -> str:
    text = str(text or "").strip()
    if len(text) > LONGEST[name]:
        raise CannotSaveCaseError(
            f"Keep it under {LONGEST[name]:,} characters.", field=name
        )
    return text


def _checked(account: Account | None, values: dict[str, Any]) -> dict[str, Any]:
    values = dict(values)
    for name in {"title", "description"} & values.keys():
        values[name] = checked_text(name, values[name])
    if not values.get("title", "-"):
        raise CannotSaveCaseError("Say in a few words what it is about.", field="title")
    if account is not None and account.merged_into_id:
        raise CannotSaveCaseError(
            "This account was merged into another.", field="account"
        )
    for name in CLOSED_LISTS.keys() & values.keys():
        if values[name] not in CLOSED_LISTS[name]:
            raise CannotSaveCaseError(f"There is no such {name}.", field=name)
    _check_relatives(account, values)
    if values.get("holding") is not None and values.get("product") is None:
        values["product"] = values["holding"].product
    return values


def _check_relatives(account: Account | None, values: Mapping[str, Any]) -> None:
    key = account.pk if account else None
    for name in ("contact", "holding"):
        other = values.get(name)
        if other is not None and other.account_id != key:
            raise CannotSaveCaseError(
                f"Choose a {name} of the same account.", field=name
            )


def _check_owner(owner: User | None) -> None:
    if owner is not None and not owner.is_active:
        raise CannotSaveCaseError(f"{owner} cannot sign in any more.", field="owner")


def _take_up(case: Case, actor: User) -> None:
    """Give a case that has just got its account to the rep there."""
    if case.owner_id is None and case.account is not None:
        owner = rep_for(case.account, case.territory or case.account.territory)
        if owner is not None:
            give(case, owner, actor=actor)
            case_notices.given(actor=actor, case=case)


def _said(case: Case, name: str) -> str:
    say = getattr(case, f"get_{name}_display", None)
    return str(say() if say else getattr(case, name) or "–")[:300]


def _stored_before(case: Case) -> Case | None:
    """Return what the same form or message opened before."""
    if case.form_token is not None:
        found = Case.objects.filter(form_token=case.form_token).first()
        if found is not None:
            if found.created_by_id != case.created_by_id:
                raise CannotSaveCaseError("This form was used before. Open a new one.")
            return found
    if case.external_id is None:
        return None
    return Case.objects.filter(source=case.source, external_id=case.external_id).first()
