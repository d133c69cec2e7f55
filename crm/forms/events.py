"""Forms of events in a customer's life, and of the catalogue of their types."""

from typing import Any

from django import forms
from django.db.models import Q

from common.clock import business_today
from common.editing import VersionedForm
from crm.forms.accounts import DateInput
from crm.models import Account, Contact, EventType, LifeEvent
from crm.services.events import TYPED


class EventForm(VersionedForm):
    """One event, today unless another day is given; it fits into one line."""

    class Meta:
        model = LifeEvent
        fields = ["type", "occurred_on", "note", "source", "contact"]
        labels = {"type": "Event", "occurred_on": "On", "contact": "To whom"}
        widgets = {
            "occurred_on": DateInput(),
            "note": forms.TextInput(attrs={"placeholder": "What happened"}),
            "source": forms.TextInput(attrs={"placeholder": "Who says so"}),
        }

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        types = EventType.objects.filter(
            Q(is_active=True) | Q(pk=self.instance.type_id)
        )
        people = Contact.objects.filter(account=account)
        self.fields["type"].queryset = types  # type: ignore[attr-defined]
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]
        self.fields["contact"].empty_label = "The account"  # type: ignore[attr-defined]
        self.fields["type"].empty_label = "Choose one"  # type: ignore[attr-defined]
        self.fields["source"].required = False
        self.initial.setdefault("occurred_on", business_today())
        if self.initial.get("source", TYPED) == TYPED:  # nothing that anybody said
            self.initial["source"] = ""

    def values(self) -> dict[str, Any]:
        given = super().values()
        return given | {"source": given["source"] or TYPED}


class EventTypeForm(VersionedForm):
    """How a kind of event is called and shown."""

    class Meta:
        model = EventType
        fields = ["name", "icon", "importance", "tone", "recurs_yearly"]
        labels = {
            "icon": "Picture",
            "tone": "Good or bad for us",
            "recurs_yearly": "Comes again every year, such as a birthday",
        }
