"""Forms of what a customer has."""

from typing import Any

from django import forms

from common.clock import business_today
from common.editing import VersionedForm
from crm.choices import HoldingStatus
from crm.forms.accounts import DateInput
from crm.models import Holding, Product

NOTE = forms.Textarea(attrs={"rows": 2})


class HoldingForm(VersionedForm):
    """What a customer has; the product is chosen once."""

    class Meta:
        model = Holding
        fields = [
            "product",
            "quantity",
            "acquired_on",
            "ends_on",
            "serial_number",
            "note",
        ]
        labels = {
            "acquired_on": "Since",
            "ends_on": "Expected end",
            "serial_number": "Serial number",
        }
        help_texts = {
            "ends_on": "Empty if none is known; a contract then runs on by itself"
        }
        widgets = {"acquired_on": DateInput(), "ends_on": DateInput(), "note": NOTE}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["quantity"].widget.attrs["min"] = "0.001"
        if self.instance.pk:
            del self.fields["product"]
        else:
            active = Product.objects.filter(is_active=True).order_by("name", "pk")
            self.fields["product"].queryset = active  # type: ignore[attr-defined]
            self.initial.setdefault("quantity", 1)
            self.initial.setdefault("acquired_on", business_today())

    def _post_clean(self) -> None:
        """Leave the rules to the service, which says them in words."""


class ReplaceForm(HoldingForm):
    """What takes the place of something they have."""

    def __init__(self, *args: Any, old: Holding, **options: Any) -> None:
        super().__init__(*args, **options)
        self.old = old
        self.initial["quantity"] = old.quantity.normalize()
        self.initial["version"] = old.version
        if old.product.upgrade_to_id:
            self.initial["product"] = old.product.upgrade_to_id


class RenewForm(forms.Form):
    """The next term of a contract."""

    quantity = forms.DecimalField(max_digits=12, decimal_places=3)
    months = forms.IntegerField(label="Months", min_value=1, max_value=120)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class EndForm(forms.Form):
    """Why and when something is not there any more."""

    status = forms.ChoiceField(
        label="What became of it",
        choices=[
            (HoldingStatus.ENDED, "Ended, sold or thrown away"),
            (HoldingStatus.RETURNED, "Came back to us"),
        ],
    )
    ended_on = forms.DateField(label="On", widget=DateInput())
    note = forms.CharField(required=False, max_length=2000, widget=NOTE)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("ended_on", business_today())
