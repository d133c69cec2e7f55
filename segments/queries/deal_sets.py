"""The named sets of accounts behind open deals on the page of the forecast."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet

from clv.queries.deals import DealMonth, accounts_deciding
from common.clock import business_today
from common.lists.sets import AccountSet, Given, account_set_url
from crm.models import Account
from crm.permissions import VIEW_DEALS
from segments.queries.sets import run_of

PROSPECTS, CUSTOMERS = "prospects", "customers"


def deciding_url(one: DealMonth, whose: str) -> str:
    """Return the list of accounts whose deals one cell counts."""
    return account_set_url("deciding", whose=whose, month=one.month or "")


def _deciding(_user: Any, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    if run is None:
        return Account.objects.none().values("pk")
    month: dt.date | None = given.get("month")
    return accounts_deciding(
        run=run,
        today=business_today(),
        month=month.replace(day=1) if month else None,
        is_customer=given["whose"] == CUSTOMERS,
    )


def _title(given: Given) -> str:
    who = "that ordered" if given["whose"] == CUSTOMERS else "that never ordered"
    month = given.get("month")
    when = f"to be decided in {month:%b %Y}" if month else "of no day, or a past one"
    return f"{who}, with open deals {when}"


DECIDING = AccountSet(
    title=_title,
    accounts=_deciding,
    parameters={
        "whose": lambda: forms.ChoiceField(
            choices=[(PROSPECTS, "prospects"), (CUSTOMERS, "customers")]
        ),
        "month": lambda: forms.DateField(required=False),
    },
    permission=VIEW_DEALS,
)
