"""What a mail that went, or did not, means for the touch it was for."""

import logging

from django.db import DatabaseError, transaction
from django.utils import timezone

from campaigns.choices import BudgetHead, DeliveryStatus, TouchStatus
from campaigns.models import Delivery, PlannedTouch
from campaigns.queries.automations.mails import cost_of_mail
from campaigns.services import touches
from common.clock import business_today
from common.errors import DomainError
from crm.choices import Channel, Phase, TouchpointSource
from crm.models import Touchpoint, User
from crm.services import ledger, touchpoints

log = logging.getLogger(__name__)

LEDGER_SOURCE = "automation"
WORDS = {
    DeliveryStatus.REJECTED: "The mail was refused",
    DeliveryStatus.SUPPRESSED: "The mail was not sent",
    DeliveryStatus.UNCONFIRMED: "Nobody knows whether the mail arrived",
}


def close_touch_of(mail: Delivery) -> None:
    """Count a mail that was taken as the touch, or as a contact of its own.

    The mail has gone: whatever stands in the way of writing that down is logged, and
    never makes it look unsent.
    """
    actor = mail.author or mail.account.owner
    try:
        with transaction.atomic():
            touch = _open_touch(mail)
            if touch is not None:
                touches.complete(
                    actor=actor,
                    touch=touch,
                    note=mail.subject,
                    contact=mail.contact,
                    has_gone_out=True,
                )
                return
            contact_made = touchpoints.log_touchpoint(
                actor=actor,
                account=mail.account,
                contact=mail.contact,
                channel=Channel.EMAIL,
                occurred_at=timezone.now(),
                note=mail.subject,
                phase=Phase.AFTER,
                source=TouchpointSource.PLAN,
                judges_contact=False,
            )
            _charge_mail_of_automation(actor, mail, contact_made)
    except (DomainError, DatabaseError):
        log.exception("Mail %s went, but its contact could not be stored", mail.pk)


def _charge_mail_of_automation(
    actor: User | None, mail: Delivery, touchpoint: Touchpoint
) -> None:
    """Post what the rule that had it written says that a mail costs; once each."""
    cost = cost_of_mail(mail.occasion)
    if not cost:
        return
    ledger.post_entry(
        actor=actor,
        account=mail.account,
        kind=BudgetHead.MARKETING.cost_kind,
        amount=cost,
        incurred_on=business_today(),
        note=mail.subject,
        source=LEDGER_SOURCE,
        external_id=str(touchpoint.pk),
        touchpoint=touchpoint,
    )


def tell_touch_of(mail: Delivery, status: DeliveryStatus, answer: str) -> None:
    """Say at an open touch why its mail did not go; it is to be done again."""
    touch = _open_touch(mail)
    if touch is None or status not in WORDS:
        return
    touch.reason = f"{WORDS[status]}: {answer}"[:300]
    touch.save(update_fields=["reason"])


def _open_touch(mail: Delivery) -> PlannedTouch | None:
    if mail.touch_id is None:
        return None
    rows = PlannedTouch.objects.filter(pk=mail.touch_id, status=TouchStatus.DUE)
    return rows.select_for_update().first()
