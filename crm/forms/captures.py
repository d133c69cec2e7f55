"""Forms about mailboxes, calendars and the meetings in them."""

from typing import Any

from django import forms

from common.clock import business_today
from crm import policy
from crm.capture_choices import MailboxSecurity
from crm.choices import Outcome
from crm.models import Contact, Mailbox, Meeting
from crm.services.mailboxes import INBOX


class FoldersField(forms.CharField):
    """Names of folders, one in a line."""

    widget = forms.Textarea(attrs={"rows": 2, "class": "p-folders"})

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class MailboxForm(forms.Form):
    """Where a mailbox stands and who opens it; the password is never shown again."""

    host = forms.CharField(
        label="Host",
        max_length=253,
        widget=forms.TextInput(
            attrs={"placeholder": "imap.example.com", "autocapitalize": "none"}
        ),
    )
    security = forms.ChoiceField(
        label="Protection",
        choices=MailboxSecurity.choices,
        initial=MailboxSecurity.TLS,
    )
    port = forms.IntegerField(min_value=1, max_value=65_535, initial=993)
    username = forms.CharField(
        label="User",
        max_length=254,
        help_text="Mostly the whole e-mail address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted. Many providers want one made for programs.",
    )
    folders = FoldersField(
        initial=[INBOX],
        help_text="One in a line. Add the one of sent mails to capture them too.",
    )
    since_on = forms.DateField(
        label="Mails from",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=f"Today, or up to {policy.MAILS_FURTHEST_BACK.days} days ago",
    )

    def __init__(self, data: Any = None, *, mailbox: Mailbox | None = None) -> None:
        names = ("host", "security", "port", "username", "folders", "since_on")
        if mailbox is None:
            initial: dict[str, Any] = {"since_on": business_today()}
        else:
            initial = {name: getattr(mailbox, name) for name in names}
        super().__init__(data, initial=initial)
        if mailbox is not None:
            password = self.fields["password"]
            password.required = False
            password.help_text = "Empty keeps the stored one."


class SubscriptionForm(forms.Form):
    """The secret address of a calendar."""

    name = forms.CharField(max_length=100, initial="My calendar")
    url = forms.CharField(
        label="Secret address (iCal)",
        max_length=500,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "off", "placeholder": "https://… .ics"}
        ),
        help_text="From the settings of your calendar, where it is published. Stored "
        "encrypted and never shown again.",
    )


class MeetingForm(forms.Form):
    """How a meeting went, as far as it is not as the calendar says."""

    contact = forms.ModelChoiceField(
        Contact.objects.none(), label="With", required=False, empty_label="Nobody named"
    )
    minutes = forms.IntegerField(
        min_value=0, max_value=policy.LONGEST_CONTACT_MINUTES, required=False
    )
    note = forms.CharField(
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="What was spoken about",
    )
    outcome = forms.ChoiceField(
        label="How it went",
        required=False,
        choices=[
            (value, label)
            for value, label in Outcome.choices
            if value != Outcome.NO_ANSWER
        ],
    )

    def __init__(self, data: Any = None, *, meeting: Meeting) -> None:
        initial = {
            "contact": meeting.contact_id,
            "minutes": meeting.minutes,
            "note": meeting.title,
        }
        super().__init__(data, initial=initial)
        people = Contact.objects.filter(account=meeting.account, left_on=None)
        self.fields["contact"].queryset = people.order_by("name", "pk")  # type: ignore[attr-defined]
