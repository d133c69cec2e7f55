"""The filter of a timeline, as its address says it."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms

from common import timelines
from crm.choices import Channel
from crm.forms.accounts import DateInput
from crm.models import User
from crm.queries.timeline import Wanted

LONGEST_SPAN_DAYS = 3660
SPANS = ((30, "Last 30 days"), (90, "Last 90 days"), (365, "Last year"))


class TimelineFilterForm(forms.Form):
    """What to keep; an empty field keeps everything, a wrong one is left out."""

    text = forms.CharField(label="Words", max_length=100, required=False)
    kind = forms.MultipleChoiceField(
        label="Kinds", required=False, widget=forms.CheckboxSelectMultiple
    )
    channel = forms.MultipleChoiceField(
        label="Channels",
        choices=Channel.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    person = forms.CharField(
        label="Person there",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"list": "timeline-people"}),
    )
    product = forms.CharField(label="Product", max_length=100, required=False)
    who = forms.ChoiceField(label="Who of us", required=False)
    days = forms.TypedChoiceField(
        label="Period",
        choices=(("", "All the time"), *SPANS),
        coerce=int,
        empty_value=None,
        required=False,
    )
    since = forms.DateField(label="From", widget=DateInput(), required=False)
    until = forms.DateField(label="To", widget=DateInput(), required=False)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = timelines.kinds_of(timelines.sources_for(user))
        self.fields["kind"].choices = list(kinds.items())  # type: ignore[attr-defined]
        people = User.objects.filter(is_active=True).exclude(pk=user.pk)
        names = people.order_by("name", "pk").values_list("pk", "name")
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("", "Everybody"),
            ("me", "Only me"),
            ("others", "Everybody but me"),
            *((str(pk), name) for pk, name in names),
        ]

    def wanted(self) -> Wanted:
        """Return what is asked for, as far as it can be understood."""
        self.is_valid()
        said = self.cleaned_data
        return Wanted(
            kinds=tuple(said.get("kind", ())),
            channels=tuple(said.get("channel", ())),
            product=said.get("product", ""),
            person=said.get("person", ""),
            who=said.get("who", ""),
            days=said.get("days"),
            since=said.get("since"),
            until=said.get("until"),
            text=said.get("text", ""),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Return what is said, field by field, always in the same order."""
        self.is_valid()
        said = []
        for name in self.fields:
            value = self.cleaned_data.get(name)
            values = value if isinstance(value, list) else [value]
            said += [(name, _written(one)) for one in values if one not in {None, ""}]
        return said

    def query(self) -> str:
        """Return the filter as an address says it."""
        return urlencode(self.pairs())

    @property
    def details(self) -> int:
        """Return how many fields beside the kinds say something."""
        return sum(
            bool(self.cleaned_data.get(name))
            for name in self.fields
            if name not in {"kind", "text"}
        )


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
