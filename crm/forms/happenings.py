"""The form of what is to be done for an account."""

from typing import Any

from django import forms

from common.clock import business_today
from crm.forms.accounts import DateInput
from crm.models import Task, User


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
