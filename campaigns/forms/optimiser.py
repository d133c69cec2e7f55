"""What the optimiser is asked: money, hours, how finely to decide, what stays."""

from typing import Any

from django import forms

from campaigns.queries.best_plans import Ask
from segments.choices import WorthClass

MOST_MONEY, MOST_HOURS = 10**11, 10**6
BY_CLASS, BY_BAND = "class", "band"


class OptimiserForm(forms.Form):
    """Two limits and two choices; what is left out stands as it usually does."""

    money = forms.DecimalField(
        label="Money a year",
        required=False,
        min_value=0,
        max_value=MOST_MONEY,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        help_text="For all plans together, people’s minutes included.",
    )
    hours = forms.DecimalField(
        label="Rep hours a week",
        required=False,
        min_value=0,
        max_value=MOST_HOURS,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        help_text="All representatives together.",
    )
    by = forms.ChoiceField(
        label="Decide",
        required=False,
        choices=[
            (BY_CLASS, "one plan for each class"),
            (BY_BAND, "by band of worth within a class"),
        ],
        widget=forms.RadioSelect,
    )
    keep = forms.MultipleChoiceField(
        label="Leave as they are",
        required=False,
        choices=WorthClass.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, given: Any, *, usual: Ask) -> None:
        given = given.copy()
        given["by"] = given.get("by") or BY_CLASS
        super().__init__(given)
        self.usual = usual
        for name in ("money", "hours"):
            self.fields[name].widget.attrs["placeholder"] = str(getattr(usual, name))

    def ask(self) -> Ask:
        """Return what is asked; only of a valid form."""
        given = self.cleaned_data
        money, hours = given["money"], given["hours"]
        return Ask(
            money=self.usual.money if money is None else money,
            hours=self.usual.hours if hours is None else hours,
            is_by_band=given["by"] == BY_BAND,
            kept=tuple(given["keep"]),
        )


class KeepSearchForm(forms.Form):
    """What a kept search is called."""

    name = forms.CharField(label="Name", max_length=120)
