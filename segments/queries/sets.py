"""The named sets of accounts behind the figures of the value pages."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from clv.models import Valuation, ValuationRun
from common.lists.sets import AccountSet, Given
from common.templatetags.display import day


def run_of(given: Given) -> ValuationRun | None:
    """Return the run that counts on the day of the list, else the latest."""
    asked_for = given.get("as_of")
    runs = ValuationRun.objects
    return runs.as_of(asked_for) if asked_for else runs.current()


def values_of(given: Given) -> QuerySet[Valuation]:
    """Return what that run says of every account; nothing before the first night."""
    run = run_of(given)
    rows = Valuation.objects.order_by()
    return rows.filter(run=run) if run else rows.none()


def _won(_user: Any, given: Given) -> QuerySet[Any]:
    first_on = (given["since"], given["until"])
    return values_of(given).filter(first_on__range=first_on).values("account_id")


WON = AccountSet(
    title=lambda given: (
        f"whose first order came from {day(given['since'])} to {day(given['until'])}"
    ),
    accounts=_won,
    parameters={"since": forms.DateField, "until": forms.DateField},
)
