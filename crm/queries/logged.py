"""What a contact changed that was just logged, for the one who logged it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from common.clock import business_today
from crm.models import Task, Touchpoint
from crm.queries.rates import hourly_cost_on


@dataclass(frozen=True, slots=True)
class Effect:
    """Last contact before and now, what the minutes cost, and what was promised."""

    touchpoint: Touchpoint
    contact_before: dt.date | None
    contact_now: dt.date | None
    cost: Decimal | None
    is_rate_known: bool
    promise: Task | None
    today: dt.date

    @property
    def has_moved(self) -> bool:
        return self.contact_now != self.contact_before


def effect(touchpoint: Touchpoint, *, contact_before: dt.date | None) -> Effect:
    """Return what `touchpoint` changed at its account; three queries."""
    user = touchpoint.user
    happened_on = timezone.localtime(touchpoint.occurred_at).date()
    return Effect(
        touchpoint=touchpoint,
        contact_before=contact_before,
        contact_now=touchpoint.account.last_contact_on,
        cost=touchpoint.costs.aggregate(sum=Sum("amount"))["sum"],
        is_rate_known=bool(user and hourly_cost_on(user, happened_on)),
        promise=touchpoint.follow_ups.order_by("pk").first(),
        today=business_today(),
    )
