"""Forms of the catalogue."""

from typing import Any

from django import forms

from common.editing import VersionedForm
from crm.forms.wallet import categories
from crm.models import Product


class ProductForm(VersionedForm):
    """One thing we sell."""

    class Meta:
        model = Product
        fields = [
            "sku",
            "name",
            "category",
            "list_price",
            "unit_cost",
            "term_months",
            "life_months",
            "upgrade_to",
            "upgrade_reason",
            "is_active",
        ]
        labels = {
            "sku": "Number (SKU)",
            "unit_cost": "Cost of one",
            "list_price": "List price",
            "term_months": "Months of a term",
            "life_months": "Months it usually lasts",
            "upgrade_to": "Upgrade",
            "upgrade_reason": "Why upgrade",
            "is_active": "Sold",
        }
        help_texts = {
            "unit_cost": "Empty if not known; lines that were sold keep theirs",
            "term_months": "Only for contracts, which end and are renewed",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        others = Product.objects.filter(is_active=True).order_by("name", "pk")
        if self.instance.pk:
            others = others.exclude(pk=self.instance.pk)
        self.fields["upgrade_to"].queryset = others  # type: ignore[attr-defined]


class CatalogueFilter(forms.Form):
    """Which products the list shows; everything is optional."""

    search = forms.CharField(
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name, number"}),
    )
    category = forms.ChoiceField(required=False)
    retired = forms.BooleanField(required=False, label="Retired ones too")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["category"].choices = [("", "Every category"), *categories()]  # type: ignore[attr-defined]


class LinkForm(forms.Form):
    """What goes with a product, and why."""

    other = forms.ModelChoiceField(Product.objects.none(), label="Goes with")
    reason = forms.CharField(required=False, max_length=300, label="Why")

    def __init__(self, *args: Any, product: Product, **options: Any) -> None:
        super().__init__(*args, **options)
        linked = product.complements.values("pk")
        others = Product.objects.filter(is_active=True).exclude(pk=product.pk)
        free = others.exclude(pk__in=linked).order_by("name", "pk")
        self.fields["other"].queryset = free  # type: ignore[attr-defined]
