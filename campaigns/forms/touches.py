"""How a touch went, or why it is left out."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import F, Max, Q

from campaigns.choices import DIRECT_CHANNELS
from campaigns.models import PlannedTouch
from crm.choices import Outcome
from crm.models import Contact
from crm.policy import LONGEST_CONTACT_MINUTES

Data = Mapping[str, Any] | None


class TouchLogForm(forms.Form):
    """What is worth saying about a touch that was done; all of it may stay empty."""

    minutes = forms.IntegerField(
        required=False, min_value=0, max_value=LONGEST_CONTACT_MINUTES
    )
    outcome = forms.ChoiceField(
        required=False, label="How it went", choices=Outcome.choices
    )
    note = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Data = None, *, touch: PlannedTouch) -> None:
        template = touch.template
        initial = {"minutes": template.minutes or None, "form_token": uuid.uuid4()}
        super().__init__(data, initial=initial, auto_id=f"touch-{touch.pk}-%s")
        people = Contact.objects.filter(account=touch.account, left_on=None)
        if template.channel in DIRECT_CHANNELS:
            people = people.filter(do_not_contact=False)
        spoken = Max("touchpoints__occurred_at", filter=Q(touchpoints__voided_at=None))
        people = people.annotate(spoken_at=spoken)
        self.fields["contact"] = forms.ModelChoiceField(
            people.order_by(F("spoken_at").desc(nulls_last=True), "name", "pk"),
            required=False,
            label="With",
            empty_label="Nobody named",
        )
        self.order_fields(["contact", "minutes", "outcome", "note", "form_token"])


class SkipForm(forms.Form):
    """Why a touch is left out this time."""

    reason = forms.CharField(max_length=300)

    def __init__(self, data: Data = None, *, touch: PlannedTouch) -> None:
        super().__init__(data, auto_id=f"touch-{touch.pk}-%s")
