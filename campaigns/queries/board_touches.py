"""The touches behind the figures of the plan board, and the accounts behind them."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import (
    DecimalField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.urls import reverse

from campaigns.choices import ExceptionKind, OwnerRole, TouchStatus
from campaigns.models import (
    PlanAssignment,
    PlannedTouch,
    RetentionPlan,
    Standing,
    TouchException,
)
from clv.models import ValuationRun
from common.clock import business_today
from common.lists.sets import AccountSet, Given
from common.paging import Segment, Skip, Sort
from crm.choices import Stage
from crm.models import User
from segments.choices import WorthClass
from segments.models import Membership

BOARD_DAYS = 90
DAYS_AHEAD = 7
LATE, AHEAD, DUE = "late", "ahead", "due"
LARGEST_ID = 2**62

MOST_VALUABLE = Sort("worth", "worth", descending=True, parse=Decimal)
# Who was not valued yet comes last; no worth is as low.
UNKNOWN_WORTH = Value(Decimal(-(10**12)), DecimalField(max_digits=14, decimal_places=2))

STATES = (
    (DUE, "were due"),
    (TouchStatus.DONE.value, "were done"),
    (LATE, "are late"),
    (AHEAD, "come within a week"),
    (TouchStatus.SKIPPED.value, "were skipped"),
    (TouchStatus.EXPIRED.value, "expired"),
    (TouchStatus.CANCELLED.value, "were cancelled"),
)
PEOPLE = tuple(OwnerRole.values)


class TouchesForm(forms.Form):
    """Which touches: of a plan or a kind of touch, of whom, in which state."""

    state = forms.ChoiceField(label="Which", choices=STATES)
    plan = forms.ModelChoiceField(
        RetentionPlan.objects.all(), required=False, empty_label="Every plan"
    )
    lineage = forms.UUIDField(required=False, widget=forms.HiddenInput)
    person = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def clean_person(self) -> str:
        """Accept a role or the number of a person."""
        person = str(self.cleaned_data["person"])
        is_known = not person or person in PEOPLE or person.isdecimal()
        if not is_known or (person.isdecimal() and int(person) > LARGEST_ID):
            raise forms.ValidationError("There is nobody like that.")
        return person


def touches_url(**given: object) -> str:
    """Return the address of the list of touches behind a figure."""
    query = {key: str(value) for key, value in given.items() if value not in {None, ""}}
    return f"{reverse('campaigns:board_touches')}?{urlencode(query)}"


def board_touches(
    given: Mapping[str, Any], *, user: User, today: dt.date
) -> QuerySet[PlannedTouch]:
    """Return the touches that a readable `TouchesForm` asks for."""
    rows = PlannedTouch.objects.visible_to(user).filter(account__merged_into=None)
    rows = rows.filter(_of_state(given["state"], today))
    plan = given.get("plan")
    if plan:
        rows = rows.filter(template__version__plan=plan)
    if given.get("lineage"):
        rows = rows.filter(lineage=given["lineage"])
    return rows.filter(_of_person(given.get("person") or ""))


def by_day_and_worth(
    rows: QuerySet[PlannedTouch], *, state: str, today: dt.date
) -> list[Segment]:
    """Return these touches day by day, the most valuable account of a day first.

    What is to be done begins with the longest due, what was comes with the latest
    first. Each day is read from its own stretch of the index by day.
    """
    run = ValuationRun.objects.current()
    worth = Standing.objects.filter(
        run_id=run.pk if run else None, account_id=OuterRef("account_id")
    )
    valued = rows.annotate(
        worth=Coalesce(Subquery(worth.values("clv")[:1]), UNKNOWN_WORTH)
    )
    return [
        Segment(valued.filter(due_on=day), MOST_VALUABLE) for day in _days(state, today)
    ]


def days_with_touches(
    rows: QuerySet[PlannedTouch], *, state: str, today: dt.date
) -> Skip:
    """Return what tells the next day with any of these touches."""
    days = _days(state, today)
    is_rising = state in {LATE, AHEAD}

    def skip(number: int, step: int) -> int | None:
        later = is_rising == (step > 0)
        side = {"due_on__gte" if later else "due_on__lte": days[number]}
        found = rows.filter(**side).order_by("due_on" if later else "-due_on")
        day = found.values_list("due_on", flat=True).first()
        return None if day is None else days.index(day)

    return skip


def _days(state: str, today: dt.date) -> list[dt.date]:
    """Return the days on which touches in a state may be, in the order of the list."""
    first, count = today - dt.timedelta(days=BOARD_DAYS), BOARD_DAYS
    if state == AHEAD:
        first, count = today, DAYS_AHEAD
    days = [first + dt.timedelta(days=n) for n in range(count)]
    return days if state in {LATE, AHEAD} else days[::-1]


def _of_state(state: str, today: dt.date) -> Q:
    if state == AHEAD:
        ends = today + dt.timedelta(days=DAYS_AHEAD)
        return Q(status=TouchStatus.DUE, due_on__gte=today, due_on__lt=ends)
    fell_due = Q(due_on__gte=today - dt.timedelta(days=BOARD_DAYS), due_on__lt=today)
    if state == DUE:
        return fell_due & ~Q(status=TouchStatus.CANCELLED)
    return fell_due & Q(status=TouchStatus.DUE if state == LATE else state)


def _of_person(person: str) -> Q:
    """Return the touches of a person; of a role those that are nobody's."""
    if not person:
        return Q()
    if person.isdecimal():
        mine = Q(assigned_to=None, owner_role=OwnerRole.REP, account__owner=person)
        return mine | Q(assigned_to=person)
    nobodys = Q(assigned_to=None, owner_role=person)
    if person == OwnerRole.REP:
        nobodys &= Q(account__owner=None)
    return nobodys


