"""The form of what is to be done, for an account or for nobody in particular."""

from typing import Any

from django import forms

from common.clock import business_today
from common.editing import VersionedForm
from crm.choices import TaskKind, TaskPriority
from crm.forms.accounts import DateInput
from crm.models import Account, Contact, Deal, Task, User


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", **options)


class TaskForm(VersionedForm):
    """One thing to do; owners are people who may see the account."""

    class Meta:
        model = Task
        fields = [
            "title",
            "kind",
            "due_on",
            "due_at",
            "minutes",
            "priority",
            "contact",
            "deal",
            "owner",
        ]
        labels = {
            "title": "What is to be done",
            "due_on": "By",
            "due_at": "At",
            "minutes": "Minutes it takes",
            "contact": "With whom",
            "deal": "For which deal",
            "owner": "Who",
        }
        help_texts = {"due_at": "Empty: any time of the day", "minutes": ""}
        widgets = {"due_on": DateInput(), "due_at": TimeInput()}

    def __init__(
        self, *args: Any, actor: User, account: Account | None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("due_on", business_today())
        self._offer_people_and_deals(account)
        for name in ("kind", "priority"):
            self.fields[name].required = False
        if actor.sees_every_account:
            owners: Any = self.fields["owner"]
            owners.queryset = User.objects.filter(is_active=True).order_by("name", "pk")
            owners.empty_label = None
            self.initial.setdefault("owner", actor.pk)
        else:
            del self.fields["owner"]

    def _offer_people_and_deals(self, account: Account | None) -> None:
        if account is None:
            del self.fields["contact"], self.fields["deal"]
            return
        people: Any = self.fields["contact"]
        people.queryset = Contact.objects.filter(account=account).order_by("name", "pk")
        people.empty_label = "Nobody in particular"
        deals: Any = self.fields["deal"]
        known = [self.instance.deal_id] if self.instance.deal_id else []
        found = Deal.objects.open().filter(account=account)
        deals.queryset = found | Deal.objects.filter(pk__in=known)
        deals.empty_label = "None"

    def clean_kind(self) -> str:
        return self.cleaned_data.get("kind") or TaskKind.TODO.value

    def clean_priority(self) -> str:
        return self.cleaned_data.get("priority") or TaskPriority.NORMAL.value
