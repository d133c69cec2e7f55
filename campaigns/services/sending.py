"""Sends the mails that are due: each is claimed, handed over, and written down.

Five steps: claim (one short transaction); send all but the last dot; commit that it is
being handed over; send the dot; commit the answer. Who dies before the third has sent
nothing, and the mail goes back. Who dies after it may have: the mail is unconfirmed,
and only a person sends it again. Every write names the lease that it was claimed by,
so that who was too slow changes nothing.
"""

import datetime as dt
import logging
import random
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from campaigns import policy
from campaigns.choices import DeliveryStatus, TouchStatus
from campaigns.engine.smtp import RefusedError, UnknownEndError, UnreachableError
from campaigns.models import Delivery
from campaigns.queries.refusals import refusal_of
from campaigns.services import transports
from campaigns.services.deliveries import LONGEST_ANSWER, leaves_at
from campaigns.services.sent_touches import close_touch_of, tell_touch_of
from campaigns.services.transports import Transport
from crm.models import Contact

log = logging.getLogger(__name__)

CLAIM_LOCK = 6_106  # one claim at a time, so that the hour's count is exact
HOUR = dt.timedelta(hours=1)
_jitter = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Sent:
    """What one round did."""

    handed_over: int = 0
    is_stopped: bool = False


def send_due(*, seconds: float = policy.SENDING_SECONDS) -> Sent:
    """Send mails that are due until none is or the time is over.

    Safe to call at any moment, by as many as like to: each mail is one sender's.
    """
    give_back()
    stops_at = time.monotonic() + seconds
    transport = transports.transport()
    count = 0
    try:
        while time.monotonic() < stops_at and (mail := claim()):
            if not _send(mail, transport):
                return Sent(count, is_stopped=True)
            count += 1
    finally:
        transport.close()
    return Sent(count)


def give_back() -> int:
    """Settle mails whose sender was lost; return how many.

    One that was only claimed goes back. One that was being handed over may have gone:
    it is unconfirmed. Its lease stays, so that its sender, if it lives, can still say.
    One that somebody is writing at this moment is left for the next time.
    """
    with transaction.atomic():
        back = _lost(DeliveryStatus.CLAIMED).update(
            status=DeliveryStatus.PLANNED, lease=None, leased_until=None
        )
        unknown = _lost(DeliveryStatus.HANDING_OVER).update(
            status=DeliveryStatus.UNCONFIRMED,
            finished_at=Now(),
            answer="Whoever sent it was lost before the server answered.",
        )
    return back + unknown


def _lost(status: DeliveryStatus) -> QuerySet[Delivery]:
    """Lock the mails whose lease ran out in `status`, but for those being written."""
    rows = Delivery.objects.filter(leased_until__lt=Now(), status=status)
    locked = rows.select_for_update(skip_locked=True).order_by("pk")
    return Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))


