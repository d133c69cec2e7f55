"""Setting the class of one account by hand."""

from typing import Any

from django import forms

from segments.choices import WorthClass
from segments.models import Override
from segments.services.overrides import LONGEST_REASON

NIGHT, NOW = "night", "now"
BEGIN = [(NIGHT, "With the coming night"), (NOW, "Class all accounts now")]


class OverrideForm(forms.Form):
    """A class, why, and until when; `seen` is the version of what it replaces."""

    worth_class = forms.ChoiceField(label="Class", choices=WorthClass.choices)
    reason = forms.CharField(
        label="Reason, for those who ask", max_length=LONGEST_REASON
    )
    expires_on = forms.DateField(
        label="Until and including",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The night after, the rule decides again.",
    )
    begin = forms.ChoiceField(
        label="From when", choices=BEGIN, widget=forms.RadioSelect
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, standing: Override | None) -> None:
        initial: dict[str, Any] = {"seen": 0, "begin": NIGHT}
        if standing is not None:
            initial |= {
                "worth_class": standing.worth_class,
                "reason": standing.reason,
                "expires_on": standing.expires_on,
                "seen": standing.version,
            }
        super().__init__(data, initial=initial)


class EndOverrideForm(forms.Form):
    """Why an override ends before its day."""

    reason = forms.CharField(label="Why", required=False, max_length=LONGEST_REASON)
    begin = forms.ChoiceField(
        label="From when", choices=BEGIN, widget=forms.RadioSelect, required=False
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, standing: Override) -> None:
        super().__init__(
            data,
            initial={"seen": standing.version, "begin": NIGHT},
            auto_id="end-%s",
        )
