"""Reading mailboxes over IMAP, and leaving them as they are.

Folders are opened read-only and mails are peeked at, so that none counts as seen. The
connection goes to an address that was checked (`common.safe_http`), under the name's
certificate, and ends when its time is over.
"""

import datetime as dt
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from imap_tools import A
from imap_tools.errors import ImapToolsError, MailboxLoginError
from imap_tools.mailbox import BaseMailBox

from common import safe_http
from common.clock import day_ends_at
from common.errors import DomainError
from common.safe_http import NoAnswerError, Rules

TLS, STARTTLS, PLAIN = "tls", "starttls", "none"
PORTS = frozenset({993, 143})  # of public servers
CONNECT_SECONDS = 10.0
LONGEST_SECONDS = 60.0
LARGEST_MAIL = 2_000_000  # bytes; what stands behind them, such as files, is left out
SENT = "\\Sent"
ONE_DAY = dt.timedelta(days=1)
ASKED_AT_ONCE = 500
UID = re.compile(rb"UID (\d+)")
ARRIVED = re.compile(rb'INTERNALDATE "([^"]+)"')


class MailboxClosedError(DomainError):
    """A mailbox that cannot be read; the message says why and what to do.

    `is_lasting` says that trying again changes nothing before somebody acts.
    """

    code = "mailbox_closed"

    def __init__(
        self, message: str, *, field: str = "", is_lasting: bool = False
    ) -> None:
        super().__init__(message, field=field)
        self.is_lasting = is_lasting


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mailbox stands, and who opens it; `security` is one of the three."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Folder:
    name: str
    has_sent_mails: bool


@dataclass(frozen=True, slots=True)
class State:
    """How a folder counts: ids mean the same mails while `uid_validity` is the same.

    `uid_next` is above all ids in it; 0 where the server does not say.
    """

    uid_validity: int
    uid_next: int


def check_server(server: Server, rules: Rules) -> None:
    """Refuse what would send a password in the open, or to a port of something else.

    Raises
    ------
    MailboxClosedError
        If it is neither an ordinary mail server nor one that is let in by name.
    """
    if f"{server.host.lower()}:{server.port}" in rules.inside:
        return
    if server.security == PLAIN:
        raise MailboxClosedError(
            "Without TLS the password would be readable on its way. That is allowed"
            " only for servers of the own network that the operator named.",
            field="security",
            is_lasting=True,
        )
    if server.port not in PORTS:
        raise MailboxClosedError(
            "Mail servers answer on port 993 or 143.", field="port", is_lasting=True
        )


@contextmanager
def opened(server: Server, *, rules: Rules) -> Iterator["Mails"]:
    """Sign in to a mailbox, and out at the end, whatever happens.

    Raises
    ------
    MailboxClosedError
        If the server is not found, not the one its certificate is for, does not
        answer, refuses the password, or stops answering while it is read.
    """
    check_server(server, rules)
    try:
        address = safe_http.address_of(server.host, server.port, rules=rules)
    except NoAnswerError as error:
        raise MailboxClosedError(
            f"No host is known as {server.host}. Check its name.", field="host"
        ) from error
    mails, clock = None, None
    try:
        mails = Mails(server, address)
        clock = threading.Timer(LONGEST_SECONDS, mails.cut)
        clock.daemon = True
        clock.start()
        mails.sign_in()
        yield mails
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise _told(server, error) from error
    finally:
        if clock is not None:
            clock.cancel()
        if mails is not None:
            mails.leave()


