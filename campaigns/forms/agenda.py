"""What is ticked in Today, and until when it is put off."""

import datetime as dt
from typing import Any

from django import forms

from common.clock import business_today

CHOICES = (
    ("tomorrow", "Tomorrow"),
    ("week", "Next week"),
    ("month", "Next month"),
    ("day", "On a day"),
)


class PutOffForm(forms.Form):
    """Until when; next week and next month begin on a Monday."""

    when = forms.ChoiceField(choices=CHOICES, label="Put off until")
    until = forms.DateField(
        required=False,
        label="Day",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    reason = forms.CharField(required=False, max_length=300, label="Why (if you like)")

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("when") == "day" and not said.get("until"):
            self.add_error("until", "Choose the day.")
        return said

    def day(self) -> dt.date:
        """Return the day on which it comes back."""
        said, today = self.cleaned_data, business_today()
        if said["when"] == "day":
            day: dt.date = said["until"]
            return day
        if said["when"] == "tomorrow":
            return today + dt.timedelta(days=1)
        if said["when"] == "week":
            return today + dt.timedelta(days=7 - today.weekday())
        first = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        return first + dt.timedelta(days=-first.weekday() % 7)
