"""Reading connected mailboxes: every mail is captured once, as at the drop address."""

import datetime as dt
import logging
import time
from dataclasses import dataclass
from email.errors import MessageError

from django.db import DatabaseError
from django.utils import timezone

from common import imap
from common.errors import DomainError
from common.imap import Mails
from crm import policy
from crm.models import Mailbox, MailboxFolder, Touchpoint
from crm.services import captures
from crm.services.capture_sources import (
    claim,
    due,
    failed,
    is_lasting,
    rules,
    secret_of,
    succeeded,
)
from crm.services.mailboxes import server_of

log = logging.getLogger(__name__)

ROUND_SECONDS = 15.0  # for all mailboxes of one round; workers have more to do
MAILBOX_SECONDS = 30.0  # for one of them; what is left comes next time
# What a mail's reader and the database say of words that are none.
UNREADABLE = (
    MessageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
)
OVERLAP = dt.timedelta(days=2)  # days of servers and ours begin at other hours


@dataclass(slots=True)
class Counted:
    """What one look found: captured, and passed over because nobody is known."""

    taken: int = 0
    passed: int = 0
    is_cut_short: bool = False


def read_due(*, now: dt.datetime | None = None) -> int:
    """Read the mailboxes whose turn it is; return how many mails were captured."""
    ends_at = time.monotonic() + ROUND_SECONDS
    taken = 0
    for pk in due(Mailbox, now=now or timezone.now()):
        if time.monotonic() > ends_at:
            break
        taken += read_mailbox(pk).taken
    return taken


def read_mailbox(pk: int) -> Counted:
    """Capture what came into one mailbox since the last look, unless somebody does.

    How far it was read is stored after each mail, and a mail is known by its
    Message-ID; so a worker that dies loses none and captures none twice. A mail with
    nobody known in it is passed over, as the drop address refuses it.
    """
    counted = Counted()
    mailbox = claim(Mailbox, pk)
    if mailbox is None:
        return counted
    try:
        server = server_of(mailbox, secret_of(mailbox))
        with imap.opened(server, rules=rules()) as mails:
            ends_at = time.monotonic() + MAILBOX_SECONDS
            for name in mailbox.folders:
                _read_folder(mails, mailbox, name, counted, ends_at)
    except DomainError as error:
        failed(mailbox, problem=error.message, is_lasting=is_lasting(error))
    else:
        every = policy.MAILBOX_EVERY if not counted.is_cut_short else dt.timedelta(0)
        succeeded(mailbox, every=every, taken=counted.taken, passed=counted.passed)
    return counted


def _read_folder(
    mails: Mails, mailbox: Mailbox, name: str, counted: Counted, ends_at: float
) -> None:
    state = mails.open_folder(name)
    folder, is_counted_anew = _folder(mailbox, name, state.uid_validity)
    since = mailbox.since_on
    if is_counted_anew and mailbox.succeeded_at is not None:
        # What is older than the last look was read before.
        since = max(since, timezone.localtime(mailbox.succeeded_at).date() - OVERLAP)
    for uid in mails.ids(after=folder.last_uid, since=since):
        if time.monotonic() > ends_at:
            counted.is_cut_short = True
            return
        _take(mailbox, mails.read(uid), counted)
        folder.last_uid, folder.read_at = uid, timezone.now()
        folder.save(update_fields=["last_uid", "read_at"])
    if state.uid_next - 1 > folder.last_uid:
        # What has no place among the days that are read is not asked for again.
        folder.last_uid, folder.read_at = state.uid_next - 1, timezone.now()
        folder.save(update_fields=["last_uid", "read_at"])


def _folder(
    mailbox: Mailbox, name: str, uid_validity: int
) -> tuple[MailboxFolder, bool]:
    """Return how far a folder was read, and whether the server's ids are others now."""
    folder, _ = MailboxFolder.objects.get_or_create(
        mailbox=mailbox, name=name, defaults={"uid_validity": uid_validity}
    )
    if folder.uid_validity == uid_validity:
        return folder, False
    folder.uid_validity, folder.last_uid = uid_validity, 0
    folder.save(update_fields=["uid_validity", "last_uid"])
    return folder, True


def _take(mailbox: Mailbox, message: bytes, counted: Counted) -> None:
    """Capture one mail; one that cannot be read must not keep the others waiting."""
    if not message:
        return  # somebody deleted it meanwhile
    newest = Touchpoint.objects.order_by("-pk").values_list("pk", flat=True).first()
    try:
        row = captures.capture_mail(actor=mailbox.user, message=message)
    except DomainError as error:
        # Under a used token stands what a colleague's mailbox brought before.
        counted.passed += error.field != "form_token"
    except DatabaseError:
        raise
    except UNREADABLE as error:
        log.warning("A mail of %s is unreadable: %s", mailbox.pk, type(error).__name__)
        counted.passed += 1
    else:
        counted.taken += row.pk > (newest or 0)
