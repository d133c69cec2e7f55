"""Who can be reached under an address, a number or a handle."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.db.models.lookups import Exact

from common.telephones import LastDigits, digits_of
from crm.models import Account, Contact, User
from crm.models.contacts import handles

MOST_PEOPLE = 200  # whose names in networks have the words of what was asked for


def people_at(user: User, address: str) -> list[Contact]:
    """Return people whom `user` may see by e-mail address, telephone or handle."""
    handle = address.removeprefix("@").casefold()
    if not handle:
        return []
    rows = Contact.objects.visible_to(user).filter(left_on=None)
    rows = rows.annotate(handles=handles())
    known = Q(email__iexact=address) | Q(
        handles=SearchQuery(handle, config="simple", search_type="plain")
    )
    digits = digits_of(address)
    if digits:
        rows = rows.annotate(digits=LastDigits("phone"))
        known |= Q(digits=digits)
    found = rows.filter(known).select_related("account__owner", "account__territory")
    return [
        person
        for person in found.order_by("pk")[:MOST_PEOPLE]
        if address.casefold() == person.email.casefold()
        or (digits and digits == digits_of(person.phone))
        or handle in _handles(person)
    ]


def accounts_at(user: User, number: str) -> QuerySet[Account]:
    """Return accounts whom `user` may see by their own telephone."""
    rows = Account.objects.active().visible_to(user)
    digits = digits_of(number)
    if not digits:
        return rows.none()
    return rows.filter(Exact(LastDigits("phone"), digits)).order_by("pk")


def _handles(person: Contact) -> set[str]:
    names = (person.socials or {}).values()
    return {str(name).strip().removeprefix("@").casefold() for name in names}
