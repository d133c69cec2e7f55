"""When the customers of the filter bar pay back what they cost.

Of the whole firm nights keep what months brought, of each class all that is said; of
another part of it the same is counted from the part's own rows.
"""

from typing import Any

from django import forms
from django.db.models import QuerySet

from clv.choices import CohortKind
from clv.models import ValuationRun
from clv.permissions import VIEW_PAYBACK
from clv.queries.payback_counts import Counted, count_part
from clv.queries.payback_months import Part
from clv.queries.paybacks import SOURCES, Paybacks, cohort_rows, paybacks_of
from common.lists.sets import AccountSet, Given
from segments.choices import WorthClass
from segments.models import StoredFigures
from segments.queries.narrowed import CLASS, name_of, part_of
from segments.queries.picked import Picked
from segments.queries.scope import Scope
from segments.queries.scope_form import FIELDS
from segments.queries.sets import values_of

# Customers stand by the quarter of their first order, so there is no other period.
ASKED = tuple(name for name in FIELDS if name not in {"from", "to"})
STATES = {"paid-back": "that have paid back", "not-yet": "that have not paid back yet"}
LONGEST_KEY = 40
WAITS, MONTHS = "waits", "payback"  # names of blocks
OF_CLASS = """
    SELECT m.account_id FROM segments_membership m
    JOIN crm_account a ON a.id = m.account_id AND a.merged_into_id IS NULL
    WHERE m.until IS NULL AND m.worth_class = %(worth_class)s
"""


def paybacks_in(scope: Scope) -> Paybacks | None:
    """Return every cohort of a scope; None where it has no night or cannot be read."""
    if scope.run is None or not scope.is_valid:
        return None
    picked = Picked.of(scope)
    return paybacks_of(scope.run, Part(picked.only, picked.more), _stored(scope))


def _stored(scope: Scope) -> Counted | None:
    """Return what the night counted of a class, None of anything else."""
    part = part_of(scope)
    if part is None or part[0] != CLASS:
        return None
    names = (name_of(WAITS, *part), name_of(MONTHS, *part))
    found = StoredFigures.objects.filter(run=scope.run, block__in=names)
    rows = {one.block: one.rows for one in found}
    if len(rows) < len(names):
        return None
    return Counted(*(rows[name] for name in names))


def payback_blocks(run: ValuationRun) -> dict[str, list[Any]]:
    """Return what there is to say of each class, by name of the block.

    Classes are those of now: only the current run keeps them.
    """
    found: dict[str, list[Any]] = {}
    for key in WorthClass if run.is_current else ():
        picked = Picked(run, OF_CLASS, {"worth_class": key.value})
        counted = count_part(run, Part(picked.only, picked.more))
        found[name_of(WAITS, CLASS, key.value)] = list(counted.waits)
        found[name_of(MONTHS, CLASS, key.value)] = list(counted.months)
    return found


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
