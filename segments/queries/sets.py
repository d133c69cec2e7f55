"""The named sets of accounts behind the figures of the value pages."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet, Value

from clv.models import Valuation, ValuationRun
from common.lists.sets import AccountSet, Given
from common.templatetags.display import day
from crm.models import Account, Holding
from segments.choices import WorthClass
from segments.models import Membership
from segments.queries.migration import cell_accounts, gone_accounts, new_accounts
from segments.queries.portraits import CONTRACTS_WITHIN, FALLS_BY, compared_with


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


def memberships_of(given: Given) -> QuerySet[Membership]:
    """Return who stands in which class on the day of the list, today without one."""
    run, rows = run_of(given), Membership.objects.order_by()
    return rows.open() if run is None or run.is_current else rows.on(run.as_of)


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


# -- Migration: where accounts stood on one day and stand on another

NEW, GONE = "new", "gone"
CLASS_OR_NEW = [*WorthClass.choices, (NEW, "new")]
CLASS_OR_GONE = [*WorthClass.choices, (GONE, "gone")]


def _moved(_user: Any, given: Given) -> QuerySet[Any]:
    days = {"earlier": given["earlier"], "later": given["later"]}
    was, becomes = given["was"], given["becomes"]
    if was == NEW:
        return new_accounts(becomes=WorthClass(becomes), **days)
    if becomes == GONE:
        return gone_accounts(was=WorthClass(was), **days)
    return cell_accounts(was=WorthClass(was), becomes=WorthClass(becomes), **days)


def _moved_title(given: Given) -> str:
    words = dict([*CLASS_OR_NEW, *CLASS_OR_GONE])
    was, becomes = (str(words[given[name]]).lower() for name in ("was", "becomes"))
    return f"{was} on {day(given['earlier'])}, {becomes} on {day(given['later'])}"


MOVED = AccountSet(
    title=_moved_title,
    accounts=_moved,
    parameters={
        "was": lambda: forms.ChoiceField(choices=CLASS_OR_NEW),
        "becomes": lambda: forms.ChoiceField(choices=CLASS_OR_GONE),
        "earlier": forms.DateField,
        "later": forms.DateField,
    },
)


def _came(_user: Any, given: Given) -> QuerySet[Any]:
    """Return who stands in a class and stood in another one, or in none."""
    held = Membership.objects.filter(worth_class=given["worth"]).order_by()
    then = held.on(given["earlier"]).filter(account_id=OuterRef("account_id"))
    return held.on(given["later"]).filter(~Exists(then)).values("account_id")


def _left(_user: Any, given: Given) -> QuerySet[Any]:
    """Return who stood in a class and stands in another one, or in none."""
    held = Membership.objects.filter(worth_class=given["worth"]).order_by()
    now = held.on(given["later"]).filter(account_id=OuterRef("account_id"))
    return held.on(given["earlier"]).filter(~Exists(now)).values("account_id")


def _flow_title(word: str) -> Callable[[Given], str]:
    def title(given: Given) -> str:
        label = WorthClass(given["worth"]).label.lower()
        return (
            f"that {word} {label} between {day(given['earlier'])} and"
            f" {day(given['later'])}"
        )

    return title


_FLOW: dict[str, Callable[[], forms.Field]] = {
    "worth": lambda: forms.ChoiceField(choices=WorthClass.choices),
    "earlier": forms.DateField,
    "later": forms.DateField,
}
CAME = AccountSet(title=_flow_title("came into"), accounts=_came, parameters=_FLOW)
LEFT = AccountSet(title=_flow_title("left"), accounts=_left, parameters=_FLOW)


# -- Risks, as the portraits of classes count them


def _falling(_user: Any, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    before = compared_with(run) if run else None
    if before is None:
        return Valuation.objects.none().values("account_id")
    then = Valuation.objects.filter(run=before, account_id=OuterRef("account_id"))
    fallen = then.filter(
        probability_alive__gte=OuterRef("probability_alive") + Value(FALLS_BY)
    )
    return values_of(given).filter(Exists(fallen)).values("account_id")


def _ending(_user: Any, given: Given) -> QuerySet[Any]:
    run = run_of(given)
    if run is None:
        return Holding.objects.none().values("account_id")
    ends_on = (run.as_of, run.as_of + CONTRACTS_WITHIN)
    rows = Holding.objects.on_hand().filter(replaced_by=None, ends_on__range=ends_on)
    return rows.order_by().values("account_id")


FALLING = AccountSet(
    title=lambda _given: "whose chance to be customers still has fallen by a tenth",
    accounts=_falling,
)
ENDING = AccountSet(
    title=lambda _given: "with a contract that ends within 90 days", accounts=_ending
)


# -- Why value changed: the accounts behind the bars

FELL, ROSE = "fell", "rose"


def _changed(_user: Any, given: Given) -> QuerySet[Any]:
    """Return whose CLV was higher, or lower, on the earlier night."""
    night = ValuationRun.objects.as_of(given["since"])
    now = ValuationRun.objects.as_of(given["until"])
    if night is None or now is None:
        return Valuation.objects.none().values("account_id")
    than = "clv__gt" if given["way"] == FELL else "clv__lt"
    then = Valuation.objects.filter(
        run=night, account_id=OuterRef("account_id"), **{than: OuterRef("clv")}
    )
    rows = Valuation.objects.order_by().filter(run=now)
    return rows.filter(Exists(then)).values("account_id")


CHANGED = AccountSet(
    title=lambda given: (
        f"whose CLV {given['way']} between {day(given['since'])} and"
        f" {day(given['until'])}"
    ),
    accounts=_changed,
    parameters={
        "since": forms.DateField,
        "until": forms.DateField,
        "way": lambda: forms.ChoiceField(choices=[(FELL, "fell"), (ROSE, "rose")]),
    },
)


# -- Why customer equity changed: the accounts behind its parts

FIRST = "first"
EQUITY_WAYS = {
    FIRST: "are customers since",
    ROSE: "are expected to bring more than",
    FELL: "are expected to bring less than",
}


def _of_equity(_user: Any, given: Given) -> QuerySet[Any]:
    """Return who had not ordered by the earlier night, or whose future value moved."""
    night = ValuationRun.objects.as_of(given["since"])
    now = ValuationRun.objects.as_of(given["until"])
    if night is None or now is None:
        return Valuation.objects.none().values("account_id")
    then = Valuation.objects.filter(
        run=night, account_id=OuterRef("account_id"), first_on__isnull=False
    )
    rows = Valuation.objects.order_by().filter(run=now, first_on__isnull=False)
    if given["way"] == FIRST:
        return rows.filter(~Exists(then)).values("account_id")
    than = "future_value__lt" if given["way"] == ROSE else "future_value__gt"
    moved = then.filter(**{than: OuterRef("future_value")})
    return rows.filter(Exists(moved)).values("account_id")


EQUITY = AccountSet(
    title=lambda given: (
        f"that on {day(given['until'])} {EQUITY_WAYS[given['way']]} "
        f"{'' if given['way'] == FIRST else 'on '}{day(given['since'])}"
    ),
    accounts=_of_equity,
    parameters={
        "since": forms.DateField,
        "until": forms.DateField,
        "way": lambda: forms.ChoiceField(choices=list(EQUITY_WAYS.items())),
    },
)


# -- Accounts that a page names one by one


def _these(_user: Any, given: Given) -> QuerySet[Any]:
    found = [int(one) for one in given["ids"].split(",")]
    return Account.objects.order_by().filter(pk__in=found).values("pk")


THESE = AccountSet(
    title=lambda given: f"of the page before: {given['ids'].count(',') + 1}",
    accounts=_these,
    parameters={"ids": lambda: forms.RegexField(r"^\d{1,18}(,\d{1,18}){0,199}$")},
)
