"""How a touch went, or why it is left out."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import F, Max

from campaigns.choices import DIRECT_CHANNELS
from campaigns.models import PlannedTouch
from crm.choices import Outcome
from crm.models import Contact, User
from crm.policy import LONGEST_CONTACT_MINUTES
from crm.queries.people import REACHED

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
        spoken = Max("touchpoints__occurred_at", filter=REACHED)
        people = people.annotate(spoken_at=spoken)
        self.fields["contact"] = forms.ModelChoiceField(
            people.order_by(F("spoken_at").desc(nulls_last=True), "name", "pk"),
            required=False,
            label="With",
            empty_label="Nobody named",
        )
        self.order_fields(["contact", "minutes", "outcome", "note", "form_token"])


class GiveForm(forms.Form):
    """Who does a touch instead, and why."""

    reason = forms.CharField(
        max_length=300, required=False, label="What they should know"
    )

    def __init__(self, data: Data = None, *, touch: PlannedTouch) -> None:
        super().__init__(data, auto_id=f"touch-{touch.pk}-%s")
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["to"] = forms.ModelChoiceField(
            people.exclude(pk=touch.assigned_to_id or 0),
            label="Give it to",
            empty_label="Choose a colleague",
        )
        self.order_fields(["to", "reason"])


class MailForm(forms.Form):
    """The mail of a touch, as it goes to one person."""

    subject = forms.CharField(max_length=200)
    body = forms.CharField(
        label="Text", max_length=20_000, widget=forms.Textarea(attrs={"rows": 10})
    )

    def __init__(
        self, data: Data = None, *, touch: PlannedTouch, initial: Data = None
    ) -> None:
        super().__init__(
            data, initial=dict(initial or {}), auto_id=f"touch-{touch.pk}-%s"
        )
        people = Contact.objects.filter(account=touch.account, left_on=None)
        people = people.exclude(email="").filter(do_not_contact=False)
        self.fields["contact"] = forms.ModelChoiceField(
            people.order_by(F("influence").desc(nulls_last=True), "name", "pk"),
            label="To",
            empty_label=None,
        )
        self.order_fields(["contact", "subject", "body"])


class SkipForm(forms.Form):
    """Why a touch is left out this time."""

    reason = forms.CharField(max_length=300)

    def __init__(self, data: Data = None, *, touch: PlannedTouch) -> None:
        super().__init__(data, auto_id=f"touch-{touch.pk}-%s")
