"""Mailboxes: connect them, change them, let them go. Their passwords are never told."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from common import imap
from common.clock import business_today
from common.imap import Folder, Server
from common.sealing import seal
from common.versions import save_changes
from crm import policy
from crm.capture_choices import MailboxSecurity
from crm.errors import CannotConnectError
from crm.models import Mailbox, User
from crm.services import audit
from crm.services.capture_sources import rules, secret_of

INBOX = "INBOX"
LONGEST_NAME = 200
# Whoever changes one of these proves to know the password: it would go elsewhere.
WHERE = ("host", "port", "security", "username")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a server showed: its folders, and those that would be worth reading too."""

    folders: tuple[Folder, ...]
    unread_sent: tuple[str, ...]


def connect_mailbox(
    *,
    actor: User,
    host: str,
    username: str,
    password: str,
    port: int = 993,
    security: str = MailboxSecurity.TLS,
    folders: Sequence[str] = (INBOX,),
    since_on: dt.date | None = None,
) -> Mailbox:
    """Connect a mailbox of the actor, after signing in to it once.

    Mails that arrived since `since_on`, today unless given, are captured with the
    actor's rights.

    Raises
    ------
    CannotConnectError
        If it is connected already, or the day lies ahead or too far back.
    MailboxClosedError
        If the server does not let us in, with the reason; nothing is stored.
    """
    mailbox = Mailbox(
        user=actor,
        host=host.strip().lower(),
        port=port,
        security=security,
        username=username.strip(),
        folders=_names(folders),
        since_on=since_on or business_today(),
    )
    _check(mailbox, password)
    try_server(mailbox, password)
    mailbox.secret = seal(password)
    try:
        with transaction.atomic():
            mailbox.save(force_insert=True)
            _record(actor, "mailbox.connected", mailbox)
    except IntegrityError as error:
        raise CannotConnectError(
            f"{mailbox} is connected already.", field="username"
        ) from error
    return mailbox


def change_mailbox(
    *,
    actor: User,
    mailbox: Mailbox,
    expected_version: int | None = None,
    password: str = "",
    **changes: Any,
) -> Mailbox:
    """Change a mailbox of the actor, after signing in to it once as it will be.

    The stored password stays where none is given; another server, port, protection or
    user asks for it again, because it would be sent there.

    Raises
    ------
    CannotConnectError, MailboxClosedError
        As when connecting; nothing is changed then.
    StaleRecordError
        If somebody changed it since.
    """
    changes = _tidy(changes)
    planned, password = _planned(actor, mailbox, password, changes)
    _check(planned, password, kept_since=mailbox.since_on)
    try_server(planned, password)
    try:
        with transaction.atomic():
            _read_anew(mailbox, planned)
            save_changes(
                mailbox,
                expected_version=expected_version,
                **changes,
                secret=seal(password),
                problem="",
                failure_count=0,
                next_at=timezone.now(),
            )
            _record(actor, "mailbox.changed", mailbox, fields=sorted(changes))
    except IntegrityError as error:
        raise CannotConnectError(
            f"{planned} is connected already.", field="username"
        ) from error
    return mailbox


def try_mailbox(*, actor: User, mailbox: Mailbox) -> Trial:
    """Sign in to a connected mailbox and look at its folders; nothing is captured.

    Raises
    ------
    CannotConnectError, MailboxClosedError
        If that does not work, with the reason.
    """
    if mailbox.user_id != actor.pk:
        raise CannotConnectError("Only whose mailbox it is can try it.")
    return try_server(mailbox, secret_of(mailbox))


def try_typed(
    *, actor: User, stored: Mailbox | None = None, password: str = "", **fields: Any
) -> Trial:
    """Sign in as somebody typed, before it is connected or changed; keeps nothing.

    Raises
    ------
    CannotConnectError, MailboxClosedError
        As when connecting.
    """
    fields = _tidy(fields)
    if stored is None:
        planned = Mailbox(user=actor, **fields)
    else:
        planned, password = _planned(actor, stored, password, fields)
    _check(planned, password, kept_since=stored.since_on if stored else None)
    return try_server(planned, password)


