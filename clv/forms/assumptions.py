"""Drafting assumptions: every number at its field, and why they are published."""

from collections.abc import Mapping
from typing import Any

from django import forms

from clv.choices import CostDriver, PriorStrength
from clv.models import AssumedNumbers, Assumptions, AssumptionsDraft
from clv.policy import COST_DRIVERS
from clv.services.assumptions import LONGEST_REASON, faults
from common.form_fields import PercentField
from crm.choices import CostKind

NIGHT, NOW = "night", "now"


class AssumptionsForm(forms.Form):
    """The numbers of a draft.

    `based_on` is the version that the page showed beside them; `seen` the draft's row
    version, where there is one already.
    """

    annual_rate = PercentField(
        label="Discount rate, % a year",
        help_text="0 counts money of next year like money of today.",
    )
    horizon_months = forms.IntegerField(
        label="Horizon, months", help_text="1 to 120; 36 are three years."
    )
    margin_rate_if_cost_unknown = PercentField(
        label="Margin where the cost is not known, %",
        help_text="Share of the revenue of lines without a unit cost.",
    )
    retention_effect = PercentField(
        label="Retention effect, %",
        help_text="Share of a year's expected margin that care can secure at most.",
    )
    response_scale = PercentField(
        label="Spend that secures 63 % of it, %",
        help_text="Spend on care as a share of a year's expected margin.",
    )
    prior_orders_per_year = forms.DecimalField(
        label="Typical orders per year",
        required=False,
        max_digits=7,
        decimal_places=2,
        help_text="Empty: not stated.",
    )
    prior_share_leaving = PercentField(
        label="Share that leaves per year, %",
        required=False,
        help_text="Empty: not stated.",
    )
    prior_margin_per_order = forms.DecimalField(
        label="Typical margin per order",
        required=False,
        max_digits=12,
        decimal_places=2,
        help_text="Empty: as seen.",
    )
    prior_strength = forms.TypedChoiceField(
        label="How strongly this counts", choices=PriorStrength.choices, coerce=int
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        current: Assumptions,
        draft: AssumptionsDraft | None,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        seen = {"based_on": current.pk, "seen": draft.version if draft else None}
        numbers = typed or carried_over(draft, current)
        drivers = {**COST_DRIVERS, **numbers["cost_drivers"]}
        by_kind = {_field_of(kind): driver for kind, driver in drivers.items()}
        super().__init__(data, initial={**numbers, **seen, **by_kind})
        for kind in COST_DRIVERS:
            self.fields[_field_of(kind)] = forms.ChoiceField(
                label=CostKind(kind).label, choices=CostDriver.choices
            )

    @property
    def driver_fields(self) -> list[forms.BoundField]:
        """Return one field for each kind of cost to serve."""
        return [self[_field_of(kind)] for kind in COST_DRIVERS]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, text in faults(self.numbers()).items():
            if name not in self.errors:
                self.add_error(name, text)
        return cleaned

    def numbers(self) -> dict[str, Any]:
        """Return what was typed, as far as it could be read."""
        typed = {
            name: self.cleaned_data[name]
            for name in AssumedNumbers.number_names()
            if name in self.cleaned_data
        }
        typed["cost_drivers"] = {
            kind: self.cleaned_data[_field_of(kind)]
            for kind in COST_DRIVERS
            if _field_of(kind) in self.cleaned_data
        }
        return typed


def _field_of(kind: str) -> str:
    return f"driver_{kind}"


def carried_over(
    draft: AssumptionsDraft | None, current: Assumptions
) -> Mapping[str, Any]:
    """Return what counts now with what the draft changed of the version it began on."""
    if draft is None:
        return current.numbers
    return on_top_of(current, draft.numbers, began_on=draft.based_on)


def on_top_of(
    current: Assumptions, numbers: Mapping[str, Any], *, began_on: Assumptions
) -> Mapping[str, Any]:
    """Return `current` with those of `numbers` that differ from `began_on`."""
    was = began_on.numbers
    mine = {name: value for name, value in numbers.items() if value != was[name]}
    return {**current.numbers, **mine}


class PublishForm(forms.Form):
    """Why a draft is published, and from when on it shows."""

    reason = forms.CharField(
        label="Reason, for those who ask", max_length=LONGEST_REASON
    )
    begin = forms.ChoiceField(
        label="From when",
        choices=[(NIGHT, "With the coming night"), (NOW, "Value all accounts now")],
        widget=forms.RadioSelect,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, draft: AssumptionsDraft) -> None:
        super().__init__(
            data,
            initial={"seen": draft.version, "begin": NIGHT},
            auto_id="publish-%s",
        )
