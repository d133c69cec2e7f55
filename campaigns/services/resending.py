"""What people decide about mails: send again, call back, or say that one arrived."""

from django.db import transaction
from django.utils import timezone

from campaigns import policy
from campaigns.choices import DeliveryStatus
from campaigns.errors import DeliveryStateError
from campaigns.models import Delivery, TouchTemplate
from campaigns.services.deliveries import leaves_at
from campaigns.services.sent_touches import close_touch_of
from crm.models import User
from crm.services import audit

MAY_RESEND = frozenset({DeliveryStatus.UNCONFIRMED, DeliveryStatus.REJECTED})
MAY_CANCEL = frozenset({DeliveryStatus.PLANNED, DeliveryStatus.RETRY})


@transaction.atomic
def resend(*, actor: User, delivery: Delivery) -> Delivery:
    """Send a mail again that was refused, or that perhaps arrived.

    It keeps its Message-ID, by which most mail programs show a double only once. One
    that waits already stays as it is.

    Raises
    ------
    DeliveryStateError
        If it was taken, cancelled or not allowed.
    """
    mail = _lock(delivery)
    if mail.status in MAY_CANCEL:
        return mail
    if mail.status not in MAY_RESEND:
        raise DeliveryStateError(
            f"This mail is “{mail.get_status_display().lower()}”: only one that was "
            "refused or is unconfirmed is sent again."
        )
    before = mail.status
    _open_again(mail)
    audit.record(actor=actor, action="delivery.resent", subject=mail, before=before)
    return mail


@transaction.atomic
def resend_all(*, actor: User, template: TouchTemplate) -> int:
    """Send all unconfirmed mails of one touch again; return how many.

    At most `policy.MOST_MAILS_AT_ONCE` at a time. One that arrived after all comes
    twice, with the Message-ID that it had: that is why somebody has to say so.
    """
    rows = Delivery.objects.visible_to(actor).filter(
        status=DeliveryStatus.UNCONFIRMED, touch__template=template
    )
    some = rows.select_for_update(of=("self",), skip_locked=True).order_by("pk")
    mails = list(some.select_related("account")[: policy.MOST_MAILS_AT_ONCE])
    for mail in mails:
        _open_again(mail)
    if mails:
        audit.record(
            actor=actor,
            action="delivery.all_resent",
            subject=template,
            mails=len(mails),
            mail_ids=[mail.pk for mail in mails[:100]],
        )
    return len(mails)


@transaction.atomic
def confirm(*, actor: User, delivery: Delivery) -> Delivery:
    """Say that an unconfirmed mail arrived; its touch is done.

    Raises
    ------
    DeliveryStateError
        If it is not unconfirmed.
    """
    mail = _lock(delivery)
    if mail.status == DeliveryStatus.ACCEPTED:
        return mail
    if mail.status != DeliveryStatus.UNCONFIRMED:
        raise DeliveryStateError
    mail.status = DeliveryStatus.ACCEPTED
    mail.lease = mail.leased_until = None
    mail.answer = f"Arrived, says {actor}."
    mail.save()
    audit.record(actor=actor, action="delivery.confirmed", subject=mail)
    close_touch_of(mail)
    return mail


@transaction.atomic
def cancel(*, actor: User, delivery: Delivery) -> Delivery:
    """Call back a mail that has not left yet; its touch stays open.

    Raises
    ------
    DeliveryStateError
        If it is being sent, or is final.
    """
    mail = _lock(delivery)
    if mail.status == DeliveryStatus.CANCELLED:
        return mail
    if mail.status not in MAY_CANCEL:
        raise DeliveryStateError(
            f"This mail is “{mail.get_status_display().lower()}”, and cannot be called "
            "back."
        )
    mail.status = DeliveryStatus.CANCELLED
    mail.answer = f"Called back by {actor}."
    mail.finished_at = timezone.now()
    mail.save()
    audit.record(actor=actor, action="delivery.cancelled", subject=mail)
    return mail


def _open_again(mail: Delivery) -> None:
    mail.status = DeliveryStatus.PLANNED
    mail.lease = mail.leased_until = mail.finished_at = None
    mail.attempts = 0
    mail.answer = ""
    mail.not_before = leaves_at(mail.account, timezone.now())
    mail.save()


def _lock(delivery: Delivery) -> Delivery:
    rows = Delivery.objects.select_for_update(of=("self",))
    related = rows.select_related("account__owner", "contact", "author")
    return related.get(pk=delivery.pk)