# -- The accounts behind the figures


def _touched(user: Any, given: Given) -> QuerySet[Any]:
    rows = board_touches(given, user=user, today=business_today())
    return rows.order_by().values("account_id")


PLAN_TOUCHES = AccountSet(
    title=lambda given: f"whose touches {dict(STATES)[given['state']]}",
    accounts=_touched,
    parameters={
        "state": lambda: forms.ChoiceField(choices=STATES),
        "plan": lambda: forms.IntegerField(
            required=False, min_value=1, max_value=LARGEST_ID
        ),
        "lineage": lambda: forms.UUIDField(required=False),
        "person": lambda: forms.RegexField(
            rf"^({'|'.join(PEOPLE)}|[0-9]{{1,18}})$", required=False
        ),
    },
)


def _followers(_user: Any, given: Given) -> QuerySet[Any]:
    rows = PlanAssignment.objects.open().filter(plan=given["plan"])
    return rows.order_by().values("account_id")


def _plan_title(given: Given) -> str:
    plan = RetentionPlan.objects.filter(pk=given["plan"]).first()
    return f"that follow “{plan}”" if plan else "that follow a plan that is gone"


FOLLOWERS = AccountSet(
    title=_plan_title,
    accounts=_followers,
    parameters={"plan": lambda: forms.IntegerField(min_value=1, max_value=LARGEST_ID)},
)


def _withheld(user: Any, given: Given) -> QuerySet[Any]:
    today = business_today()
    since = today - dt.timedelta(days=BOARD_DAYS)
    rows = TouchException.objects.visible_to(user).filter(
        template__version__plan=given["plan"],
        kind=given["kind"],
        due_on__gte=since,
        due_on__lt=today + dt.timedelta(days=DAYS_AHEAD),
    )
    return rows.order_by().values("account_id")


WITHHELD = AccountSet(
    title=lambda given: (
        f"not planned for: {ExceptionKind(given['kind']).label.lower()}"
    ),
    accounts=_withheld,
    parameters={
        "plan": lambda: forms.IntegerField(min_value=1, max_value=LARGEST_ID),
        "kind": lambda: forms.ChoiceField(choices=ExceptionKind.choices),
    },
)


def _without(_user: Any, given: Given) -> QuerySet[Any]:
    following = PlanAssignment.objects.open().filter(account_id=OuterRef("account_id"))
    rows = Membership.objects.open().filter(worth_class=given["worth_class"])
    rows = rows.exclude(account__stage=Stage.FORMER)  # who left needs no plan
    return rows.filter(~Exists(following)).order_by().values("account_id")


NO_PLAN = AccountSet(
    title=lambda given: (
        f"in “{WorthClass(given['worth_class']).label}” that follow no plan"
    ),
    accounts=_without,
    parameters={"worth_class": lambda: forms.ChoiceField(choices=WorthClass.choices)},
)
