"""What the list of prospects can be narrowed to, and handing some of them over."""

from collections.abc import Sequence

from django import forms

from clv.queries.prospects import DEFAULT_SORT, ProspectFilter
from crm.choices import Source
from crm.models import Territory, User


def _people() -> "forms.ModelChoiceField[User]":
    return forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name", "pk"),
        required=False,
        empty_label="Everybody",
    )


class ProspectFilterForm(forms.Form):
    """Filters in the address of the list; what cannot be read counts as not given."""

    search = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Name, city or number"}
        ),
    )
    industry = forms.ChoiceField(required=False)
    source = forms.ChoiceField(required=False, choices=[("", "All"), *Source.choices])
    territory = forms.ModelChoiceField(
        Territory.objects.order_by("name"), required=False, empty_label="All"
    )
    sort = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(
        self, *args: object, user: User, industries: Sequence[str], **options: object
    ) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        offered = [("", "All"), *((name, name) for name in industries)]
        self.fields["industry"].widget = forms.Select(choices=offered)
        self.fields["industry"].choices = offered  # type: ignore[attr-defined]
        known = [choice for choice in Source.choices if choice[0]]
        self.fields["source"].choices = [("", "All"), *known]  # type: ignore[attr-defined]
        if user.sees_every_account:
            self.fields["owner"] = _people()

    def wanted(self) -> ProspectFilter:
        """Return what could be read."""
        self.is_valid()
        given = self.cleaned_data
        return ProspectFilter(
            search=given.get("search") or "",
            industry=given.get("industry") or "",
            territory=given.get("territory"),
            source=given.get("source") or "",
            owner=given.get("owner"),
            sort=given.get("sort") or DEFAULT_SORT,
        )


class AssignForm(forms.Form):
    """Some accounts and who is to own them."""

    chosen = forms.TypedMultipleChoiceField(coerce=int, required=False)
    new_owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name", "pk"),
        label="New owner",
        empty_label="Choose a person",
    )

    def __init__(self, *args: object, offered: Sequence[int] = ()) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        choices = [(str(pk), str(pk)) for pk in offered]
        self.fields["chosen"].choices = choices  # type: ignore[attr-defined]
