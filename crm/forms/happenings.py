"""Forms of what happens with an account: events and tasks."""

from typing import Any

from django import forms

from common.clock import business_today
from crm.forms.accounts import DateInput
from crm.models import Account, Contact, EventType, LifeEvent, Task, User


class EventForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """One event in the customer's life, today unless another day is given."""

    class Meta:
        model = LifeEvent
        fields = ["type", "occurred_on", "contact", "note"]
        labels = {"type": "Event", "occurred_on": "On", "contact": "To whom"}
        widgets = {
            "occurred_on": DateInput(),
            "note": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        types = EventType.objects.filter(is_active=True)
        people = Contact.objects.filter(account=account)
        self.fields["type"].queryset = types  # type: ignore[attr-defined]
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]
        self.fields["contact"].empty_label = "The account as a whole"  # type: ignore[attr-defined]
        self.initial.setdefault("occurred_on", business_today())


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """One thing to do; owners are people who may see the account."""

    class Meta:
        model = Task
        fields = ["title", "due_on", "owner"]
        labels = {"title": "What is to be done", "due_on": "By", "owner": "Who"}
        widgets = {"due_on": DateInput()}

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("due_on", business_today())
        if actor.sees_every_account:
            owners = User.objects.filter(is_active=True).order_by("name", "pk")
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
            self.initial.setdefault("owner", actor.pk)
        else:
            del self.fields["owner"]
