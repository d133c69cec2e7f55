"""The account's form, and what all forms of versioned rows do."""

from typing import Any

from django import forms
from django.db.models import Model

from common.versions import Versioned
from crm.models import Account, User


class DateInput(forms.DateInput):
    """The browser's own date picker, which wants ISO dates."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """A form that remembers which version of the row the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            # Without it nobody could tell what a colleague stored meanwhile.
            self.fields["version"].required = True
            self.initial.setdefault("version", self.instance.version)

    def values(self) -> dict[str, Any]:
        """Return what was entered, without the version."""
        return {k: v for k, v in self.cleaned_data.items() if k != "version"}

    def differences(self, stored: Versioned) -> list[str]:
        """Name the fields in which `stored` differs from what was entered."""
        return [
            f"{self.fields[name].label}: now “{_shown(stored, name)}”"
            for name, value in self.values().items()
            if hasattr(stored, name) and getattr(stored, name) != value
        ]

    def accept_version(self, version: int) -> None:
        """Let the next submit replace `version`, which the person is now shown."""
        self.data = {**self.data.dict(), "version": str(version)}  # type: ignore[attr-defined]


def _shown(record: Model, name: str) -> str:
    display = getattr(record, f"get_{name}_display", None)
    value = display() if display else getattr(record, name)
    return "–" if value in {None, ""} else str(value)


class AccountForm(VersionedForm):
    """What a person may change about an account; reps cannot hand it over."""

    website = forms.URLField(required=False, max_length=200, assume_scheme="https")

    class Meta:
        model = Account
        fields = [
            "name",
            "kind",
            "stage",
            "relationship_type",
            "industry",
            "size_band",
            "street",
            "postcode",
            "city",
            "region",
            "country",
            "phone",
            "website",
            "source",
            "advocate_status",
            "acquired_on",
            "lost_on",
            "loss_reason",
            "owner",
            "note",
        ]
        labels = {
            "kind": "Firm or person",
            "relationship_type": "Relationship",
            "size_band": "Size",
            "source": "Won through",
            "acquired_on": "Won on",
        }
        help_texts = {
            "country": "Two letters, such as DE",
            "street": "With the number, so that a map finds it",
        }
        widgets = {
            "acquired_on": DateInput(),
            "lost_on": DateInput(),
            "note": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel"}),
        }

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if actor.sees_every_account:
            owners = User.objects.filter(is_active=True).order_by("name", "pk")
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
        else:
            del self.fields["owner"]
