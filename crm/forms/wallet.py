"""Forms of competitors and of what customers spend in all."""

from typing import Any

from django import forms

from common.clock import business_today
from common.editing import VersionedForm
from crm.forms.accounts import DateInput
from crm.models import Competitor, CompetitorPresence, Product, WalletEstimate


def categories() -> list[tuple[str, str]]:
    """Return the categories that we sell, for a choice."""
    rows = Product.objects.exclude(category="").order_by("category")
    names = rows.values_list("category", flat=True).distinct()
    return [(name, name) for name in names]


class CompetitorForm(VersionedForm):
    """One firm that sells what we sell."""

    website = forms.URLField(required=False, max_length=200, assume_scheme="https")

    class Meta:
        model = Competitor
        fields = ["name", "website", "note", "is_active"]
        labels = {"is_active": "Still around"}
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}

    def _post_clean(self) -> None:
        """Leave the rules to the service, which says them in words."""


class PresenceForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """Something that an account has from a competitor."""

    category = forms.ChoiceField(required=False)

    class Meta:
        model = CompetitorPresence
        fields = ["competitor", "category", "product", "since", "note"]
        labels = {"product": "In place of ours"}
        widgets = {"since": DateInput(), "note": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        around = Competitor.objects.filter(is_active=True).order_by("name", "pk")
        active = Product.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["competitor"].queryset = around  # type: ignore[attr-defined]
        self.fields["product"].queryset = active  # type: ignore[attr-defined]
        self.fields["product"].empty_label = "None in particular"  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", "Not known"), *categories()]  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Leave the rules to the service, which says them in words."""


class EstimateForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """What an account spends a year on one category."""

    category = forms.ChoiceField()

    class Meta:
        model = WalletEstimate
        fields = ["category", "amount", "source", "estimated_on", "note"]
        labels = {
            "amount": "Spends a year in all",
            "source": "How we know",
            "estimated_on": "As of",
        }
        help_texts = {"amount": "With us and with others; empty if unknown again"}
        widgets = {"estimated_on": DateInput()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["category"].choices = categories()  # type: ignore[attr-defined]
        self.initial.setdefault("estimated_on", business_today())

    def _post_clean(self) -> None:
        """Leave the rules to the service, which says them in words."""
