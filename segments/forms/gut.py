"""Forms of gut versus data: whom to look for, and which account is named."""

from typing import Any

from django import forms

from crm.models import Account, User

LONGEST_SEARCH = 200


class FindForm(forms.Form):
    """Part of a name."""

    q = forms.CharField(
        label="Find by name", required=False, max_length=LONGEST_SEARCH, strip=True
    )

    @property
    def text(self) -> str:
        return str(self.cleaned_data.get("q", "")) if self.is_valid() else ""


class NameForm(FindForm):
    """One account, and whether it is named from now on."""

    account = forms.ModelChoiceField(Account.objects.none())
    is_named = forms.BooleanField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What was named and went to a colleague since can still be taken off.
        known = Account.objects.visible_to(user)
        self.fields["account"].queryset = known  # type: ignore[attr-defined]
