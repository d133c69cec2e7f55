"""Who can be reached under an address, a number or a handle."""

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Right

from crm.models import Account, Contact, User

MOST_PEOPLE = 200  # whose handle holds what was asked for
# A country's prefix is written or not; so many digits name a telephone all the same.
DIGITS_COMPARED = 9
FEWEST_DIGITS = 6


def people_at(user: User, address: str) -> list[Contact]:
    """Return people whom `user` may see by e-mail address, telephone or handle."""
    handle = address.removeprefix("@").casefold()
    if not handle:
        return []
    rows = Contact.objects.visible_to(user).filter(left_on=None)
    rows = rows.annotate(handles=Cast("socials", TextField()))
    known = Q(email__iexact=address) | Q(handles__icontains=handle)
    digits = digits_of(address)
    if digits:
        rows = rows.annotate(digits=_digits())
        known |= Q(digits=digits)
    found = rows.filter(known).select_related("account__owner", "account__territory")
    return [
        person
        for person in found.order_by("pk")[:MOST_PEOPLE]
        if address.casefold() == person.email.casefold()
        or (digits and digits == digits_of(person.phone))
        or handle in _handles(person)
    ]


def accounts_at(user: User, address: str) -> QuerySet[Account]:
    """Return accounts whom `user` may see by their own telephone."""
    rows = Account.objects.active().visible_to(user)
    digits = digits_of(address)
    if not digits:
        return rows.none()
    return rows.annotate(digits=_digits()).filter(digits=digits).order_by("pk")


def digits_of(number: str) -> str:
    """Return the last digits of a telephone number; nothing of anything else."""
    digits = "".join(sign for sign in number if sign.isdecimal())
    is_number = not set(number) - set("0123456789 +-/().")
    return (
        digits[-DIGITS_COMPARED:] if is_number and len(digits) >= FEWEST_DIGITS else ""
    )


def _digits() -> Right:
    plain = Func(
        F("phone"),
        Value("[^0-9]"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    return Right(plain, DIGITS_COMPARED)


def _handles(person: Contact) -> set[str]:
    names = (person.socials or {}).values()
    return {str(name).strip().removeprefix("@").casefold() for name in names}
