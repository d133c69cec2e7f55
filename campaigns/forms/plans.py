"""Plans: who they are for, their touches one at a time, and the day they begin."""

from typing import Any

from django import forms

from campaigns import policy
from campaigns.choices import (
    NEWCOMERS,
    TOUCH_CHANNELS,
    BudgetHead,
    Cadence,
    OwnerRole,
)
from campaigns.models import LibraryTouch, PlanVersion, RetentionPlan
from campaigns.models.plans import TouchTerms
from campaigns.services.drafts import TERMS, TouchFields
from campaigns.services.plans import Audience
from campaigns.services.ready import READY_PLANS
from common.clock import business_today
from crm.choices import Care, RelationshipType
from crm.models import EventType, Tag, Territory
from crm.policy import LONGEST_CONTACT_MINUTES
from segments.choices import WorthClass

CADENCES = [
    (Cadence.WEEK, "a week"),
    (Cadence.MONTH, "a month"),
    (Cadence.QUARTER, "a quarter"),
    (Cadence.YEAR, "a year"),
    (Cadence.WEEKS, "every few weeks"),
    (Cadence.ANNIVERSARY, "on an anniversary"),
    (Cadence.ONBOARDING, "on a day after the first contact"),
]
CLASSES = [*WorthClass.choices, (NEWCOMERS, "Newcomers: no class yet")]
AUTOMATIC, BY_HAND = "automatic", "by-hand"


class TermsForm(forms.Form):
    """What a touch is, how often it comes, what it costs. `seen` is a row version."""

    title = forms.CharField(max_length=150)
    channel = forms.ChoiceField(choices=TOUCH_CHANNELS)
    times = forms.IntegerField(label="Times", min_value=1, max_value=31, initial=1)
    cadence = forms.ChoiceField(label="How often", choices=CADENCES)
    every = forms.IntegerField(
        label="Weeks between", required=False, min_value=1, max_value=104, initial=6
    )
    offset_days = forms.IntegerField(
        label="Day",
        required=False,
        initial=0,
        min_value=-policy.FURTHEST_FROM_ANNIVERSARY_DAYS,
        max_value=policy.LATEST_ONBOARDING_DAY,
        help_text="Days after it; before an anniversary with a minus.",
    )
    event_type = forms.ModelChoiceField(
        label="Anniversary of",
        queryset=EventType.objects.none(),
        required=False,
        empty_label="becoming a customer",
    )
    unit_cost = forms.DecimalField(
        label="Unit cost",
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
        help_text="For one customer, minutes not included. Empty: not known yet.",
    )
    minutes = forms.IntegerField(
        min_value=0, max_value=LONGEST_CONTACT_MINUTES, initial=0
    )
    owner_role = forms.ChoiceField(label="Who does it", choices=OwnerRole.choices)
    head = forms.ChoiceField(label="Paid from", choices=BudgetHead.choices)
    care = forms.ChoiceField(label="Aim", required=False, choices=Care.choices)
    topic = forms.CharField(
        label="Topic",
        required=False,
        max_length=60,
        help_text="Who has refused this topic does not get it.",
    )
    subject = forms.CharField(label="Subject", required=False, max_length=200)
    content = forms.CharField(
        label="Text or script",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, seen: int, touch: TouchTerms | None = None
    ) -> None:
        initial: dict[str, Any] = {"seen": seen}
        if touch is not None:
            initial |= {name: getattr(touch, name) for name in TERMS}
        super().__init__(data, initial=initial)
        if data is None:
            self.fields["title"].widget.attrs["autofocus"] = True
        events = EventType.objects.filter(is_active=True)
        if touch is not None and touch.event_type is not None:
            events |= EventType.objects.filter(pk=touch.event_type.pk)
        field: Any = self.fields["event_type"]
        field.queryset = events

    def clean_every(self) -> int:
        return self.cleaned_data["every"] or 1

    def clean_offset_days(self) -> int:
        return self.cleaned_data["offset_days"] or 0

    def values(self) -> TouchFields:
        """Return what the services take."""
        values: TouchFields = {name: self.cleaned_data[name] for name in TERMS}  # type: ignore[assignment]
        return values


