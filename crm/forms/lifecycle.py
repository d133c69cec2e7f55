"""Forms of stages, of types of relationship, and of who referred whom."""

from typing import Any

from django import forms

from common.editing import VersionedForm
from crm.models import Account, LifecycleStage, RelationshipProfile, User

MATCHES_READ = 3


class SetStageForm(forms.Form):
    """Another stage, and why."""

    stage = forms.ModelChoiceField(LifecycleStage.objects.all(), label="Stage")
    reason = forms.CharField(label="Why", max_length=300)


class StageForm(VersionedForm):
    """What to do in a stage, and by which rule accounts enter it."""

    class Meta:
        model = LifecycleStage
        fields = ["name", "play", "orders_from", "idle_days_from", "customer_days_to"]
        labels = {
            "play": "What to do here",
            "orders_from": "At least so many orders",
            "idle_days_from": "No order for at least so many days",
            "customer_days_to": "First order at most so many days ago",
        }
        widgets = {"play": forms.Textarea(attrs={"rows": 3})}


class BenefitsForm(VersionedForm):
    """What a type of relationship offers to the customer, and to us."""

    class Meta:
        model = RelationshipProfile
        fields = ["for_them", "for_us"]
        labels = {"for_them": "What it offers them", "for_us": "What it offers us"}


class ReferrerForm(VersionedForm):
    """Which account recommended us to this one."""

    referrer = forms.CharField(
        label="Recommended by the account",
        max_length=200,
        required=False,
        help_text="The beginning of its name; empty for nobody",
    )

    class Meta:
        model = Account
        fields = ["advocate_status"]
        labels = {"advocate_status": "Do they recommend us themselves"}

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.mine = Account.objects.active().visible_to(actor)
        known = self.mine.filter(pk=self.instance.referred_by_id).first()
        self.is_hidden = known is None and self.instance.referred_by_id is not None
        self.initial.setdefault("referrer", known.name if known else "")

    def clean_referrer(self) -> Account | None:
        words = self.cleaned_data["referrer"].strip()
        if not words:
            # What a rep may not see is not theirs to take away.
            return self.instance.referred_by if self.is_hidden else None
        rows = self.mine.matching(words).order_by("name", "pk")
        found = list(rows[:MATCHES_READ])
        found = [a for a in found if a.name.casefold() == words.casefold()] or found
        if not found:
            raise forms.ValidationError("No account of yours begins with these words.")
        if len(found) > 1:
            names = ", ".join(one.name for one in found)
            raise forms.ValidationError(f"Several accounts fit: {names}. Type more.")
        return found[0]
