"""The named sets of accounts behind the figures of plans and alerts."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from campaigns.choices import AlertKind
from campaigns.models import Alert
from common.lists.sets import AccountSet, Given


def _alert(user: Any, given: Given) -> QuerySet[Any]:
    rows = Alert.objects.open().visible_to(user).filter(kind=given["kind"])
    return rows.order_by().values("account_id")


ALERT = AccountSet(
    title=lambda given: f"with an open alert “{AlertKind(given['kind']).label}”",
    accounts=_alert,
    parameters={"kind": lambda: forms.ChoiceField(choices=AlertKind.choices)},
)
