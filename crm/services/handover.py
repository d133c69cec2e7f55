"""Handing accounts over: one owner for many at once."""

from collections.abc import Iterable

from django.db import transaction

from crm.errors import CannotSaveAccountError
from crm.models import Account, User
from crm.services import accounts, notifications

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
