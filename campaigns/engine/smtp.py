"""Handing one mail at a time to a mail server, with a pause before the last dot.

A server takes a mail when it answers the dot that ends it; before the dot it has taken
nothing. So everything up to the dot is sent first (`begin`), the caller writes down
that the mail is being handed over, and only then comes the dot (`finish`).
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass

TIMEOUT_SECONDS = 20.0
_OK, _START_INPUT = 250, 354
_PERMANENT = 500
_CONNECTION_ENDS = 421
_LONGEST_TEXT = 400
_LINE_WITH_DOT = re.compile(rb"(?m)^\.")


class RefusedError(Exception):
    """The server said no: for good from 500 on, for now below.

    `is_address` tells whether it refused the recipient, not the mail or the sender.
    """

    def __init__(self, code: int, text: str, *, is_address: bool = False) -> None:
        self.code = code
        self.is_address = is_address
        super().__init__(f"{code} {text}".strip())

    @property
    def is_permanent(self) -> bool:
        return self.code >= _PERMANENT


class UnreachableError(Exception):
    """The server does not answer, or lets nobody in; no mail is to blame."""


class UnknownEndError(Exception):
    """The connection ended after the dot and before the answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, how to get in, and the name by which we greet it.

    The name is given, since asking the network for it may take seconds.
    """

    host: str
    port: int
    our_name: str
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    timeout: float = TIMEOUT_SECONDS


class Postman:
    """One connection to a mail server, opened when the first mail needs it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def begin(self, *, sender: str, recipient: str, message: bytes) -> None:
        """Send all of a mail but the last dot.

        Raises
        ------
        RefusedError
            If the server refuses this mail or its recipient.
        UnreachableError
            If it cannot be reached, or refuses us.
        """
        try:
            smtp = self._smtp or self._open()
            self._expect(smtp.mail(sender), _OK, is_ours=True)
            self._expect(smtp.rcpt(recipient), _OK, 251, is_address=True)
            self._expect(smtp.docmd("data"), _START_INPUT)
            smtp.send(_stuffed(message))
        except (OSError, smtplib.SMTPException) as error:
            self.abort()
            raise UnreachableError(_words(error)) from error

    def finish(self) -> str:
        """Send the dot and return the answer of a server that took the mail.

        Raises
        ------
        RefusedError
            If the server refuses the mail now that it has all of it.
        UnknownEndError
            If no answer comes: the mail may have been taken, or not.
        """
        if self._smtp is None:
            raise UnknownEndError("There is no connection.")
        try:
            self._smtp.send(b".\r\n")
            code, text = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.abort()
            raise UnknownEndError(_words(error)) from error
        self._expect((code, text), _OK)
        return f"{code} {_text(text)}"

    def abort(self) -> None:
        """Cut the connection, so that a mail without its dot is dropped."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self.abort()

    def _open(self) -> smtplib.SMTP:
        server = self._server
        if server.use_ssl:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host,
                server.port,
                server.our_name,
                timeout=server.timeout,
                context=ssl.create_default_context(),
            )
        else:
            smtp = smtplib.SMTP(
                server.host, server.port, server.our_name, timeout=server.timeout
            )
        self._smtp = smtp
        if server.use_tls:
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
        return smtp

    def _expect(
        self,
        answer: tuple[int, bytes],
        *codes: int,
        is_address: bool = False,
        is_ours: bool = False,
    ) -> None:
        """Take the answers that are expected; drop the mail with any other."""
        code, text = answer
        if code in codes:
            return
        if is_ours or code == _CONNECTION_ENDS or code < 0:
            self.abort()
            raise UnreachableError(f"{code} {_text(text)}")
        self._reset()
        raise RefusedError(code, _text(text), is_address=is_address)

    def _reset(self) -> None:
        """Begin the next mail afresh, on a new connection if this one is gone."""
        if self._smtp is None:
            return
        try:
            self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.abort()


def _stuffed(message: bytes) -> bytes:
    """Return the lines as they travel: each ends with CRLF, a first dot is doubled."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return _LINE_WITH_DOT.sub(b"..", lines)


def _text(answer: bytes) -> str:
    return " ".join(answer.decode("utf-8", "replace").split())[:_LONGEST_TEXT]


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_TEXT]
