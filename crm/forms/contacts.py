"""Forms about one person: who they are, what we think of them, what they allow."""

from typing import Any

from django import forms

from common.clock import business_today
from common.editing import VersionedForm
from crm.forms.accounts import DateInput
from crm.models import Account, Consent, Contact, User
from crm.services.assessments import JUDGED


class ContactForm(VersionedForm):
    """Who a person is; a new one also gets a first assessment."""

    judged_source = forms.CharField(
        label="Judged by what",
        max_length=200,
        required=False,
        help_text="Such as: said so at the fair",
    )

    class Meta:
        model = Contact
        fields = [
            "name",
            "title",
            "email",
            "phone",
            *JUDGED,
            "needs",
            "preferred_channel",
            "preferred_time",
            "language",
            "topics",
            "preferences",
            "contact_cap",
            "do_not_contact",
            "do_not_contact_reason",
        ]
        labels = {
            "title": "Job title",
            "decision_role": "Part in decisions",
            "preferred_channel": "Likes to be reached by",
            "preferred_time": "Best time",
            "topics": "Topics they like",
            "preferences": "Other preferences",
            "contact_cap": "At most so many contacts in 30 days",
            "do_not_contact": "Asked not to be contacted",
            "do_not_contact_reason": "Why, or since when",
        }
        help_texts = {
            "influence": "1 little, 5 decisive; empty when not known",
            "contact_cap": "Calls, mails, letters and messages from us; empty if they "
            "set no limit",
            "preferred_time": "Such as: mornings, not on Fridays",
        }
        widgets = {
            "needs": forms.Textarea(attrs={"rows": 2}),
            "preferences": forms.Textarea(attrs={"rows": 2}),
            "phone": forms.TextInput(attrs={"type": "tel"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:  # then it is assessed, with a day and a source
            for name in (*JUDGED, "judged_source"):
                del self.fields[name]


class AssessmentForm(VersionedForm):
    """What we think of a person's part in decisions, since when and why."""

    judged_on = forms.DateField(label="Judged on", widget=DateInput())
    source = forms.CharField(
        label="By what",
        max_length=200,
        required=False,
        help_text="Such as: visit, or what a colleague of theirs said",
    )

    class Meta:
        model = Contact
        fields = list(JUDGED)
        labels = {"decision_role": "Part in decisions"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["judged_on"] = business_today()


class ConsentForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """One wish of a person, with its proof."""

    is_granted = forms.TypedChoiceField(
        label="They said",
        choices=[("yes", "Yes, you may"), ("no", "No, do not")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Consent
        fields = [
            "is_granted",
            "channel",
            "topic",
            "means",
            "obtained_on",
            "place",
            "wording",
            "proof",
        ]
        labels = {
            "means": "How they said it",
            "obtained_on": "On",
            "place": "Where",
            "wording": "In which words",
            "proof": "Document",
        }
        help_texts = {
            "topic": "Such as: offers; empty for everything",
            "proof": "Its number, file name or address",
        }
        widgets = {
            "obtained_on": DateInput(),
            "wording": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("obtained_on", business_today())


class LeaveForm(VersionedForm):
    """When a person left, who took over, and where they went."""

    moved_to = forms.CharField(
        label="Went to the account",
        max_length=200,
        required=False,
        help_text="The beginning of its name, if it is one of ours",
    )

    class Meta:
        model = Contact
        fields = ["left_on", "successor"]
        labels = {"left_on": "Left on", "successor": "Who took over"}
        widgets = {"left_on": DateInput()}

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        others = Contact.objects.filter(account_id=self.instance.account_id)
        others = others.filter(left_on=None).exclude(pk=self.instance.pk)
        self.fields["successor"].queryset = others  # type: ignore[attr-defined]
        self.fields["successor"].empty_label = "Nobody, or not known"  # type: ignore[attr-defined]
        self.fields["left_on"].required = True
        self.initial["left_on"] = business_today()
        self.mine = Account.objects.active().visible_to(actor)

    def clean_moved_to(self) -> Account | None:
        words = self.cleaned_data["moved_to"].strip()
        if not words:
            return None
        found = list(self.mine.matching(words).order_by("name", "pk")[:3])
        same = [one for one in found if one.name.casefold() == words.casefold()]
        found = same or found
        if not found:
            raise forms.ValidationError("No account of yours begins with these words.")
        if len(found) > 1:
            names = ", ".join(one.name for one in found)
            raise forms.ValidationError(f"Several accounts fit: {names}. Type more.")
        return found[0]
