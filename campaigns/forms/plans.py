"""Editing a draft: one touch at a time, and the day it begins."""

from typing import Any

from django import forms

from campaigns.choices import BudgetHead, Cadence, OwnerRole
from campaigns.models import PlanVersion, TouchTemplate
from campaigns.services.plans import TouchFields
from common.clock import business_today
from crm.choices import Care, Channel
from crm.policy import LONGEST_CONTACT_MINUTES

FIELDS = (
    "title",
    "channel",
    "cadence",
    "times",
    "unit_cost",
    "minutes",
    "owner_role",
    "head",
    "care",
    "content",
)
CHANNELS = [choice for choice in Channel.choices if choice[0] != Channel.NOTE]


class TouchForm(forms.Form):
    """One touch of a draft. `seen` is the draft's row version that the page showed."""

    title = forms.CharField(max_length=150)
    channel = forms.ChoiceField(choices=CHANNELS)
    cadence = forms.ChoiceField(label="Every", choices=Cadence.choices)
    times = forms.IntegerField(
        label="Times in it", min_value=1, max_value=31, initial=1
    )
    unit_cost = forms.DecimalField(
        label="Unit cost",
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
        help_text="For one customer, minutes not included. Empty: not known yet.",
    )
    minutes = forms.IntegerField(
        min_value=0, max_value=LONGEST_CONTACT_MINUTES, initial=0
    )
    owner_role = forms.ChoiceField(label="Who does it", choices=OwnerRole.choices)
    head = forms.ChoiceField(label="Paid from", choices=BudgetHead.choices)
    care = forms.ChoiceField(label="Aim", required=False, choices=Care.choices)
    content = forms.CharField(
        label="What it is about",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        draft: PlanVersion,
        touch: TouchTemplate | None = None,
    ) -> None:
        initial: dict[str, Any] = {"seen": draft.version}
        if touch is not None:
            initial |= {name: getattr(touch, name) for name in FIELDS}
        super().__init__(data, initial=initial)

    def values(self) -> TouchFields:
        """Return what the service takes."""
        values: TouchFields = {name: self.cleaned_data[name] for name in FIELDS}  # type: ignore[assignment]
        return values


class PublishForm(forms.Form):
    """When a draft becomes the plan, and why."""

    valid_from = forms.DateField(
        label="Begins on", widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label="What changes, in a few words", required=False, max_length=300
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, draft: PlanVersion) -> None:
        initial = {
            "valid_from": business_today(),
            "seen": draft.version,
            "note": draft.note,
        }
        super().__init__(data, initial=initial, auto_id="publish-%s")
