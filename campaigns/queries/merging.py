"""What merge fields become for one person at one account."""

from collections.abc import Mapping

from campaigns.engine.merge import BadFieldError, fields_of, merge
from campaigns.errors import CannotSendError
from crm.models import Account, Contact


def values_of(account: Account, contact: Contact | None) -> dict[str, str]:
    """Return the value of every merge field; what is not known is empty.

    Reads `account.owner`, which lists select along.
    """
    owner = account.owner
    name = contact.name if contact else account.name
    words = contact.name.split() if contact else [""]
    known = {
        "account": account.name,
        "contact": name,
        "first_name": words[0],
        "last_name": words[-1],
        "city": account.city,
        "country": account.country,
        "owner": str(owner.name or owner.email) if owner else "",
        "owner_email": owner.email if owner else "",
        "customer_since": str(account.acquired_on.year) if account.acquired_on else "",
    }
    for field in ("title", "needs", "preferences", "topics", "language"):
        known[field] = getattr(contact, field) if contact else ""
    return known


def merged(text: str, values: Mapping[str, str], *, field: str) -> str:
    """Return the text as it reads for one person.

    Raises
    ------
    CannotSendError
        If the text asks for a field that there is not; it names the place.
    """
    try:
        return merge(text, values)
    except BadFieldError as error:
        raise CannotSendError(str(error), field=field) from error


def field_problem(text: str) -> str:
    """Return what is wrong with the fields of a text, or nothing."""
    try:
        fields_of(text)
    except BadFieldError as error:
        return str(error)
    return ""
