"""The form that corrects a contact, and the one that takes it back."""

from typing import Any

from django import forms

from common.form_fields import OwnTimeField
from common.zones import own_zone
from crm.models import Contact, Touchpoint
from crm.services.corrections import CORRECTABLE

LONGEST_REASON = 300


class CorrectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """What was logged, as it should have been."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    occurred_at = OwnTimeField(
        label="When",
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "any"}, format="%Y-%m-%dT%H:%M:%S"
        ),
    )

    class Meta:
        model = Touchpoint
        fields = [
            "channel",
            "direction",
            "contact",
            "occurred_at",
            "minutes",
            "note",
            "outcome",
            "rating_people",
            "rating_information",
            "rating_deliverables",
            "phase",
            "care",
        ]
        labels = {
            "channel": "Kind",
            "direction": "Who reached out",
            "contact": "With",
            "minutes": "Minutes",
            "outcome": "How it went",
            "rating_people": "People, 1 to 5",
            "rating_information": "Information, 1 to 5",
            "rating_deliverables": "Deliverables, 1 to 5",
            "phase": "Phase of purchase",
            "care": "CARE",
        }
        widgets = {
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = Contact.objects.filter(account_id=self.instance.account_id)
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]
        self.own_zone = own_zone()
        self.initial["fingerprint"] = self.instance.fingerprint
        self.stored_at = self.instance.occurred_at

    def clean_occurred_at(self) -> Any:
        """Keep the stored moment where the field still shows it, to the second."""
        said = self.cleaned_data["occurred_at"]
        return self.stored_at if "occurred_at" not in self.changed_data else said

    def _post_clean(self) -> None:
        """Leave the record alone; the service writes and judges."""

    def values(self) -> dict[str, Any]:
        names = CORRECTABLE & set(self.changed_data)
        return {name: self.cleaned_data[name] for name in names}


class VoidForm(forms.Form):
    """Why a contact is taken back."""

    reason = forms.CharField(
        label="Why it is taken back",
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why this contact is taken back."},
    )
