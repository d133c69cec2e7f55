"""Forms about people who sign in."""

from typing import Any

from django import forms
from django.utils import timezone

from common.clock import business_today
from common.zones import zone_names
from crm.choices import Role
from crm.models import Territory, User
from crm.queries.rates import hourly_cost_on
from crm.services import users


class UserForm(forms.Form):
    """One person: how they sign in, what they may do, what an hour costs."""

    name = forms.CharField(max_length=150)
    email = forms.EmailField(label="E-mail", max_length=254)
    roles = forms.MultipleChoiceField(
        choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )
    hourly_cost = forms.DecimalField(
        min_value=0,
        max_digits=8,
        decimal_places=2,
        initial="60.00",
        help_text="Prices the minutes of their calls and visits from now on.",
    )
    territory = forms.ModelChoiceField(
        Territory.objects.all(), required=False, empty_label="None"
    )

    @classmethod
    def of(cls, user: User, data: Any = None) -> "UserForm":
        """Return the form filled with what is stored of `user`."""
        initial = {
            "name": user.name,
            "email": user.email,
            "roles": sorted(users.roles_of(user)),
            "hourly_cost": hourly_cost_on(user, business_today()),
            "territory": user.territory_id,
        }
        return cls(data, initial=initial)


class RateForm(forms.Form):
    """What an hour of one person costs from a day on."""

    amount = forms.DecimalField(
        label="An hour costs", min_value=0, max_digits=8, decimal_places=2
    )
    valid_from = forms.DateField(
        label="From",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Contacts from this day on are priced by it once they are logged. "
        "What is in the ledger stays.",
    )


class TimeZoneForm(forms.Form):
    """The zone in which somebody reads and types times."""

    time_zone = forms.ChoiceField(label="Time zone", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        firms = timezone.get_default_timezone_name()
        zones = [(name, name.replace("_", " ")) for name in zone_names()]
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", f"The firm’s ({firms})"),
            *zones,
        ]


class TokenForm(forms.Form):
    """What a new API token is called, what it may do, and for how long."""

    name = forms.CharField(
        max_length=100, help_text="Such as the program that is to use it"
    )
    may_write = forms.TypedChoiceField(
        label="It may",
        choices=[("no", "read only"), ("yes", "read and write, as you may")],
        initial="no",
        coerce=lambda said: said == "yes",
    )
    days = forms.IntegerField(
        label="Opens for so many days", min_value=1, max_value=3650, initial=365
    )


class TerritoryForm(forms.Form):
    name = forms.CharField(max_length=100, label="New territory")
