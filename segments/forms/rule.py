"""Drafting the class rule: every number at its field, and why it is published."""

from collections.abc import Mapping
from typing import Any

from django import forms

from common.form_fields import PercentField
from segments.models import ClassPolicy, PolicyDraft, RuleNumbers
from segments.services.policy import LONGEST_REASON, faults

NIGHT, NOW = "night", "now"


class RuleForm(forms.Form):
    """The numbers of a draft.

    `based_on` is the version that the page showed beside them; `seen` the draft's row
    version, where there is one already.
    """

    realised_threshold = forms.DecimalField(
        label="Current key: last year's profit of at least",
        max_digits=14,
        decimal_places=2,
        help_text="Margin of the last twelve months less cost to serve.",
    )
    expected_threshold = forms.DecimalField(
        label="Both key classes: expected value of at least",
        max_digits=14,
        decimal_places=2,
        help_text="What the relationship is expected to bring over the horizon.",
    )
    least_confidence = PercentField(
        label="How sure the expected value must be, %",
        help_text="50 takes the expected value itself, 90 the lower end of its range.",
    )
    cost_limit = PercentField(
        label="Current key: cost to serve at most, % of last year's margin",
        required=False,
        help_text="Empty: no limit. Who costs more is a potential key at best.",
    )
    loss_limit = forms.DecimalField(
        label="Never profitable: CLV below",
        max_digits=14,
        decimal_places=2,
        help_text="0, or how much somebody may lose in all and still be general.",
    )
    band = PercentField(
        label="Band against flapping, % of a threshold",
        help_text="A member stays in its class until it misses by more than this.",
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        current: ClassPolicy,
        draft: PolicyDraft | None,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        seen = {"based_on": current.pk, "seen": draft.version if draft else None}
        super().__init__(
            data, initial={**(typed or carried_over(draft, current)), **seen}
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            for name, text in faults(self.numbers()).items():
                self.add_error(name, text)
        return cleaned

    def numbers(self) -> dict[str, Any]:
        """Return what was typed, as far as it could be read."""
        return {
            name: self.cleaned_data[name]
            for name in RuleNumbers.number_names()
            if name in self.cleaned_data
        }


def carried_over(draft: PolicyDraft | None, current: ClassPolicy) -> Mapping[str, Any]:
    """Return what counts now with what the draft changed of the version it began on."""
    if draft is None:
        return current.numbers
    return on_top_of(current, draft.numbers, began_on=draft.based_on)


def on_top_of(
    current: ClassPolicy, numbers: Mapping[str, Any], *, began_on: ClassPolicy
) -> Mapping[str, Any]:
    """Return `current` with those of `numbers` that differ from `began_on`."""
    was = began_on.numbers
    mine = {name: value for name, value in numbers.items() if value != was[name]}
    return {**current.numbers, **mine}


class PublishRuleForm(forms.Form):
    """Why a draft is published, and from when on it classes."""

    reason = forms.CharField(
        label="Reason, for those who ask", max_length=LONGEST_REASON
    )
    begin = forms.ChoiceField(
        label="From when",
        choices=[(NIGHT, "With the coming night"), (NOW, "Class all accounts now")],
        widget=forms.RadioSelect,
    )
    valid_from = forms.DateField(
        label="Not before",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: from the next night on.",
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, draft: PolicyDraft) -> None:
        super().__init__(
            data,
            initial={"seen": draft.version, "begin": NIGHT},
            auto_id="publish-%s",
        )
