"""Forms around questions: keep one, mail its answers, make a rule."""

from typing import Any

from django import forms

from campaigns.choices import Rhythm
from crm.models import User
from crm.permissions import SHARE_VIEWS


class KeepForm(forms.Form):
    """A name for a question and what was chosen in it."""

    query = forms.CharField(
        required=False, max_length=1000, widget=forms.HiddenInput, strip=False
    )
    name = forms.CharField(max_length=120)
    is_shared = forms.BooleanField(required=False)


class MailingForm(forms.Form):
    """How often an answer comes, from when on, and to whom."""

    rhythm = forms.ChoiceField(choices=Rhythm.choices, label="How often")
    begins_on = forms.DateField(
        required=False,
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if user.has_perm(SHARE_VIEWS):
            self.fields["recipient"] = forms.ModelChoiceField(
                User.objects.filter(is_active=True).order_by("name", "pk"),
                required=False,
                empty_label="me",
                label="To",
            )


class RuleForm(forms.Form):
    """The row of an answer that becomes a rule."""

    query = forms.CharField(required=False, max_length=1000, strip=False)
    part = forms.CharField(max_length=200)


class SwitchForm(forms.Form):
    """Whether a rule is on, and the version that was seen."""

    is_on = forms.BooleanField(required=False)
    version = forms.IntegerField(min_value=1)
