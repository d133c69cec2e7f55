"""The form of an ideal customer profile."""

from typing import Any

from django import forms

from clv.models import IdealProfile, ValuationRun
from clv.queries.prospects import ProspectFilter, ProspectList
from clv.services.profiles import LONGEST_NOTE
from crm.choices import SizeBand
from crm.models import User


class ProfileForm(forms.Form):
    """Whom to win: what is left empty may be anything."""

    industries = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: any industry.",
    )
    size_bands = forms.MultipleChoiceField(
        label="Sizes",
        required=False,
        choices=[choice for choice in SizeBand.choices if choice[0]],
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: any size.",
    )
    least_worth = forms.DecimalField(
        label="Worth once won, at least",
        required=False,
        max_digits=14,
        decimal_places=2,
        help_text="Expected CLV of one that is won, by customers like it.",
    )
    note = forms.CharField(label="Why", required=False, max_length=LONGEST_NOTE)

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        run = ValuationRun.objects.current()
        known = ProspectList(user=user, run=run, wanted=ProspectFilter()).industries()
        newest = IdealProfile.objects.first()
        asked = newest.industries if newest else []
        names = sorted({*known, *asked})
        self.fields["industries"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    @property
    def asked(self) -> IdealProfile:
        """Return what is asked for, as no version yet."""
        values = self.cleaned_data
        return IdealProfile(
            industries=values.get("industries", []),
            size_bands=values.get("size_bands", []),
            least_worth=values.get("least_worth"),
        )
