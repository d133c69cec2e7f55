"""Recording a measured effect, and withdrawing one."""

from typing import Any

from django import forms

from campaigns.choices import TOUCH_CHANNELS
from campaigns.models import MeasuredEffect, RetentionPlan
from common.form_fields import PercentField
from segments.choices import WorthClass

NOTHING = ("", "–")


class EffectForm(forms.Form):
    """What care of one plan, class or channel was measured to secure."""

    plan = forms.ModelChoiceField(
        RetentionPlan.objects.none(),
        label="Of a plan",
        required=False,
        empty_label=NOTHING[1],
    )
    worth_class = forms.ChoiceField(
        label="or of a class", choices=[NOTHING, *WorthClass.choices], required=False
    )
    channel = forms.ChoiceField(
        label="or of a channel", choices=[NOTHING, *TOUCH_CHANNELS], required=False
    )
    effect = PercentField(
        label="Effect, %",
        help_text="Share of a year's expected margin that the care secured.",
    )
    low = PercentField(label="Interval from, %")
    high = PercentField(label="to, %")
    accounts = forms.IntegerField(
        label="Accounts measured", help_text="With and without the care together."
    )
    measured_from = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    measured_until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"})
    )
    source = forms.CharField(
        label="Source",
        max_length=300,
        help_text="How it was measured: hold-out, comparison of years, study.",
    )
    reason = forms.CharField(label="Reason, for those who ask", max_length=300)
    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, current: MeasuredEffect | None) -> None:
        initial: dict[str, Any] = {}
        if current is not None:
            names = ("effect", "low", "high", "accounts", "source")
            initial = {name: getattr(current, name) for name in names}
            initial |= {
                "plan": current.plan_id,
                "worth_class": current.worth_class,
                "channel": current.channel,
                "measured_from": current.measured_from.isoformat(),
                "measured_until": current.measured_until.isoformat(),
                "based_on": current.pk,
            }
        super().__init__(data, initial=initial)
        field = self.fields["plan"]
        field.queryset = RetentionPlan.objects.followable().order_by("name", "pk")  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    """Why an effect counts no longer."""

    reason = forms.CharField(label="Why", max_length=300)
