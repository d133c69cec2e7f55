"""The daily mail: one to each person with something unread of the last day."""

import datetime as dt
import logging
from collections.abc import Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from crm import policy
from crm.models import Notification, User

log = logging.getLogger(__name__)

MOST_LINES = 30
DAY = dt.timedelta(days=1)


def send_due(*, now: dt.datetime | None = None) -> int:
    """Send today's mails that are due and not sent yet; return how many.

    They are due from `policy.DIGEST_HOUR` on, company time. A day is claimed in the
    row of the person, so that a second message or worker sends nothing; a mail that
    the server refuses is tried again next time.
    """
    local = timezone.localtime(now)
    if local.hour < policy.DIGEST_HOUR:
        return 0
    today = local.date()
    due = User.objects.filter(is_active=True, wants_digest=True)
    due = due.filter(Q(digest_on=None) | Q(digest_on__lt=today))
    sent = 0
    for user in due.order_by("pk"):
        try:
            sent += _send(user, today=today, since=local - DAY)
        except (OSError, SMTPException) as error:
            log.warning("No daily mail to user %s: %s", user.pk, error)
    return sent


@transaction.atomic
def _send(user: User, *, today: dt.date, since: dt.datetime) -> bool:
    """Claim the day of one person and send; an error gives the claim back."""
    unclaimed = Q(digest_on=None) | Q(digest_on__lt=today)
    if not User.objects.filter(unclaimed, pk=user.pk).update(digest_on=today):
        return False
    rows = Notification.objects.visible_to(user).unread().filter(created_at__gt=since)
    found = list(rows[: MOST_LINES + 1])
    if not found:
        return False
    count = rows.count()
    noun = "notification" if count == 1 else "notifications"
    send_mail(
        subject=f"{count} unread {noun} in Perennial",
        message=_body(user, found, count),
        from_email=None,
        recipient_list=[user.email],
    )
    return True


def _body(user: User, rows: Sequence[Notification], count: int) -> str:
    origin = next(iter(settings.CSRF_TRUSTED_ORIGINS), "")
    lines = [f"Good morning {user.get_short_name()},", "", "since yesterday:", ""]
    for row in rows[:MOST_LINES]:
        at = timezone.localtime(row.created_at)
        lines.append(f"- {at:%H:%M}  {row.text}")
        if origin:
            lines.append(f"  {origin}{row.url}")
    if count > MOST_LINES:
        lines.append(f"- and {count - MOST_LINES} more")
    page = reverse("crm:notification_list")
    where = f"{origin}{page}" if origin else "Perennial under Notifications"
    lines += ["", f"Read them, or switch this mail off: {where}", ""]
    return "\n".join(lines)
