"""When touches may fall: the rule, closed days, hours, absences."""

from typing import Any

from django import forms

from campaigns.models import PlanningRule
from campaigns.queries.open_days import country_names
from campaigns.services import planning_rules as services
from crm.models import User


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


def _people() -> Any:
    return User.objects.filter(is_active=True).order_by("name", "pk")


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """Another version of the rule, with the reason."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False)
    country = forms.ChoiceField(label="Holidays of", required=False)
    region = forms.CharField(
        label="Region",
        required=False,
        max_length=10,
        help_text="its code, such as BY for Bavaria; empty: the whole country",
    )
    quiet_from = forms.TimeField(
        label="No mail leaves from",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label="until",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    collision_days = forms.IntegerField(
        label="A contact by hand counts for so many days",
        min_value=0,
        max_value=services.MOST_COLLISION_DAYS,
        help_text="A call on Monday makes a planned call within them unnecessary.",
    )
    touches_a_week = forms.IntegerField(
        label="Touches that plans ask of one account within seven days, at most",
        min_value=1,
        max_value=services.MOST_TOUCHES,
    )
    hours_a_week = forms.DecimalField(
        label="Hours a week that a rep has for touches, unless said otherwise",
        min_value=0,
        max_value=services.MOST_HOURS,
        decimal_places=1,
    )
    reason = forms.CharField(label="Why, for those who ask", max_length=300)

    class Meta:
        model = PlanningRule
        fields = (
            "country",
            "region",
            "quiet_from",
            "quiet_until",
            "collision_days",
            "touches_a_week",
            "hours_a_week",
            "reason",
        )

    def __init__(self, *args: Any, rule: PlanningRule, **options: Any) -> None:
        super().__init__(*args, **options)
        names = [("", "no country"), *country_names().items()]
        self.fields["country"].choices = names  # type: ignore[attr-defined]
        self.initial = {
            name: getattr(rule, name) for name in self.Meta.fields if name != "reason"
        } | {"based_on": rule.pk}

    def clean_region(self) -> str:
        return str(self.cleaned_data["region"]).strip().upper()

    def show_newer(self, rule: PlanningRule) -> None:
        """Let the next submit replace the version that stands beside this form now."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["based_on"] = str(rule.pk)
        self.data = data


class ClosedDayForm(forms.Form):
    day = _day("Closed on")
    name = forms.CharField(label="Because", max_length=100)


class HoursForm(forms.Form):
    user = forms.ModelChoiceField(_people(), label="Who", empty_label="Choose …")
    hours_a_week = forms.DecimalField(
        label="Hours a week",
        required=False,
        min_value=0,
        max_value=services.MOST_HOURS,
        decimal_places=1,
        help_text="empty: as the rule says",
    )


class AbsenceForm(forms.Form):
    """Days away; who may enter only their own is not asked whose."""

    user = forms.ModelChoiceField(_people(), label="Who", empty_label="Choose …")
    starts_on = _day("From")
    ends_on = _day("Up to and including")

    def __init__(self, *args: Any, actor: User, may_all: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.auto_id = "away_%s"
        if not may_all:
            whose: Any = self.fields["user"]
            whose.queryset = User.objects.filter(pk=actor.pk)
            whose.empty_label = None
            whose.initial = actor.pk
