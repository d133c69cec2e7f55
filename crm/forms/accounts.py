"""The account's form."""

from typing import Any

from django import forms

from common.editing import VersionedForm
from crm.models import Account, User


class DateInput(forms.DateInput):
    """The browser's own date picker, which wants ISO dates."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


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
