"""Who at an account gets what is sent: who may be reached and matters most."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F

from crm.choices import Channel
from crm.models import Account, Contact
from crm.queries.consent import Refusal, may_contact

NOBODY = Refusal("nobody", "Nobody at this account is known.")
NO_ADDRESS = Refusal("no_address", "Nobody at this account has an e-mail address.")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets it, or why nobody does; a letter may go to the account itself."""

    contact: Contact | None
    refusal: Refusal | None = None

    @property
    def is_for_now(self) -> bool:
        """Tell whether the refusal passes by itself, as a limit of contacts does."""
        return self.refusal is not None and self.refusal.code == "cap"


def recipients(
    accounts: Iterable[Account], *, channel: str, topic: str = ""
) -> Mapping[int, Recipient]:
    """Return who gets something over `channel` at each account; two or three queries.

    The most influential who may be reached, then by name. Where everybody refused, the
    refusal of the most influential says why.
    """
    ids = [account.pk for account in accounts]
    people: dict[int, list[Contact]] = {pk: [] for pk in ids}
    rows = Contact.objects.filter(account__in=ids).prefetch_related("consents")
    for person in rows.order_by(F("influence").desc(nulls_last=True), "name", "pk"):
        people[person.account_id].append(person)
    return {
        pk: recipient_among(there, channel=channel, topic=topic)
        for pk, there in people.items()
    }


def recipient_among(
    people: Iterable[Contact], *, channel: str, topic: str = ""
) -> Recipient:
    """Return the first person who may and can be reached over `channel`, or why none.

    Who left is not there any more. Where nobody is, only a mail goes to nobody.
    """
    refused: Refusal | None = None
    is_empty = True
    for person in people:
        refusal = may_contact(person, channel, topic)
        if refusal is not None and refusal.code == "left":
            continue
        is_empty = False
        if channel == Channel.EMAIL and not person.email:
            continue
        if refusal is None:
            return Recipient(person)
        if refused is None or (refused.code != "cap" and refusal.code == "cap"):
            refused = refusal
    if refused is None and channel == Channel.EMAIL:
        return Recipient(None, NOBODY if is_empty else NO_ADDRESS)
    return Recipient(None, refused)
