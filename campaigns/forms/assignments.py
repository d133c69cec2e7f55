"""Putting accounts on a plan by hand, and taking them off it."""

from django import forms

from campaigns.queries.assignments import plans_in_force
from common.clock import business_today

LONGEST_REASON = 300
FROM_A_LIST = "Chosen from a list"


def plan_fields() -> dict[str, forms.Field]:
    """Return the fields that say which plan, why, and how long."""
    return {
        "plan": forms.ModelChoiceField(
            plans_in_force(today=business_today()), empty_label=None
        ),
        "reason": forms.CharField(
            label="Why, for those who ask",
            max_length=LONGEST_REASON,
            initial=FROM_A_LIST,
        ),
        "ends_on": forms.DateField(
            label="Last day, if there is one",
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
            help_text="Without one, until the class of the account changes.",
        ),
    }


class AssignForm(forms.Form):
    """One account, put on a plan."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.auto_id = "assign_%s"
        self.fields |= plan_fields()
        self.fields["reason"].initial = ""


class TakeOffForm(forms.Form):
    """Why an account is taken off a plan that it follows by hand."""

    reason = forms.CharField(label="Why it is taken off", max_length=LONGEST_REASON)
