"""When the customers of the filter bar pay back what they cost.

Of the whole firm nights keep what months brought; of a part of it the same is counted
from the part's own rows.
"""

from typing import Any

from django import forms
from django.db.models import QuerySet

from clv.choices import CohortKind
from clv.permissions import VIEW_PAYBACK
from clv.queries.payback_months import Part
from clv.queries.paybacks import SOURCES, Paybacks, cohort_rows, paybacks_of
from common.lists.sets import AccountSet, Given
from segments.queries.picked import Picked
from segments.queries.scope import Scope
from segments.queries.scope_form import FIELDS
from segments.queries.sets import values_of

# Customers stand by the quarter of their first order, so there is no other period.
ASKED = tuple(name for name in FIELDS if name not in {"from", "to"})
STATES = {"paid-back": "that have paid back", "not-yet": "that have not paid back yet"}
LONGEST_KEY = 40


def paybacks_in(scope: Scope) -> Paybacks | None:
    """Return every cohort of a scope; None where it has no night or cannot be read."""
    if scope.run is None or not scope.is_valid:
        return None
    picked = Picked.of(scope)
    return paybacks_of(scope.run, Part(picked.only, picked.more))


def list_url(scope: Scope, kind: str, key: str, state: str = "") -> str:
    """Return the list of a cohort's accounts; of one state where it is named."""
    return scope.list_url(
        "payback", cohort=kind, of=key, paid=state if state in STATES else ""
    )


def _accounts(_user: Any, given: Given) -> QuerySet[Any]:
    rows = cohort_rows(values_of(given), given["cohort"], given["of"])
    if given["paid"]:
        rows = rows.filter(paid_back_on__isnull=given["paid"] == "not-yet")
    return rows.values("account_id")


def _title(given: Given) -> str:
    kind, key = given["cohort"], given["of"]
    said = STATES.get(given["paid"], "that have ordered")
    if kind == CohortKind.SOURCE:
        return f"{said}, won by: {str(SOURCES.get(key, key)).lower()}"
    return f"{said}, first order in {key}" if key else said


PAYBACK = AccountSet(
    title=_title,
    accounts=_accounts,
    parameters={
        "cohort": lambda: forms.ChoiceField(choices=CohortKind.choices),
        "of": lambda: forms.CharField(max_length=LONGEST_KEY, required=False),
        "paid": lambda: forms.ChoiceField(
            choices=[("", ""), *STATES.items()], required=False
        ),
    },
    permission=VIEW_PAYBACK,
)
