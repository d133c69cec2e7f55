"""The period of the report by competitor."""

from collections.abc import Mapping
from typing import Any

from django import forms

from campaigns.forms.deals import DateInput
from campaigns.queries.rivals import Period, last_year
from common.clock import business_today


class PeriodForm(forms.Form):
    """Days of decision; without any the last twelve months."""

    since = forms.DateField(label="Decided from", required=False, widget=DateInput())
    until = forms.DateField(label="until", required=False, widget=DateInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        whole = last_year(business_today())
        self.initial = {"since": whole.since, "until": whole.until}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "PeriodForm":
        """Return the form as asked; other words of the address ask for nothing."""
        return cls(given if {"since", "until"} & set(given) else None)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return found

    def period(self) -> Period:
        """Return what was asked, with the usual days where none was given or fits."""
        whole = last_year(business_today())
        if not self.is_bound or not self.is_valid():
            return whole
        given = self.cleaned_data
        until = given.get("until") or whole.until
        since = given.get("since") or min(whole.since, until)
        return Period(since, max(since, until))
