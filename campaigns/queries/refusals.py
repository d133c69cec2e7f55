"""Why a mail may not go, read anew at each moment that counts."""

from campaigns import policy
from campaigns.choices import DeliveryStatus
from campaigns.models import Delivery
from crm.choices import Channel
from crm.queries.consent import may_contact


def refusal_of(mail: Delivery) -> str:
    """Return why this mail may not go to its address any more, or nothing."""
    if mail.contact is None:
        return "The person is not known any more."
    if mail.contact.email.lower() != mail.address.lower():
        return f"{mail.contact} has another address by now."
    if mail.account.merged_into_id:
        return "The account was merged into another."
    if refusal := may_contact(mail.contact, Channel.EMAIL, mail.topic):
        return refusal.message
    return bounce_of(mail.address, but=mail.pk)


def bounce_of(address: str, *, but: int = 0) -> str:
    """Return what a server said that refused this address last, if it did.

    A mail that was taken afterwards counts more.
    """
    newest = (
        Delivery.objects.to_address(address)
        .exclude(pk=but)
        .filter(status__in=(DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED))
        .order_by("-finished_at")
        .values_list("status", "answer")
        .first()
    )
    if newest is None or newest[0] == DeliveryStatus.ACCEPTED:
        return ""
    answer = newest[1]
    if not answer.startswith(policy.ADDRESS_REFUSED):
        return ""
    return f"{answer[:300]}. Correct the address, or resend that mail if it is right."
