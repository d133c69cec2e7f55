"""The named sets of accounts behind a class's portrait: who shares a trait, and bars.

A trait is here what it is in `segments.queries.portraits`: both count the same.
"""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet

from common.clock import business_today
from common.lists.sets import AccountSet, Given
from common.templatetags.display import money
from crm.models import Account, Holding, Touchpoint
from segments.queries.portrait_words import KINDS, words_of
from segments.queries.portraits import LOOKS_BACK
from segments.queries.sets import run_of, values_of


def _sharing(_user: Any, given: Given) -> QuerySet[Any]:
    kind, value = given["kind"], given["value"]
    run = run_of(given)
    until = run.as_of if run else business_today()
    if kind == "product":
        held = Holding.objects.filter(
            product__name=value, status="active", acquired_on__lte=until
        )
        return held.order_by().exclude(ends_on__lt=until).values("account_id")
    if kind == "channel":
        since, end = until - LOOKS_BACK, until + dt.timedelta(days=1)
        rows = Touchpoint.objects.filter(channel=value, voided_at=None)
        return (
            rows.filter(occurred_at__gte=_midnight(since))
            .filter(occurred_at__lt=_midnight(end))
            .order_by()
            .values("account_id")
        )
    column = "territory__name" if kind == "territory" else kind
    return Account.objects.order_by().filter(**{column: value}).values("pk")


def _midnight(day: dt.date) -> dt.datetime:
    """Return when a day begins for the database, which counts in UTC."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


SHARING = AccountSet(
    title=lambda given: (
        "that share: " + " ".join(words_of(given["kind"], given["value"]))
    ),
    accounts=_sharing,
    parameters={
        "kind": lambda: forms.ChoiceField(choices=[(one, one) for one in KINDS]),
        "value": forms.CharField,
    },
)


def _clv(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given)
    if given["low"] is not None:
        rows = rows.filter(clv__gte=given["low"])
    if given["high"] is not None:
        rows = rows.filter(clv__lt=given["high"])
    return rows.values("account_id")


def _clv_title(given: Given) -> str:
    low, high = given["low"], given["high"]
    if low is None:
        return f"with a CLV of less than {money(high)}"
    if high is None:
        return f"with a CLV of {money(low)} and more"
    return f"with a CLV of {money(low)} to {money(high)}"


CLV = AccountSet(
    title=_clv_title,
    accounts=_clv,
    parameters={
        name: lambda: forms.DecimalField(required=False) for name in ("low", "high")
    },
)
