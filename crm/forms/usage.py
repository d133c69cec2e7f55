"""Forms of use and of what it is worth to the customer."""

import datetime as dt
from typing import Any

from django import forms

from common.clock import business_today
from crm.forms.accounts import DateInput
from crm.models import Account, Contact, Holding, Product, StatedValue, Usage
from crm.queries.usage import last_month


class MonthField(forms.DateField):
    """A month, chosen in the browser's own month picker."""

    def __init__(self, **options: Any) -> None:
        picker = forms.DateInput(format="%Y-%m", attrs={"type": "month"})
        super().__init__(widget=picker, input_formats=["%Y-%m", "%Y-%m-%d"], **options)


class UsageForm(forms.Form):
    """How much of something was used in one month."""

    holding = forms.ModelChoiceField(
        Holding.objects.none(), label="What", empty_label=None
    )
    metric = forms.CharField(
        label="What is counted",
        max_length=60,
        widget=forms.TextInput(attrs={"list": "metrics", "autocomplete": "off"}),
    )
    month = MonthField()
    value = forms.DecimalField(
        label="How much", min_value=0, max_digits=14, decimal_places=3
    )

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        held = Holding.objects.on_hand().filter(account=account)
        chosen = self.fields["holding"]
        chosen.queryset = held.select_related("product").order_by("product__name", "pk")  # type: ignore[attr-defined]
        chosen.label_from_instance = _name  # type: ignore[attr-defined]
        self.initial.setdefault("month", last_month(business_today()))
        used = Usage.objects.filter(holding__in=held).order_by("metric")
        self.metrics = list(used.values_list("metric", flat=True).distinct())
        if self.metrics:
            self.initial.setdefault("metric", self.metrics[0])


class TargetForm(forms.Form):
    """How much use a month was agreed; empty takes the target away."""

    metric = forms.CharField(max_length=60, widget=forms.HiddenInput)
    value = forms.DecimalField(
        label="Agreed a month", required=False, max_digits=14, decimal_places=3
    )


class StatedValueForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """What the customer says that it is worth to them."""

    class Meta:
        model = StatedValue
        fields = ["words", "product", "amount", "stated_on", "contact", "source"]
        labels = {
            "words": "What they said",
            "product": "About",
            "amount": "Worth to them a year",
            "stated_on": "On",
            "contact": "Who said it",
            "source": "How we know",
        }
        help_texts = {"amount": "Only if they named a sum"}
        widgets = {
            "words": forms.Textarea(attrs={"rows": 2}),
            "stated_on": DateInput(),
        }

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        held = Product.objects.filter(holdings__account=account).distinct()
        people = Contact.objects.filter(account=account)
        self.fields["product"].queryset = held.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["product"].empty_label = "All that we do"  # type: ignore[attr-defined]
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]
        self.fields["contact"].empty_label = "Not known"  # type: ignore[attr-defined]
        self.initial.setdefault("stated_on", business_today())

    def _post_clean(self) -> None:
        """Leave the rules to the service, which says them in words."""


def _name(holding: Holding) -> str:
    number = f" no. {holding.serial_number}" if holding.serial_number else ""
    return f"{holding.product}{number}, since {_day(holding.acquired_on)}"


def _day(value: dt.date) -> str:
    return f"{value.day} {value:%b %Y}"
