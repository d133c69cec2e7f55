"""Forms of cases: written down in half a minute, answered, handed on."""

import uuid
from typing import Any

from django import forms
from django.db.models import Q

from common.editing import VersionedForm
from crm.choices import CaseUrgency, Channel
from crm.models import Account, Case, Contact, Holding, Product, User
from crm.policy import LONGEST_CONTACT_MINUTES
from crm.services.cases import LONGEST

CHANNELS = [choice for choice in Channel.choices if choice[0] != Channel.NOTE]


class CaseForm(VersionedForm):
    """What a customer wants settled. Only the title has to be typed."""

    form_token = forms.UUIDField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Case
        fields = [
            "title",
            "urgency",
            "kind",
            "channel",
            "contact",
            "holding",
            "product",
            "description",
        ]
        labels = {
            "title": "What is it about?",
            "channel": "Came by",
            "contact": "Who told us",
            "holding": "About what they have",
            "product": "Or another product",
            "description": "What happened",
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, account: Account | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._offer_people_and_things(account)
        self._offer("channel", CHANNELS)
        self._offer("urgency", reversed(CaseUrgency.choices))
        self.fields["title"].widget.attrs |= {
            "autofocus": True,
            "autocomplete": "off",
            "enterkeyhint": "send",
        }
        self.fields["holding"].help_text = ""
        if self.instance.pk:
            del self.fields["form_token"]
        else:
            self.initial.setdefault("form_token", uuid.uuid4())

    def _offer(self, name: str, choices: Any) -> None:
        field: Any = self.fields[name]
        field.choices = list(choices)

    def _offer_people_and_things(self, account: Account | None) -> None:
        products: Any = self.fields["product"]
        offered = Q(is_active=True) | Q(pk=self.instance.product_id or 0)
        products.queryset = Product.objects.filter(offered).order_by("name", "pk")
        products.empty_label = "None"
        if account is None:
            del self.fields["contact"], self.fields["holding"]
            return
        people: Any = self.fields["contact"]
        people.queryset = Contact.objects.filter(account=account).order_by("name", "pk")
        people.empty_label = "Nobody in particular"
        things: Any = self.fields["holding"]
        things.queryset = (
            Holding.objects.filter(account=account)
            .select_related("product")
            .order_by("-acquired_on", "-pk")
        )
        things.empty_label = "Nothing in particular"
        things.label_from_instance = _thing


def _thing(holding: Holding) -> str:
    return f"{holding.product}, since {holding.acquired_on:%Y}"


class CaseStepForm(forms.Form):
    """Words about a case, and the minutes that they took."""

    text = forms.CharField(
        label="Your answer or note",
        max_length=LONGEST["text"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "data-case-text": ""}),
    )
    channel = forms.ChoiceField(
        label="By", choices=[("", "–"), *CHANNELS], required=False
    )
    minutes = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_CONTACT_MINUTES,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    waits = forms.BooleanField(
        label="and wait for the customer: the clock stands", required=False
    )


class MinutesForm(forms.Form):
    """How long something really took."""

    minutes = forms.IntegerField(
        min_value=0, max_value=LONGEST_CONTACT_MINUTES, required=False
    )


class EscalateForm(forms.Form):
    """To whom a case goes up, and why."""

    to = forms.ModelChoiceField(
        User.objects.none(),
        label="To",
        required=False,
        empty_label="The manager of its territory",
    )
    text = forms.CharField(label="Why", max_length=300)

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        people: Any = self.fields["to"]
        everybody = User.objects.filter(is_active=True).exclude(pk=actor.pk)
        people.queryset = everybody.order_by("name", "pk")


class HandOverForm(forms.Form):
    """Who takes a case from here on."""

    owner = forms.ModelChoiceField(
        User.objects.none(), label="To", empty_label="Choose somebody"
    )
    text = forms.CharField(
        label="What they should know", max_length=300, required=False
    )

    def __init__(self, *args: Any, case: Case, **options: Any) -> None:
        super().__init__(*args, **options)
        people: Any = self.fields["owner"]
        everybody = User.objects.filter(is_active=True).exclude(pk=case.owner_id or 0)
        people.queryset = everybody.order_by("name", "pk")
