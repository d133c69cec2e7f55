"""A mail as it travels: the same bytes at every try."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.utils import timezone
from django.utils.encoding import punycode

from campaigns.models import Delivery
from campaigns.services import optouts


def headers_of(delivery: Delivery) -> dict[str, str]:
    """Return what stands above the text beside sender, recipient and subject."""
    headers = {
        "Message-ID": delivery.message_id,
        "Date": format_datetime(timezone.localtime(delivery.created_at)),
    }
    answers_to = _answers_to(delivery)
    if answers_to:
        headers["Reply-To"] = answers_to
    if url := optouts.url_of(delivery):
        headers["List-Unsubscribe"] = f"<{url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def body_of(delivery: Delivery) -> str:
    """Return the text with the line that says how to get no more."""
    url = optouts.url_of(delivery)
    text = delivery.body.replace("\r\n", "\n").strip()
    return f"{text}\n\n-- \nNo more mails like this: {url}\n" if url else f"{text}\n"


def bytes_of(delivery: Delivery) -> bytes:
    """Return the mail as it is handed over to a server."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = mailbox(delivery.address)
    message["Subject"] = delivery.subject
    for name, value in headers_of(delivery).items():
        message[name] = value
    message.set_content(body_of(delivery))
    return message.as_bytes()


def mailbox(address: str) -> str:
    """Return an address that every server reads: its domain in ASCII."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{punycode(domain)}"


def domain_of_sender() -> str:
    """Return the domain that our mails come from, by which servers know us."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _answers_to(delivery: Delivery) -> str:
    """Answers go to who wrote the mail, else to who looks after the account."""
    person = delivery.author or delivery.account.owner
    return person.email if person is not None and person.is_active else ""