class TouchForm(TermsForm):
    """One touch of a draft; while it is typed, a title may still be wanting."""

    def __init__(
        self,
        data: Any = None,
        *,
        draft: PlanVersion,
        touch: TouchTerms | None = None,
        is_typed: bool = False,
    ) -> None:
        super().__init__(data, seen=draft.version, touch=touch)
        if is_typed:
            self.fields["title"].required = False


class LibraryTouchForm(TermsForm):
    """One touch of the library."""

    def __init__(self, data: Any = None, *, kept: LibraryTouch | None = None) -> None:
        super().__init__(data, seen=kept.version if kept else 0, touch=kept)


class RunForm(forms.Form):
    """For how long an account follows a plan."""

    runs_days = forms.IntegerField(
        label="An account follows it for, in days",
        required=False,
        min_value=1,
        max_value=policy.LONGEST_RUN_DAYS,
        help_text="Empty: as long as it fits.",
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, draft: PlanVersion) -> None:
        initial = {"runs_days": draft.runs_days, "seen": draft.version}
        super().__init__(data, initial=initial, auto_id="run-%s")


class PublishForm(forms.Form):
    """When a draft becomes the plan, and why."""

    valid_from = forms.DateField(
        label="Begins on", widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label="What changes, in a few words", required=False, max_length=300
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, draft: PlanVersion) -> None:
        initial = {
            "valid_from": business_today(),
            "seen": draft.version,
            "note": draft.note,
        }
        super().__init__(data, initial=initial, auto_id="publish-%s")


class PlanForm(forms.Form):
    """What a plan is called and who it is for."""

    name = forms.CharField(max_length=150)
    worth_class = forms.ChoiceField(label="Class", choices=CLASSES)
    follows = forms.ChoiceField(
        label="Who follows it",
        choices=[
            (AUTOMATIC, "Everybody of the class who fits"),
            (BY_HAND, "Only whom somebody puts on it"),
        ],
        initial=AUTOMATIC,
    )
    relationship_type = forms.ChoiceField(
        label="Relationship",
        required=False,
        choices=[("", "every"), *RelationshipType.choices[:-1]],
    )
    territory = forms.ModelChoiceField(
        queryset=Territory.objects.all(), required=False, empty_label="every"
    )
    tag = forms.ModelChoiceField(
        label="Tag (persona)",
        queryset=Tag.objects.none(),
        required=False,
        empty_label="with any tag or none",
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, plan: RetentionPlan | None = None) -> None:
        initial: dict[str, Any] = {}
        if plan is not None:
            initial = {
                "name": plan.name,
                "worth_class": plan.worth_class or NEWCOMERS,
                "follows": AUTOMATIC if plan.is_automatic else BY_HAND,
                "relationship_type": plan.relationship_type,
                "territory": plan.territory_id,
                "tag": plan.tag_id,
                "seen": plan.version,
            }
        super().__init__(data, initial=initial)
        tags = Tag.objects.filter(is_active=True)
        if plan is not None and plan.tag_id:
            tags |= Tag.objects.filter(pk=plan.tag_id)
        field: Any = self.fields["tag"]
        field.queryset = tags

    def audience(self) -> Audience:
        """Return what the services take."""
        worth_class = self.cleaned_data["worth_class"]
        return Audience(
            worth_class="" if worth_class == NEWCOMERS else worth_class,
            is_automatic=self.cleaned_data["follows"] == AUTOMATIC,
            relationship_type=self.cleaned_data["relationship_type"],
            territory=self.cleaned_data["territory"],
            tag=self.cleaned_data["tag"],
        )


class NewPlanForm(PlanForm):
    """A new plan, and what its first draft begins with."""

    begin = forms.ChoiceField(label="Begin with", required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        versions = PlanVersion.objects.published().select_related("plan")
        copies = [(f"copy-{one.pk}", f"A copy of {one}") for one in versions]
        field: Any = self.fields["begin"]
        field.choices = [
            ("", "Nothing"),
            ("Ready", [(key, ready.name) for key, ready in READY_PLANS.items()]),
            ("As published", copies),
        ]

    def beginning(self) -> dict[str, Any]:
        """Return the ready plan, or the version to copy, as the service takes it."""
        wanted: str = self.cleaned_data["begin"]
        if wanted.startswith("copy-"):
            number = int(wanted.removeprefix("copy-"))
            return {"copied_from": PlanVersion.objects.get(pk=number)}
        return {"template": wanted}
