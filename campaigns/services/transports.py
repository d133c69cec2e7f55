"""How mails leave here: by a mail server, or as development shows them."""

from email.utils import parseaddr
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage

from campaigns.engine.smtp import Postman, Server
from campaigns.models import Delivery
from campaigns.services.mail_texts import (
    body_of,
    bytes_of,
    domain_of_sender,
    headers_of,
    mailbox,
)


class Transport(Protocol):
    """What a sender does with one mail; see `campaigns.engine.smtp` for the errors."""

    def begin(self, delivery: Delivery) -> None: ...
    def finish(self) -> str: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class ServerTransport:
    """Hands mails to the server of `EMAIL_URL`."""

    def __init__(self, server: Server) -> None:
        self._postman = Postman(server)

    def begin(self, delivery: Delivery) -> None:
        self._postman.begin(
            sender=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            recipient=mailbox(delivery.address),
            message=bytes_of(delivery),
        )

    def finish(self) -> str:
        return self._postman.finish()

    def abort(self) -> None:
        self._postman.abort()

    def close(self) -> None:
        self._postman.close()


class ShownTransport:
    """Shows mails where development does: in the log, in memory, or nowhere."""

    def __init__(self) -> None:
        self._message: EmailMessage | None = None

    def begin(self, delivery: Delivery) -> None:
        self._message = EmailMessage(
            subject=delivery.subject,
            body=body_of(delivery),
            to=[mailbox(delivery.address)],
            headers=headers_of(delivery),
        )

    def finish(self) -> str:
        if self._message is not None:
            self._message.send()
        return "Shown, not sent: no mail server is set."

    def abort(self) -> None:
        self._message = None

    def close(self) -> None:
        self._message = None


def is_server_set() -> bool:
    """Tell whether mails leave this machine."""
    return settings.EMAIL_BACKEND == settings.SMTP_BACKEND


def transport() -> Transport:
    """Return how mails leave by the settings."""
    if not is_server_set():
        return ShownTransport()
    return ServerTransport(
        Server(
            host=settings.EMAIL_HOST,
            port=settings.EMAIL_PORT,
            our_name=domain_of_sender(),
            user=settings.EMAIL_HOST_USER,
            password=settings.EMAIL_HOST_PASSWORD,
            use_tls=settings.EMAIL_USE_TLS,
            use_ssl=settings.EMAIL_USE_SSL,
        )
    )
