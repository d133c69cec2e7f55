"""The decision at the gate: leave out, reach more cheaply, or include all the same."""

from typing import Any

from django import forms

from campaigns.choices import GateChoice
from campaigns.queries.gate import Gate
from campaigns.services.gate import LONGEST_REASON, Decision


class GateForm(forms.Form):
    """What is decided about those for whom the spend does not pay.

    Field names begin with `gate_`, so that they stand beside those of the page that
    asks.
    """

    gate_choice = forms.ChoiceField(
        label="What about them?", widget=forms.RadioSelect, initial=GateChoice.DROP
    )
    gate_cheaper = forms.ChoiceField(label="How instead", required=False)
    gate_reason = forms.CharField(
        label="Why all the same",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Needed to include them; it is kept in the audit trail.",
    )
    gate_below = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, gate: Gate) -> None:
        super().__init__(data, initial={"gate_below": gate.below})
        ways = [(one.channel, one.label) for one in gate.cheaper]
        choices = [
            (key, label)
            for key, label in GateChoice.choices
            if ways or key != GateChoice.CHEAPER
        ]
        self.fields["gate_choice"].choices = choices  # type: ignore[attr-defined]
        self.fields["gate_cheaper"].choices = ways  # type: ignore[attr-defined]
        if gate.accounts == 1:
            self.fields["gate_choice"].label = "What about this account?"
        if not ways:
            del self.fields["gate_cheaper"]

    @staticmethod
    def is_answered(data: Any) -> bool:
        return "gate_choice" in data

    def decision(self) -> Decision:
        said = self.cleaned_data
        return Decision(
            choice=said["gate_choice"],
            reason=said["gate_reason"],
            cheaper=said.get("gate_cheaper", ""),
            below=said["gate_below"],
        )
