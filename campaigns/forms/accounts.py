"""What the list of accounts can be narrowed to."""

from django import forms

from campaigns.queries.accounts import DEFAULT_SORT, AccountFilter
from crm.choices import Stage
from crm.models import User
from segments.choices import WorthClass


class AccountFilterForm(forms.Form):
    """Filters in the address of the list; what cannot be read counts as not given."""

    search = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Name, city or number"}
        ),
    )
    worth_class = forms.ChoiceField(
        required=False, label="Class", choices=[("", "All"), *WorthClass.choices]
    )
    stage = forms.ChoiceField(required=False, choices=[("", "All"), *Stage.choices])
    customers = forms.BooleanField(required=False, label="Ever ordered")
    as_of = forms.DateField(required=False, widget=forms.HiddenInput)
    new = forms.BooleanField(required=False, widget=forms.HiddenInput)
    sort = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: object, user: User, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        if user.sees_every_account:
            self.fields["owner"] = forms.ModelChoiceField(
                User.objects.filter(is_active=True).order_by("name", "pk"),
                required=False,
                empty_label="Everybody",
            )

    def add_prefix(self, field_name: str) -> str:
        """Name the class `class` in the address, as other pages link to it."""
        return (
            "class" if field_name == "worth_class" else super().add_prefix(field_name)
        )

    def wanted(self) -> AccountFilter:
        """Return what could be read."""
        self.is_valid()
        given = self.cleaned_data
        return AccountFilter(
            search=given.get("search") or "",
            worth_class=given.get("worth_class") or "",
            stage=given.get("stage") or "",
            owner=given.get("owner"),
            is_customer=bool(given.get("customers")),
            is_new=bool(given.get("new")),
            sort=given.get("sort") or DEFAULT_SORT,
        )
