"""The letters of post touches: to whom, where to, and what they say."""

import datetime as dt
from collections.abc import Mapping, Sequence

from campaigns.engine.letters import Letter
from campaigns.models import PlannedTouch
from campaigns.queries.merging import merged, values_of
from campaigns.queries.open_days import country_names
from campaigns.queries.recipients import Recipient, recipients
from common.templatetags.display import day as day_words
from crm.models import Account, Contact


def recipients_of(touches: Sequence[PlannedTouch]) -> Mapping[int, Recipient]:
    """Return who gets what at the account of each touch of one template."""
    if not touches:
        return {}
    template = touches[0].template
    accounts = [touch.account for touch in touches]
    return recipients(accounts, channel=template.channel, topic=template.topic)


def letter_of(
    touch: PlannedTouch, contact: Contact | None, *, today: dt.date
) -> Letter:
    """Return the letter of a touch to one person, or to the account itself.

    Raises
    ------
    CannotSendError
        If the text asks for a field that there is not.
    """
    values = values_of(touch.account, contact)
    template = touch.template
    body = merged(template.content, values, field="content").replace("\r\n", "\n")
    return Letter(
        address=address_of(touch.account, contact),
        day=day_words(today),
        subject=merged(template.subject, values, field="subject"),
        paragraphs=[part for part in body.split("\n\n") if part.strip()],
    )


def address_of(account: Account, contact: Contact | None) -> list[str]:
    """Return the lines of an address: account, who works there, place, country."""
    lines = [account.name]
    if contact is not None and contact.name != account.name:
        lines.append(contact.name)
    lines.append(account.street)
    lines.append(f"{account.postcode} {account.city}")
    lines.append(country_names().get(account.country, account.country).upper())
    return [line.strip() for line in lines if line.strip()]


def is_complete(account: Account) -> bool:
    """Tell whether a letter finds its way: a street, and a city."""
    return bool(account.street.strip() and account.city.strip())
