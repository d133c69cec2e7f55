"""Forms of allocation: a rule, the costs to spread, taking it back."""

import datetime as dt
from typing import Any

from django import forms

from common.editing import VersionedForm
from crm.choices import CostKind, RelationshipType
from crm.models import Account, AllocationRule, Territory
from crm.queries.allocation import month_end

LONGEST_KEY = 18  # digits


class MonthField(forms.DateField):
    """A month, such as 2026-10; the value is its first day."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m", attrs={"type": "month"})
        widget.input_type = "month"
        super().__init__(input_formats=["%Y-%m", "%Y-%m-%d"], widget=widget, **options)

    def clean(self, value: Any) -> dt.date | None:
        day: dt.date | None = super().clean(value)
        return day.replace(day=1) if day else None


class RuleForm(VersionedForm):
    """How shared costs are spread. Name and kind stay once the rule is there."""

    reason = forms.CharField(
        label="Why so",
        max_length=300,
        help_text="Kept with this version, for those who ask later",
    )

    class Meta:
        model = AllocationRule
        fields = [
            "name",
            "kind",
            "driver",
            "span",
            "relationship_type",
            "territory",
            "industry",
            "is_monthly",
            "is_active",
        ]
        labels = {
            "kind": "Kind of cost",
            "driver": "Spread by",
            "span": "Counted",
            "relationship_type": "Only this type of relationship",
            "territory": "Only this territory",
            "industry": "Only this industry",
            "is_monthly": "Spread each month by itself once it is over",
            "is_active": "In use",
        }
        help_texts = {"is_monthly": ""}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].choices = CostKind.choices  # type: ignore[attr-defined]
        types = [choice for choice in RelationshipType.choices if choice[0]]
        self.fields["relationship_type"].choices = [("", "All"), *types]  # type: ignore[attr-defined]
        territories = Territory.objects.order_by("name")
        self.fields["territory"].queryset = territories  # type: ignore[attr-defined]
        self.fields["territory"].empty_label = "All"  # type: ignore[attr-defined]
        self.fields["industry"].help_text = "As accounts have it; empty for all"
        if self.instance.pk:
            del self.fields["name"], self.fields["kind"]

    def clean_industry(self) -> str:
        words = str(self.cleaned_data["industry"]).strip()
        known = Account.objects.active().filter(industry__iexact=words)
        if words and not known.exists():
            raise forms.ValidationError("No account is of this industry.")
        return (
            known.values_list("industry", flat=True).first() or words if words else ""
        )

    def terms(self) -> dict[str, Any]:
        """Return what was entered, without name, kind and what carries versions."""
        other = {"name", "kind", "reason", "version", "base"}
        return {k: v for k, v in self.cleaned_data.items() if k not in other}

    def _post_clean(self) -> None:
        """Leave the record alone: the service checks and stores."""

    def validate_unique(self) -> None:
        """Leave names to the service, which refuses them in words."""


class PeriodForm(forms.Form):
    """Whole months, and some of their costs if not all."""

    month = MonthField(label="From")
    until = MonthField(label="To", required=False)
    cost = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.MultipleHiddenInput
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        given = self.data.getlist("cost") if hasattr(self.data, "getlist") else []
        offered = [one for one in given if one.isascii() and one.isdecimal()]
        self.fields["cost"].choices = [(n, n) for n in offered if len(n) <= LONGEST_KEY]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        super().clean()
        given = self.cleaned_data
        first, last = given.get("month"), given.get("until")
        if first and last and last < first:
            self.add_error("until", "The period ends before it begins.")
        return given

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        first: dt.date = self.cleaned_data["month"]
        return first, month_end(self.cleaned_data["until"] or first)


class UndoForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=250)
