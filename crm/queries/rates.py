"""What an hour of somebody costs on a day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from crm.models import HourlyRate, User


def hourly_cost_on(user: User, day: dt.date) -> Decimal:
    """Return what an hour of `user` costs on `day`."""
    rates = user.rates.filter(valid_from__lte=day).order_by("-valid_from")
    amount = rates.values_list("amount", flat=True).first()
    return user.hourly_cost if amount is None else amount


def hourly_cost_of_row(day: dt.date) -> Coalesce:
    """Return the same for each row of a query over users, for the database to use."""
    rates = HourlyRate.objects.filter(user=OuterRef("pk"), valid_from__lte=day)
    newest = rates.order_by("-valid_from").values("amount")[:1]
    return Coalesce(Subquery(newest), F("hourly_cost"))


@dataclass(frozen=True, slots=True)
class RateLine:
    """One rate of one person; `began` is None for what counts from the start."""

    amount: Decimal
    began: dt.date | None
    rate: HourlyRate | None
    is_current: bool
    is_ahead: bool


def rate_history(user: User, today: dt.date) -> Sequence[RateLine]:
    """Return the rates of `user`, the newest first, down to what counted at first."""
    rates = list(user.rates.select_related("created_by").order_by("-valid_from"))
    begun = [rate for rate in rates if rate.valid_from <= today]
    current = begun[0].pk if begun else None
    lines = [
        RateLine(
            rate.amount,
            rate.valid_from,
            rate,
            is_current=rate.pk == current,
            is_ahead=rate.valid_from > today,
        )
        for rate in rates
    ]
    first = RateLine(
        user.hourly_cost, None, None, is_current=current is None, is_ahead=False
    )
    return [*lines, first]


@dataclass(frozen=True, slots=True)
class PersonRate:
    """One person with what an hour costs today, and the next change if one is set."""

    user: User
    today: Decimal
    next_rate: HourlyRate | None


def person_rates(today: dt.date) -> list[PersonRate]:
    """Return everybody who may sign in with their rate, by name (two queries)."""
    people = User.objects.filter(is_active=True).annotate(
        rate_today=hourly_cost_of_row(today)
    )
    ahead = HourlyRate.objects.filter(valid_from__gt=today).order_by("-valid_from")
    following = {rate.user_id: rate for rate in ahead}
    return [
        PersonRate(person, person.rate_today, following.get(person.pk))
        for person in people.order_by("name", "pk")
    ]
