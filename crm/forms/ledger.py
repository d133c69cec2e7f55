"""Forms of the ledger: what to show, a cost, its reversal."""

from typing import Any

from django import forms

from common.clock import business_today, months_later
from common.lists.sets import AMONG, ReadSet, UnknownSetError, read_set
from crm.choices import CostKind, CostOrigin
from crm.forms.accounts import DateInput
from crm.models import Account, User
from crm.queries.ledger import LedgerFilter

MATCHES_READ = 3
MONTHS_SHOWN = 3


def find_account(mine: Any, words: str) -> Account:
    """Return the one account of `mine` that the words or the number name.

    Raises
    ------
    forms.ValidationError
        If none or several fit.
    """
    by_number: Account | None = mine.filter(external_id__iexact=words).first()
    if by_number is not None:
        return by_number
    found = list(mine.matching(words).order_by("name", "pk")[:MATCHES_READ])
    found = [a for a in found if a.name.casefold() == words.casefold()] or found
    if not found:
        raise forms.ValidationError("No account of yours begins with these words.")
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise forms.ValidationError(f"Several accounts fit: {names}. Type more.")
    account: Account = found[0]
    return account


class LedgerFilterForm(forms.Form):
    """Filters in the address; what cannot be read is said at its field."""

    since = forms.DateField(label="From", required=False, widget=DateInput())
    until = forms.DateField(label="To", required=False, widget=DateInput())
    kind = forms.ChoiceField(required=False, choices=[("", "All"), *CostKind.choices])
    origin = forms.ChoiceField(
        label="Comes from",
        required=False,
        choices=[("", "Anything"), *CostOrigin.choices],
    )
    account = forms.CharField(
        label="Account",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "Name or number"}),
    )
    document = forms.CharField(
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"placeholder": "Begins with"}),
    )
    shared = forms.BooleanField(label="Only the firm’s own", required=False)
    allocation = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )

    def __init__(self, given: Any, *, user: User) -> None:
        known = {name for name in (*self.base_fields, AMONG) if given.get(name)}
        if not known:  # nothing said: the last months
            first = business_today().replace(day=1)
            given = {"since": months_later(first, 1 - MONTHS_SHOWN).isoformat()}
        super().__init__(given)
        self.user = user
        self.among: ReadSet | None = None
        if not user.sees_every_account:
            del self.fields["shared"]

    def clean_account(self) -> Account | None:
        words = self.cleaned_data["account"].strip()
        if not words:
            return None
        return find_account(Account.objects.active().visible_to(self.user), words)

    def clean(self) -> dict[str, Any]:
        try:
            self.among = read_set(self.data, self.user)
        except UnknownSetError as error:
            self.add_error(None, error.message)
        return super().clean() or self.cleaned_data

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what names the set of accounts, for the filter to keep."""
        if self.among is None:
            return []
        names = (AMONG, "as_of", *self.among.set.parameters)
        told = {name: str(self.data.get(name) or "") for name in names}
        return [(k, v) for k, v in told.items() if v and k not in self.fields]

    def wanted(self) -> LedgerFilter | None:
        """Return what to show, None where something could not be read."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        return LedgerFilter(
            account=given["account"],
            kind=given["kind"],
            origin=given["origin"],
            document=given["document"],
            since=given["since"],
            until=given["until"],
            is_shared=given.get("shared", False),
            allocation=given["allocation"],
            among=self.among.accounts(self.user) if self.among else None,
        )


class CostForm(forms.Form):
    """A cost of one account, or of the firm as a whole."""

    account = forms.CharField(
        required=False,
        max_length=300,
        help_text="Name or number; empty for a cost of the firm as a whole",
    )
    kind = forms.ChoiceField(choices=CostKind.choices)
    amount = forms.DecimalField(
        max_digits=14,
        decimal_places=2,
        help_text="A credit has a minus",
    )
    incurred_on = forms.DateField(label="Day", widget=DateInput())
    document = forms.CharField(
        max_length=150, required=False, help_text="Number of the invoice or voucher"
    )
    note = forms.CharField(label="What for", max_length=300, required=False)

    def __init__(self, *args: Any, user: User, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.mine = Account.objects.active().visible_to(user)
        self.fields["amount"].label = f"Amount in {currency}"
        self.initial.setdefault("incurred_on", business_today())

    def clean_account(self) -> Account | None:
        words = self.cleaned_data["account"].strip()
        return find_account(self.mine, words) if words else None


class ReversalForm(forms.Form):
    """Why a cost is taken back."""

    reason = forms.CharField(label="Why", max_length=250)
