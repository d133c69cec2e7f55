"""Campaigns: what they are for, their touches, and who is added to which."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Count

from campaigns import policy
from campaigns.choices import Cadence, CampaignKind
from campaigns.forms.plans import TermsForm
from campaigns.models import Campaign, TouchTemplate
from campaigns.permissions import CHANGE_CAMPAIGNS
from campaigns.services.campaigns import CampaignFields
from campaigns.services.drafts import TERMS, TouchFields
from common.clock import business_today
from common.errors import DomainError
from common.templatetags.display import cents, counted, day
from crm.choices import Care
from crm.models import User

RUNS_DAYS = 56  # what a new campaign is offered
NEW = "new"
DAY = {"type": "date"}


class CampaignForm(forms.Form):
    """What a campaign is to bring about, when, for how much; `seen` is its version."""

    name = forms.CharField(max_length=150)
    kind = forms.ChoiceField(label="What for", choices=CampaignKind.choices)
    goal = forms.CharField(
        label="Goal, in a sentence",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    starts_on = forms.DateField(label="First day", widget=forms.DateInput(attrs=DAY))
    ends_on = forms.DateField(label="Last day", widget=forms.DateInput(attrs=DAY))
    budget = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        help_text="For the whole campaign, minutes included. Empty: none is set.",
    )
    holdout_percent = forms.IntegerField(
        label="Control group, per cent",
        min_value=0,
        max_value=50,
        help_text="Drawn by lot when it starts. They get nothing, so that the effect"
        " can be told from what would have come by itself.",
    )
    care = forms.ChoiceField(
        label="Aim",
        required=False,
        choices=[("", "none of the four"), *Care.choices],
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, campaign: Campaign | None = None) -> None:
        today = business_today()
        initial: dict[str, Any] = {
            "starts_on": today,
            "ends_on": today + dt.timedelta(days=RUNS_DAYS),
            "holdout_percent": 10,
        }
        if campaign is not None:
            initial = {name: getattr(campaign, name) for name in FIELDS}
            initial["seen"] = campaign.version
        super().__init__(data, initial=initial)

    def values(self) -> CampaignFields:
        """Return what the services take."""
        values: CampaignFields = {name: self.cleaned_data[name] for name in FIELDS}  # type: ignore[assignment]
        return values


FIELDS = (
    *("name", "kind", "goal", "starts_on", "ends_on"),
    *("budget", "holdout_percent", "care"),
)


class CampaignTouchForm(TermsForm):
    """One touch of a campaign: once, so many days after the start."""

    offset_days = forms.IntegerField(
        label="Days after the start",
        initial=0,
        min_value=0,
        max_value=policy.LATEST_ONBOARDING_DAY,
        help_text="0 is the first day.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        campaign: Campaign,
        touch: TouchTemplate | None = None,
    ) -> None:
        super().__init__(data, seen=campaign.version, touch=touch)
        for name in ("times", "cadence", "every", "event_type"):
            del self.fields[name]

    def values(self) -> TouchFields:
        once: dict[str, Any] = {
            "cadence": Cadence.ONCE,
            "times": 1,
            "every": 1,
            "event_type": None,
        }
        once |= self.cleaned_data
        values: TouchFields = {name: once[name] for name in TERMS}  # type: ignore[assignment]
        return values


class AddForm(forms.Form):
    """To which draft accounts are added; who may, begins a new one with them."""

    into = forms.ChoiceField(label="To which campaign")
    name = forms.CharField(label="Its name", required=False, max_length=150)
    kind = forms.ChoiceField(
        label="What for", required=False, choices=CampaignKind.choices
    )

    def __init__(self, data: Any = None, *, user: User, name: str = "") -> None:
        super().__init__(data, auto_id="add_%s")
        rows = Campaign.objects.drafts().visible_to(user).order_by("-pk")
        self._drafts = {
            str(one.pk): one for one in rows.annotate(n=Count("enrolments"))
        }
        choices = [(key, _said(one)) for key, one in self._drafts.items()]
        if user.has_perm(CHANGE_CAMPAIGNS):
            choices.append((NEW, "A new campaign"))
            self.fields["name"].initial = _free_name(name)
        else:
            del self.fields["name"], self.fields["kind"]
        field: Any = self.fields["into"]
        field.choices = choices
        field.error_messages["invalid_choice"] = (
            "This campaign is no draft any more. Choose another one."
        )

    @property
    def is_possible(self) -> bool:
        """Tell whether there is anything to choose from."""
        field: Any = self.fields["into"]
        return bool(field.choices)

    @property
    def campaign(self) -> Campaign | None:
        """Return the draft that was chosen; None for a new one."""
        return self._drafts.get(self.cleaned_data["into"])

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("into") == NEW and not data.get("name", "").strip():
            self.add_error("name", "Give the new campaign a name.")

    def values(self) -> CampaignFields:
        """Return what a new campaign begins with; all of it can be changed later."""
        first = business_today()
        return {
            "name": self.cleaned_data["name"],
            "kind": self.cleaned_data["kind"] or CampaignKind.KEEP,
            "starts_on": first,
            "ends_on": first + dt.timedelta(days=RUNS_DAYS),
        }

    def place_of(self, error: DomainError) -> str | None:
        """Return the field at which an error is said, if there is one."""
        return error.field if error.field in self.fields else None


def _said(campaign: Any) -> str:
    said = f"{campaign}: {counted(campaign.n, 'account')}"
    if campaign.budget is None:
        return f"{said}, no budget set"
    return f"{said}, budget {cents(campaign.budget)}"


def _free_name(wanted: str) -> str:
    """Return a name that no campaign has yet."""
    wanted = (wanted or f"Campaign of {day(business_today())}").strip()[:140]
    taken = {
        name.lower()
        for name in Campaign.objects.filter(name__istartswith=wanted).values_list(
            "name", flat=True
        )
    }
    names = (wanted if n == 1 else f"{wanted} ({n})" for n in range(1, len(taken) + 2))
    return next(name for name in names if name.lower() not in taken)


class TakeEffectForm(forms.Form):
    """Why the result counts as a measured effect, and which effect was read before."""

    reason = forms.CharField(max_length=300)
    based_on = forms.IntegerField(required=False, min_value=1)
