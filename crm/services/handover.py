"""Handing accounts over: one owner for many at once, and open cases with them."""

from collections.abc import Iterable

from django.db import transaction

from crm.errors import CannotSaveAccountError
from crm.models import Account, BulkEdit, Case, User
from crm.services import accounts, cases, notifications

MOST_AT_ONCE = 500


def assign_owner(*, actor: User, chosen: Iterable[int], owner: User) -> int:
    """Make `owner` the owner of the chosen accounts; all of them or none.

    Returns how many changed hands; those that `owner` has already are left alone.

    Raises
    ------
    CannotSaveAccountError
        If none was chosen, one cannot be found, they are too many, or `owner` has left.
    """
    keys = set(chosen)
    if not keys:
        raise CannotSaveAccountError("Choose the accounts to hand over.")
    if len(keys) > MOST_AT_ONCE:
        raise CannotSaveAccountError(f"At most {MOST_AT_ONCE} can be handed over.")
    if not owner.is_active:
        raise CannotSaveAccountError(f"{owner} cannot sign in any more.", field="owner")
    with transaction.atomic():
        mine = Account.objects.active().visible_to(actor)
        found = mine.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
        rows = list(found)
        if len(rows) < len(keys):
            raise CannotSaveAccountError("One of the accounts is not there any more.")
        moving = [account for account in rows if account.owner_id != owner.pk]
        for account in moving:
            accounts.change_account(
                actor=actor, account=account, owner=owner, tells_owner=False
            )
        notifications.given_accounts(actor=actor, owner=owner, accounts=moving)
    return len(moving)


def move_cases(*, actor: User, edit: BulkEdit) -> None:
    """Let open cases follow the accounts that a bulk edit gave to somebody.

    Who had them stays with the edit, so that undoing it gives them back.
    """
    rows = dict(edit.rows.values_list("record_id", "before"))
    waiting = Case.objects.unsettled().filter(account__in=rows)
    owners = dict(waiting.values_list("pk", "owner"))
    former = User.objects.in_bulk([key for key in rows.values() if key])
    given = Account.objects.filter(pk__in=waiting.values("account"))
    moved = []
    for account in given.select_related("owner").order_by("pk"):
        before = former.get(rows[account.pk] or 0)
        moved += cases.follow_owner(actor=actor, account=account, before=before)
    edit.detail["cases"] = {case.pk: owners.get(case.pk) for case in moved}
    edit.save(update_fields=["detail"])


def move_cases_back(*, actor: User, edit: BulkEdit) -> None:
    """Give cases back with the accounts that went back to their former owners.

    What was settled or given to somebody else since stays as it is.
    """
    moved = {int(key): owner for key, owner in edit.detail.get("cases", {}).items()}
    if not moved:
        return
    taken_from = edit.detail["value"]
    former = User.objects.in_bulk([key for key in moved.values() if key])
    rows = Case.objects.unsettled().filter(pk__in=moved, owner=taken_from)
    rows = rows.exclude(account__owner=taken_from)
    for case in rows.select_for_update(of=("self",)).order_by("pk"):
        before = former.get(moved[case.pk] or 0)
        cases.give(case, before, actor=actor, text="The change of owners was undone.")