@transaction.atomic
def disconnect_mailbox(*, actor: User, mailbox: Mailbox) -> None:
    """Forget a mailbox and its password; what was captured stays."""
    _record(actor, "mailbox.disconnected", mailbox)
    mailbox.delete()


def server_of(mailbox: Mailbox, password: str) -> Server:
    return Server(
        mailbox.host, mailbox.port, mailbox.security, mailbox.username, password
    )


def try_server(mailbox: Mailbox, password: str) -> Trial:
    """Sign in as a mailbox says, stored or not, and open each of its folders.

    Raises
    ------
    MailboxClosedError
        If that does not work, with the reason.
    """
    with imap.opened(server_of(mailbox, password), rules=rules()) as mails:
        for name in mailbox.folders:
            mails.open_folder(name)
        found = tuple(mails.folders())
    sent = (one.name for one in found if one.has_sent_mails)
    return Trial(found, tuple(name for name in sent if name not in mailbox.folders))


def _tidy(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what somebody typed without what is there by accident."""
    tidy = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in fields.items()
    }
    if "host" in tidy:
        tidy["host"] = tidy["host"].lower()
    if "folders" in tidy:
        tidy["folders"] = _names(tidy["folders"])
    return tidy


def _planned(
    actor: User, mailbox: Mailbox, password: str, changes: dict[str, Any]
) -> tuple[Mailbox, str]:
    """Return a mailbox as it will be, and the password that opens it."""
    if mailbox.user_id != actor.pk:
        raise CannotConnectError("Only whose mailbox it is can change it.")
    goes_elsewhere = any(
        changes.get(name, getattr(mailbox, name)) != getattr(mailbox, name)
        for name in WHERE
    )
    if goes_elsewhere and not password:
        raise CannotConnectError(
            "Enter the password again: it is sent to another place.", field="password"
        )
    kept = {name: getattr(mailbox, name) for name in (*WHERE, "folders", "since_on")}
    return Mailbox(user=actor, **kept | changes), password or secret_of(mailbox)


def _read_anew(mailbox: Mailbox, planned: Mailbox) -> None:
    """Forget how far it was read where other or older mails are wanted now."""
    is_elsewhere = any(getattr(mailbox, one) != getattr(planned, one) for one in WHERE)
    if is_elsewhere or planned.since_on < mailbox.since_on:
        mailbox.read_folders.all().delete()


def _names(folders: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in folders if name.strip()))


def _check(
    mailbox: Mailbox, password: str, *, kept_since: dt.date | None = None
) -> None:
    """Refuse what no server is asked about."""
    if not mailbox.host or not mailbox.username or not password:
        raise CannotConnectError(
            "Enter host, user and password.",
            field="password" if mailbox.host and mailbox.username else "host",
        )
    if any(not text.isprintable() for text in (mailbox.username, password)):
        raise CannotConnectError(
            "No line breaks in user or password.", field="password"
        )
    if mailbox.security not in MailboxSecurity.values:
        raise CannotConnectError("There is no such protection.", field="security")
    names = mailbox.folders
    if not 0 < len(names) <= policy.MOST_FOLDERS:
        raise CannotConnectError(
            f"Name from 1 to {policy.MOST_FOLDERS} folders.", field="folders"
        )
    if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise CannotConnectError("This is no name of a folder.", field="folders")
    today = business_today()
    earliest = min(today - policy.MAILS_FURTHEST_BACK, kept_since or today)
    if not earliest <= mailbox.since_on <= today:
        raise CannotConnectError(
            f"Begin between {policy.MAILS_FURTHEST_BACK.days} days ago and today.",
            field="since_on",
        )


def _record(actor: User, action: str, mailbox: Mailbox, **detail: Any) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=mailbox,
        host=mailbox.host,
        username=mailbox.username,
        **detail,
    )