def claim() -> Delivery | None:
    """Return the next mail that may leave, leased to the caller; None if none may.

    What may not go any more is closed on the way, and what may not go at this hour
    waits for the morning where it is read.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        if is_hour_full():
            return None
        while (mail := _next()) is not None:
            if _may_leave(mail):
                mail.lease = uuid.uuid4()
                _lease(mail, DeliveryStatus.CLAIMED, attempts=F("attempts") + 1)
                mail.attempts += 1
                return mail
    return None


def is_hour_full() -> bool:
    """Tell whether as many mails left within an hour as the firm allows."""
    leaving = Q(
        status__in=(DeliveryStatus.CLAIMED, DeliveryStatus.HANDING_OVER),
        leased_until__gte=Now(),
    )
    left = Q(
        status__in=(DeliveryStatus.ACCEPTED, DeliveryStatus.UNCONFIRMED),
        finished_at__gt=timezone.now() - HOUR,
    )
    count = Delivery.objects.filter(left).count()
    count += Delivery.objects.filter(leaving).count()
    return count >= settings.MAILS_PER_HOUR


def _next() -> Delivery | None:
    """Return the mail that waits longest; of one person, one is under way at a time."""
    busy = Delivery.objects.filter(
        status__in=(DeliveryStatus.CLAIMED, DeliveryStatus.HANDING_OVER),
        contact__isnull=False,
    ).values("contact")
    rows = Delivery.objects.waiting().filter(not_before__lte=Now())
    rows = rows.exclude(contact__in=busy).order_by("not_before", "pk")
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    related = ("account__owner", "contact", "touch", "author")
    return locked.select_related(*related).first()


def _may_leave(mail: Delivery) -> bool:
    """Tell whether a mail may go now; if not, write down why or when it may."""
    if mail.touch is not None and mail.touch.status != TouchStatus.DUE:
        why = f"The touch is {mail.touch.get_status_display().lower()} by now."
        _finish(mail, DeliveryStatus.CANCELLED, why)
        return False
    if refusal := refusal_of(mail):
        _finish(mail, DeliveryStatus.SUPPRESSED, refusal)
        return False
    now = timezone.now()
    leaves = leaves_at(mail.account, now)
    if leaves > now:
        Delivery.objects.filter(pk=mail.pk).update(not_before=leaves)
        return False
    return True


def _send(mail: Delivery, transport: Transport) -> bool:
    """Send one claimed mail; False if the server is not there for the others either."""
    try:
        transport.begin(mail)
    except RefusedError as error:
        _refused(mail, error)
        return True
    except UnreachableError as error:
        _later(mail, str(error))
        return False
    if not hand_over(mail):
        transport.abort()
        return True
    try:
        answer = transport.finish()
    except RefusedError as error:
        _refused(mail, error)
    except UnreachableError as error:
        _later(mail, str(error))
        return False
    except (UnknownEndError, OSError) as error:
        _finish(mail, DeliveryStatus.UNCONFIRMED, f"No answer came: {error}")
    else:
        _finish(mail, DeliveryStatus.ACCEPTED, answer)
    return True


def hand_over(mail: Delivery) -> bool:
    """Commit that the dot comes next; False if the mail must not go any more.

    The person is locked, so that a refusal is either seen here or came later.
    """
    with transaction.atomic():
        if mail.contact_id is not None:
            people = Contact.objects.select_for_update(no_key=True)
            mail.contact = people.filter(pk=mail.contact_id).first()
        mine = Delivery.objects.select_for_update(of=("self",)).filter(
            pk=mail.pk,
            lease=mail.lease,
            status=DeliveryStatus.CLAIMED,
            leased_until__gt=Now(),
        )
        if mine.first() is None:
            return False
        if mail.touch is not None:
            mail.touch.refresh_from_db(fields=["status"])
        if not _may_leave(mail):
            Delivery.objects.filter(pk=mail.pk, lease=mail.lease).filter(
                status=DeliveryStatus.CLAIMED
            ).update(status=DeliveryStatus.PLANNED, lease=None, leased_until=None)
            return False
        _lease(mail, DeliveryStatus.HANDING_OVER)
    return True


def _refused(mail: Delivery, error: RefusedError) -> None:
    if not error.is_permanent:
        _later(mail, str(error))
        return
    said = f"{policy.ADDRESS_REFUSED}{error}" if error.is_address else str(error)
    _finish(mail, DeliveryStatus.REJECTED, said)


def _later(mail: Delivery, answer: str) -> None:
    """Try again after a while that grows, and never at the same moment as others."""
    if mail.attempts >= policy.MOST_ATTEMPTS:
        said = f"Given up after {mail.attempts} attempts: {answer}"
        _finish(mail, DeliveryStatus.REJECTED, said)
        return
    wait = policy.FIRST_RETRY * 2 ** (mail.attempts - 1)
    wait = min(wait, policy.LONGEST_RETRY) * _jitter.uniform(0.5, 1.5)
    _mine(mail).update(
        status=DeliveryStatus.RETRY,
        not_before=timezone.now() + wait,
        answer=answer[:LONGEST_ANSWER],
        lease=None,
        leased_until=None,
    )


def _finish(mail: Delivery, status: DeliveryStatus, answer: str) -> None:
    """Write down how a mail ended, and what that means for its touch.

    Nothing happens if the mail is not the caller's any more.
    """
    with transaction.atomic():
        mine = _mine(mail) if mail.lease else Delivery.objects.filter(pk=mail.pk)
        is_open = status == DeliveryStatus.UNCONFIRMED
        changed = mine.update(
            status=status,
            answer=answer[:LONGEST_ANSWER],
            finished_at=Now(),
            lease=mail.lease if is_open else None,
            leased_until=F("leased_until") if is_open else None,
        )
        if not changed:
            log.warning("Mail %s was given back meanwhile: %s", mail.pk, answer)
        elif status == DeliveryStatus.ACCEPTED:
            close_touch_of(mail)
        else:
            tell_touch_of(mail, status, answer)


def _mine(mail: Delivery) -> QuerySet[Delivery]:
    """Keep the mail if the caller's lease still counts, or if it alone knows more."""
    return Delivery.objects.filter(
        pk=mail.pk,
        lease=mail.lease,
        status__in=(
            DeliveryStatus.CLAIMED,
            DeliveryStatus.HANDING_OVER,
            DeliveryStatus.UNCONFIRMED,
        ),
    )


def _lease(mail: Delivery, status: DeliveryStatus, **changes: Any) -> None:
    """Lease a mail by the clock of the database, which all senders share."""
    Delivery.objects.filter(pk=mail.pk).update(
        status=status,
        lease=mail.lease,
        leased_until=Now() + policy.SENDING_LEASE,
        **changes,
    )
