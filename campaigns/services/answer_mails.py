"""Answers by mail: one for each due day of each mailing, for its recipient's eyes."""

import datetime as dt
import logging
from collections.abc import Sequence
from smtplib import SMTPException
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.mail import send_mail
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import Rhythm
from campaigns.models import AnswerMailing
from campaigns.permissions import ASK_QUESTIONS
from campaigns.queries.questions.answering import answer, understand
from campaigns.queries.questions.base import Answer
from campaigns.queries.questions.registry import BY_KEY
from common.clock import months_later
from common.templatetags.display import day
from crm import policy

log = logging.getLogger(__name__)

MOST_LINES = 10
WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)


def send_due(*, now: dt.datetime | None = None) -> int:
    """Send the answers that are due and not sent yet; return how many.

    They are due from `crm.policy.DIGEST_HOUR` on, company time. Sending and moving the
    day on are one transaction, and the row's own day is the claim, so a second message
    or worker sends nothing; a mail that the server refuses is tried again next time.
    Days that were missed while nothing ran are made up for by one mail.
    """
    local = timezone.localtime(now)
    if local.hour < policy.DIGEST_HOUR:
        return 0
    today = local.date()
    due = AnswerMailing.objects.filter(due_on__lte=today, recipient__is_active=True)
    sent = 0
    for pk in due.order_by("pk").values_list("pk", flat=True):
        try:
            sent += _send(pk, today=today, at=local)
        except (OSError, SMTPException, DatabaseError) as error:
            log.warning("No answer by mail for mailing %s: %s", pk, error)
    return sent


@transaction.atomic
def _send(pk: int, *, today: dt.date, at: dt.datetime) -> bool:
    """Claim a due day and send; an error gives the claim back."""
    rows = AnswerMailing.objects.select_for_update(skip_locked=True, of=("self",))
    mailing = (
        rows.select_related("saved", "recipient")
        .filter(pk=pk, due_on__lte=today)
        .first()
    )
    if mailing is None:
        return False
    mailing.due_on = next_day(mailing, after=today)
    mailing.sent_at = at
    mailing.save(update_fields=["due_on", "sent_at"])
    question = BY_KEY.get(mailing.saved.question)
    if question is None or not mailing.recipient.has_perm(ASK_QUESTIONS):
        return False
    reading = understand(
        question,
        mailing.recipient,
        dict(parse_qsl(mailing.saved.query, keep_blank_values=True)),
    )
    if reading.asked is None:
        body = _cannot(mailing, reading.problems)
    else:
        body = _body(mailing, reading.asked.in_words, answer(reading.asked))
    send_mail(
        subject=_subject(mailing.saved.name),
        message=body,
        from_email=None,
        recipient_list=[mailing.recipient.email],
    )
    return True


def next_day(mailing: AnswerMailing, *, after: dt.date) -> dt.date:
    """Return the first day of the mailing's rhythm that comes after a day."""
    begins = mailing.begins_on
    if mailing.rhythm == Rhythm.DAILY:
        return max(begins, after + DAY)
    if mailing.rhythm == Rhythm.WEEKLY:
        weeks = max(0, (after - begins).days // WEEK.days + 1)
        return begins + weeks * WEEK
    months = max(0, (after.year - begins.year) * 12 + after.month - begins.month)
    found = months_later(begins, months)
    return found if found > after else months_later(begins, months + 1)


def _subject(name: str) -> str:
    return " ".join(f"{name} – Perennial".split())


def _body(mailing: AnswerMailing, asked: str, found: Answer) -> str:
    lines = [f"Good morning {mailing.recipient.get_short_name()},", "", asked, ""]
    lines += [found.sentence, f"As of {day(found.as_of)}.", *found.notes, ""]
    lines += _table(found)
    return "\n".join([*lines, *_ending(mailing)])


def _table(found: Answer) -> Sequence[str]:
    rows = found.rows.part(0, MOST_LINES)
    if not rows:
        return []
    lines = [
        "- "
        + "; ".join(f"{one.title}: {one.say(row[one.key])}" for one in found.columns)
        for row in rows
    ]
    if (count := found.rows.count()) > MOST_LINES:
        lines.append(f"- and {count - MOST_LINES} more")
    return [*lines, ""]


def _cannot(mailing: AnswerMailing, problems: Sequence[tuple[str, str]]) -> str:
    said = "; ".join(f"{label}: {text}" for label, text in problems)
    lines = [
        f"Good morning {mailing.recipient.get_short_name()},",
        "",
        f"“{mailing.saved.name}” cannot be answered any more: {said}",
        "",
    ]
    return "\n".join([*lines, *_ending(mailing)])


def _ending(mailing: AnswerMailing) -> Sequence[str]:
    origin = next(iter(settings.CSRF_TRUSTED_ORIGINS), "")
    page = reverse("campaigns:question", args=[mailing.saved.question])
    query = mailing.saved.query
    every = reverse("campaigns:question_list")
    if not origin:
        return ["The whole answer stands in Perennial under Questions.", ""]
    return [
        f"The whole answer: {origin}{page}{'?' + query if query else ''}",
        f"Stop this mail: {origin}{every}",
        "",
    ]
