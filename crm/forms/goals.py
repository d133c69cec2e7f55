"""Forms of goals and of the journal."""

from typing import Any

from django import forms

from common.clock import business_today
from common.editing import VersionedForm
from crm import policy
from crm.choices import HypothesisStatus
from crm.forms.accounts import DateInput
from crm.models import Account, ClientGoal, Contact, Hypothesis, User


class GoalForm(VersionedForm):
    """What a customer wants to reach, who of us looks after it, and until when."""

    class Meta:
        model = ClientGoal
        fields = ["title", "contact", "owner", "status", "target_on", "review_on"]
        labels = {
            "title": "What they want to reach",
            "contact": "Whose goal",
            "owner": "Who of us looks after it",
            "target_on": "By",
            "review_on": "Look at it again on",
        }
        widgets = {"target_on": DateInput(), "review_on": DateInput()}

    def __init__(
        self, *args: Any, account: Account, actor: User, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        people = Contact.objects.filter(account=account)
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]
        self.fields["contact"].empty_label = "The account as a whole"  # type: ignore[attr-defined]
        if actor.sees_every_account:
            owners = User.objects.filter(is_active=True).order_by("name", "pk")
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
            self.initial.setdefault("owner", actor.pk)
        else:
            del self.fields["owner"]
        again = business_today() + policy.REVIEW_AFTER
        self.initial.setdefault("review_on", again)


class GoalEvidenceForm(forms.Form):
    """What was seen of a goal, and what it is worth to the customer."""

    text = forms.CharField(
        label="What shows it", max_length=2_000, widget=forms.Textarea({"rows": 2})
    )
    noted_on = forms.DateField(label="Seen on", widget=DateInput())
    amount = forms.DecimalField(
        label="Worth to them",
        required=False,
        max_digits=14,
        decimal_places=2,
        help_text="Empty when nobody can say",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["noted_on"] = business_today()


class StepForm(forms.Form):
    """The next step towards a goal, which becomes a task."""

    title = forms.CharField(label="What is to be done", max_length=300)
    due_on = forms.DateField(label="By", widget=DateInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["due_on"] = business_today()


class HypothesisForm(forms.Form):
    """What somebody supposes about an account."""

    statement = forms.CharField(
        label="I suppose that",
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text="Such as: they buy toner elsewhere because we deliver too late",
    )
    review_on = forms.DateField(label="Check it on", widget=DateInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["review_on"] = business_today() + policy.REVIEW_AFTER


class HypothesisEvidenceForm(forms.Form):
    """What speaks for or against a hypothesis."""

    is_for = forms.TypedChoiceField(
        label="It speaks",
        choices=[("yes", "for it"), ("no", "against it")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="What was seen", max_length=2_000, widget=forms.Textarea({"rows": 2})
    )
    noted_on = forms.DateField(label="Seen on", widget=DateInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["noted_on"] = business_today()


class ConclusionForm(VersionedForm):
    """Confirmed or refuted, and what follows from it."""

    merges = False
    status = forms.ChoiceField(
        label="It is",
        choices=[
            (word.value, word.label)
            for word in HypothesisStatus
            if word != HypothesisStatus.OPEN
        ],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Hypothesis
        fields = ["status", "conclusion"]
        labels = {"conclusion": "What follows from it"}
        widgets = {"conclusion": forms.Textarea(attrs={"rows": 2})}


class ReviewForm(VersionedForm):
    """Until when a hypothesis stays open."""

    class Meta:
        model = Hypothesis
        fields = ["review_on"]
        labels = {"review_on": "Check it on"}
        widgets = {"review_on": DateInput()}
