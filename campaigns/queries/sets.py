"""The named sets of accounts behind the figures of plans and alerts."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.choices import AlertKind, ExceptionKind
from campaigns.models import Alert, PlanAssignment, RetentionPlan, TouchException
from common.clock import business_today
from common.lists.sets import AccountSet, Given
from common.templatetags.display import money
from crm.choices import Stage
from segments.queries.sets import values_of


def _alert(user: Any, given: Given) -> QuerySet[Any]:
    rows = Alert.objects.open().visible_to(user).filter(kind=given["kind"])
    return rows.order_by().values("account_id")


ALERT = AccountSet(
    title=lambda given: f"with an open alert “{AlertKind(given['kind']).label}”",
    accounts=_alert,
    parameters={"kind": lambda: forms.ChoiceField(choices=AlertKind.choices)},
)


def _prospects(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given).filter(order_days=0, account__industry=given["of_industry"])
    return rows.values("account_id")


PROSPECTS = AccountSet(
    title=lambda given: (
        f"that have not ordered yet, industry {given['of_industry'] or 'not known'}"
    ),
    accounts=_prospects,
    parameters={"of_industry": lambda: forms.CharField(required=False)},
)


# -- The optimiser: bands of worth among those who follow a plan


def _expected(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given)
    if given["low"] is not None:
        rows = rows.filter(expected_margin_year__gte=given["low"])
    if given["high"] is not None:
        rows = rows.filter(expected_margin_year__lt=given["high"])
    return _on_plan(rows, given["on_plan"]).values("account_id")


def _on_plan(rows: QuerySet[Any], plan_id: int | None) -> QuerySet[Any]:
    """Keep who follows the plan; newcomers count for the plan of their class."""
    if plan_id is None:
        return rows
    mine = PlanAssignment.objects.open().filter(account_id=OuterRef("account_id"))
    plan = RetentionPlan.objects.filter(pk=plan_id).first()
    if plan is None or (plan.is_automatic and not plan.is_refined):
        others = mine.exclude(plan__worth_class="", is_by_hand=False)  # still welcomed
        others = others if plan is None else others.exclude(plan=plan)
        rows = rows.exclude(account__stage=Stage.FORMER)  # who left needs no plan
        return rows.exclude(Exists(others))
    return rows.filter(Exists(mine.filter(plan=plan)))


def _expected_title(given: Given) -> str:
    low, high = given["low"], given["high"]
    ends = [
        *([] if low is None else [f"at least {money(low)}"]),
        *([] if high is None else [f"less than {money(high)}"]),
    ]
    plan = RetentionPlan.objects.filter(pk=given["on_plan"]).first()
    expected = f"of whom {' and '.join(ends)} is expected a year" if ends else ""
    return " ".join(filter(None, [f"on the plan {plan}" if plan else "", expected]))


EXPECTED_MARGIN = AccountSet(
    title=_expected_title,
    accounts=_expected,
    parameters={
        "low": lambda: forms.DecimalField(required=False),
        "high": lambda: forms.DecimalField(required=False),
        "on_plan": lambda: forms.IntegerField(required=False),
    },
)


def _not_planned(user: Any, given: Given) -> QuerySet[Any]:
    today, span = business_today(), dt.timedelta(days=30)
    rows = TouchException.objects.visible_to(user).filter(
        kind=given["kind"], due_on__range=(today - span, today + span)
    )
    return rows.order_by().values("account_id")


NOT_PLANNED = AccountSet(
    title=lambda given: (
        "with a touch that was not planned within 30 days around today: "
        f"“{ExceptionKind(given['kind']).label}”"
    ),
    accounts=_not_planned,
    parameters={"kind": lambda: forms.ChoiceField(choices=ExceptionKind.choices)},
)
