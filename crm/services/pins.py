"""Contacts pinned to the top of an account's timeline."""

from django.db import transaction

from crm import policy
from crm.errors import CannotPinError
from crm.models import Account, PinnedContact, Touchpoint, User
from crm.services import audit


def pin_contact(*, actor: User, touchpoint: Touchpoint) -> PinnedContact:
    """Pin a contact for everybody; one that is pinned stays as it is.

    Raises
    ------
    CannotPinError
        If it was taken back, or the account has as many pins as can be overlooked.
    """
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=touchpoint.account_id)
        touchpoint = Touchpoint.objects.get(pk=touchpoint.pk)
        if touchpoint.voided_at is not None:
            raise CannotPinError("This contact was taken back.")
        pins = PinnedContact.objects.filter(account_id=touchpoint.account_id)
        if (pinned := pins.filter(pk=touchpoint.pk).first()) is not None:
            return pinned
        if pins.count() >= policy.MOST_PINS:
            raise CannotPinError(
                f"{policy.MOST_PINS} are pinned here already. Take one down first."
            )
        made = PinnedContact.objects.create(
            touchpoint=touchpoint, account_id=touchpoint.account_id, pinned_by=actor
        )
        audit.record(actor=actor, action="touchpoint.pinned", subject=touchpoint)
    return made


def unpin_contact(*, actor: User, touchpoint: Touchpoint) -> None:
    """Take a pin down; one that is down already stays so."""
    with transaction.atomic():
        deleted, _ = PinnedContact.objects.filter(pk=touchpoint.pk).delete()
        if deleted:
            audit.record(actor=actor, action="touchpoint.unpinned", subject=touchpoint)
