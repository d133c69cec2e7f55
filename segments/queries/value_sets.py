"""The named sets of accounts behind the blocks of the value page."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from clv.models import Valuation
from common.lists.sets import AccountSet, Given
from common.templatetags.display import count, money
from crm.choices import OrderStatus
from crm.models import OrderLine
from segments.queries.cohorts import quarter_days, quarter_name
from segments.queries.loyalty import YEAR
from segments.queries.sets import run_of, values_of

STATES = (
    ("kept", "have ordered within the last year"),
    ("lapsed", "have not ordered within the last year"),
)
FIRST_QUARTER, LAST_QUARTER = 1900 * 4, 9999 * 4


def customers_of(given: Given) -> QuerySet[Valuation]:
    return values_of(given).exclude(first_on=None)


def _quarter() -> forms.Field:
    return forms.IntegerField(min_value=FIRST_QUARTER, max_value=LAST_QUARTER)


def bought_in(quarter: int, given: Given) -> Exists:
    """Tell whether an account, or one merged into it, ordered in a quarter."""
    first, last = quarter_days(quarter)
    run = run_of(given)
    until = min(last, run.as_of) if run else last
    own = Q(account=OuterRef("account_id")) | Q(
        account__merged_into=OuterRef("account_id")
    )
    return Exists(
        OrderLine.objects.filter(
            own, status=OrderStatus.CONFIRMED, ordered_on__range=(first, until)
        )
    )


def _cohort(_user: Any, given: Given) -> QuerySet[Any]:
    rows = values_of(given).filter(first_on__range=quarter_days(given["won"]))
    return rows.filter(bought_in(given["bought"], given)).values("account_id")


COHORT = AccountSet(
    title=lambda given: (
        f"won in {quarter_name(given['won'])} that bought in"
        f" {quarter_name(given['bought'])}"
    ),
    accounts=_cohort,
    parameters={"won": _quarter, "bought": _quarter},
)


def _again(_user: Any, given: Given) -> QuerySet[Any]:
    first, _ = quarter_days(given["quarter"])
    rows = values_of(given).filter(first_on__lt=first)
    return rows.filter(bought_in(given["quarter"], given)).values("account_id")


AGAIN = AccountSet(
    title=lambda given: (
        f"won earlier that bought again in {quarter_name(given['quarter'])}"
    ),
    accounts=_again,
    parameters={"quarter": _quarter},
)


def _worth(_user: Any, given: Given) -> QuerySet[Any]:
    rows = customers_of(given)
    if given["low"] is not None:
        rows = rows.filter(future_value__gte=given["low"])
    if given["high"] is not None:
        rows = rows.filter(future_value__lt=given["high"])
    return rows.values("account_id")


def _amount() -> forms.Field:
    return forms.DecimalField(required=False, max_digits=18, decimal_places=2)


def _between(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return "any future value" if high is None else f"less than {money(high)}"
    if high is None:
        return f"{money(low)} and more"
    return f"{money(low)} to {money(high)}"


WORTH = AccountSet(
    title=lambda given: (
        f"expected to bring {_between(given['low'], given['high'])}, customers only"
    ),
    accounts=_worth,
    parameters={"low": _amount, "high": _amount},
)


def _best(_user: Any, given: Given) -> QuerySet[Any]:
    best = customers_of(given).order_by("-clv", "-account_id")
    return best.values("account_id")[: given["first"]]


BEST = AccountSet(
    title=lambda given: (
        f"that are the {count(given['first'])} customers of highest CLV"
    ),
    accounts=_best,
    parameters={"first": lambda: forms.IntegerField(min_value=1)},
)


def _established(_user: Any, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    if run is None:
        return Valuation.objects.none().values("account_id")
    rows = customers_of(given)
    limit = run.as_of - dt.timedelta(days=YEAR)
    rows = rows.filter(first_on__lte=limit)
    if given["state"] == "kept":
        rows = rows.filter(last_on__gt=limit)
    elif given["state"] == "lapsed":
        rows = rows.filter(last_on__lte=limit)
    return rows.values("account_id")


ESTABLISHED = AccountSet(
    title=lambda given: (
        f"won over a year ago that {dict(STATES)[given['state']]}"
        if given["state"]
        else "won over a year ago"
    ),
    accounts=_established,
    parameters={
        "state": lambda: forms.ChoiceField(choices=[("", ""), *STATES], required=False)
    },
)


def _repeaters(_user: Any, given: Given) -> QuerySet[Any]:
    return values_of(given).filter(order_days__gt=1).values("account_id")


REPEATERS = AccountSet(
    title=lambda _given: "that ordered on more than one day", accounts=_repeaters
)