class Mails(BaseMailBox):
    """One open mailbox."""

    def __init__(self, server: Server, address: str) -> None:
        self._server, self._address = server, address
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        server = self._server
        if server.security == TLS:
            return _TlsClient(server, self._address)
        client = _Client(server, self._address)
        if server.security == STARTTLS:
            client.starttls(ssl.create_default_context())
        return client

    def sign_in(self) -> None:
        user, password = self._server.user, self._server.password
        try:
            if (user + password).isascii():
                self.login(user, password, initial_folder=None)
            else:
                self.login_utf8(user, password, initial_folder=None)
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            if isinstance(error, imaplib.IMAP4.abort):
                raise
            raise MailboxClosedError(
                f"{self._server.host} refuses this user or password. Many providers"
                " want a password made for programs (an app password), and IMAP"
                " switched on in the mailbox's settings.",
                field="password",
                is_lasting=True,
            ) from error

    def folders(self) -> list[Folder]:
        """Return what can be read, as the server names it."""
        return [
            Folder(one.name, SENT in one.flags)
            for one in self.folder.list()
            if "\\Noselect" not in one.flags
        ]

    def open_folder(self, name: str) -> State:
        """Open a folder to read it only.

        Raises
        ------
        MailboxClosedError
            If there is none of this name.
        """
        try:
            self.folder.set(name, readonly=True)
        except ImapToolsError as error:
            names = ", ".join(one.name for one in self.folders()[:12])
            raise MailboxClosedError(
                f"There is no folder “{name}”. There are: {names}."[:500],
                field="folders",
                is_lasting=True,
            ) from error
        return State(self._said("UIDVALIDITY"), self._said("UIDNEXT"))

    def _said(self, word: str) -> int:
        """Return a number that the server told on opening the folder, 0 if it did not.

        Asked for later it might count mails that the opened folder does not show yet.
        """
        _, data = self.client.response(word)
        told = data[-1] if data else None
        return int(told) if told and told.isdigit() else 0

    def ids(self, *, after: int, since: dt.date) -> list[int]:
        """Return the ids of mails that came after one and since a day, the first first.

        A server answers `8:*` with its last mail also if that is older, and counts days
        by its own clocks. So it is asked for a day more, and then when each mail came.
        """
        asked = A(date_gte=since - ONE_DAY)
        found = self.uids(f"UID {after + 1}:* {asked}", charset=None)
        uids = sorted(uid for uid in map(int, found) if uid > after)
        begins, came = day_ends_at(since - ONE_DAY), self._arrivals(uids)
        return [uid for uid in uids if uid not in came or came[uid] >= begins]

    def _arrivals(self, uids: list[int]) -> dict[int, dt.datetime]:
        """Return when each mail came, of those of which the server tells it."""
        came = {}
        for start in range(0, len(uids), ASKED_AT_ONCE):
            some = ",".join(map(str, uids[start : start + ASKED_AT_ONCE]))
            _, data = self.client.uid("FETCH", some, "(INTERNALDATE)")
            for line in data:
                told = ARRIVED.search(line) if isinstance(line, bytes) else None
                uid = UID.search(line) if told else None
                if told and uid:
                    text = told[1].decode("ascii", "replace").strip()
                    came[int(uid[1])] = dt.datetime.strptime(
                        text, "%d-%b-%Y %H:%M:%S %z"
                    )
        return came

    def read(self, uid: int) -> bytes:
        """Return a mail as it came, cut after the largest size; empty if it is gone."""
        parts = f"(BODY.PEEK[]<0.{LARGEST_MAIL}>)"
        _, data = self.client.uid("FETCH", str(uid), parts)
        found = [one[1] for one in data if isinstance(one, tuple)]
        return bytes(found[0])[:LARGEST_MAIL] if found else b""

    def cut(self) -> None:
        """End it from another thread, so that a read that waits gives up."""
        with suppress(OSError):
            self.client.sock.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        """Sign out; what is open no more needs no farewell."""
        with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
            self.logout()


class _Client(imaplib.IMAP4):
    """A connection to the checked address, under the name that was asked for."""

    def __init__(self, server: Server, address: str) -> None:
        self._address = address
        super().__init__(server.host, server.port, CONNECT_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return socket.create_connection((self._address, self.port), timeout)


class _TlsClient(imaplib.IMAP4_SSL):
    """The same, with TLS from its first byte on."""

    def __init__(self, server: Server, address: str) -> None:
        self._address = address
        super().__init__(
            server.host,
            server.port,
            ssl_context=ssl.create_default_context(),
            timeout=CONNECT_SECONDS,
        )

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self._address, self.port), timeout)
        context: ssl.SSLContext = self.ssl_context
        return context.wrap_socket(plain, server_hostname=self.host)


def _told(server: Server, error: Exception) -> MailboxClosedError:
    """Say in words that help what the libraries say in theirs."""
    where = f"{server.host}, port {server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailboxClosedError(
            f"The certificate of {where}, is not to be trusted"
            f" ({error.verify_message}). Nothing was sent. Enter the name that the"
            " certificate is for, or ask who runs the server.",
            field="host",
            is_lasting=True,
        )
    if isinstance(error, ssl.SSLError):
        return MailboxClosedError(
            f"{where}, does not speak TLS like this. Usual are TLS from the start on"
            " port 993 and STARTTLS on port 143.",
            field="security",
        )
    if isinstance(error, imaplib.IMAP4.error | ImapToolsError):
        return MailboxClosedError(
            f"{where}, did not answer as a mail server does. Try again later; if it"
            " stays so, check host, port and security.",
            field="host",
        )
    return MailboxClosedError(
        f"{where}, does not answer. Check host and port, and whether the server lets"
        " us in from here.",
        field="host",
    )
