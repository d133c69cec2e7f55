"""Forms around offers: why one is dismissed, which ones the board shows."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef

from clv.choices import DismissReason, OfferKind
from crm.models import Account, Product, User


class DismissForm(forms.Form):
    """Why a product is not offered for a while."""

    reason = forms.ChoiceField(
        label="Why not", choices=[("", "Why not?"), *DismissReason.choices]
    )
    note = forms.CharField(required=False, max_length=300, label="Note")


class BoardFilter(forms.Form):
    """Which offers the board shows; everything is optional."""

    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Rep", empty_label="Every rep"
    )
    offered = forms.ModelChoiceField(
        Product.objects.filter(is_active=True).order_by("name", "pk"),
        required=False,
        label="Product",
        empty_label="Every product",
    )
    kind = forms.ChoiceField(
        required=False,
        label="Kind",
        choices=[("", "Both"), *OfferKind.choices],
    )

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if actor.sees_every_account:
            # Looked up person by person, not gathered from all accounts.
            owned = Account.objects.filter(owner=OuterRef("pk"))
            reps = User.objects.filter(Exists(owned))
            self.fields["owner"].queryset = reps.order_by("name", "pk")  # type: ignore[attr-defined]
        else:
            del self.fields["owner"]
