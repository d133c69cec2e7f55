"""The named sets of accounts behind the figures of the profit pages."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from common.lists.sets import AccountSet, Given
from common.templatetags.display import day
from crm.choices import CostKind, RelationshipType, Source
from crm.models import Account, LedgerEntry, Product, Territory, User
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import LeverCause, ProfitBy, WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.findings import hits as hits_of_night
from segments.queries.losses import bearers
from segments.queries.opportunities import account_rows, positional
from segments.queries.scope import Scope
from segments.queries.scope_form import LONGEST_INDUSTRY, NARROWING
from segments.queries.sets import memberships_of, values_of

LONGEST_KEY = 40
RECORDS: Mapping[ProfitBy, Any] = {
    ProfitBy.PRODUCT: Product,
    ProfitBy.REP: User,
    ProfitBy.TERRITORY: Territory,
}

# What belongs to a merged account counts for the one that it went into.
SOLD_OR_BACK = """
        SELECT l.account_id FROM crm_orderline l
        WHERE l.status = 'confirmed' AND l.ordered_on BETWEEN %(since)s AND %(until)s
            AND {only}
        UNION
        SELECT l.account_id
        FROM crm_orderreturn r JOIN crm_orderline l ON l.id = r.line_id
        WHERE l.status = 'confirmed' AND {only}
            AND greatest(r.returned_on, l.ordered_on) BETWEEN %(since)s AND %(until)s"""
SPENT_ON = """
        SELECT account_id FROM crm_ledgerentry
        WHERE account_id IS NOT NULL AND incurred_on BETWEEN %(since)s AND %(until)s"""
WHOSE = f"""{WITH_SURVIVORS}
    SELECT coalesce(s.account_id, f.account_id) FROM ({{rows}}
    ) f LEFT JOIN survivor s ON s.member_id = f.account_id"""
MOVED = WHOSE.format(rows=f"{SOLD_OR_BACK.format(only='true')} UNION {SPENT_ON}")
SOLD = WHOSE.format(rows=SOLD_OR_BACK.format(only="true"))
SOLD_OF = WHOSE.format(rows=SOLD_OR_BACK.format(only="l.product_id = %(product)s"))
SOLD_OF_NONE = WHOSE.format(rows=SOLD_OR_BACK.format(only="l.product_id IS NULL"))
BORE = f"""{WITH_SURVIVORS}
    SELECT coalesce(s.account_id, f.account_id)
    FROM crm_ledgerentry f LEFT JOIN survivor s ON s.member_id = f.account_id
    WHERE f.account_id IS NOT NULL AND f.kind = %(kind)s
        AND f.incurred_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1 HAVING sum(f.amount) <> 0"""


def _within(given: Given) -> tuple[dt.date, dt.date]:
    return given["since"], given["until"]


def _of_profit(_user: Any, given: Given) -> QuerySet[Any]:
    """Return the accounts with sales or costs in the period at one value.

    Of a product those with orders or returns of it: the ledger knows no products.
    """
    by, key = ProfitBy(given["by"]), given.get("at") or ""
    if by == ProfitBy.PRODUCT:
        product = int(key) if key.isdecimal() else None
        statement = SOLD_OF_NONE if product is None else SOLD_OF
        sold = _ids(statement, {**given, "product": product})
        return Account.objects.active().order_by().filter(pk__in=sold).values("pk")
    return _at(by, key, given).filter(pk__in=_ids(MOVED, given)).values("pk")


def _ids(statement: str, given: Given) -> RawSQL:
    """Return what a statement of this file selects; values are parameters."""
    return RawSQL(*positional(statement, dict(given)))  # noqa: S611  nothing of a user


def _at(by: ProfitBy, key: str, given: Given) -> QuerySet[Account]:
    rows = Account.objects.active().order_by()
    if by == ProfitBy.CLASS:
        held = memberships_of(given).filter(account=OuterRef("pk"))
        if not key:
            return rows.exclude(Exists(held))
        return rows.filter(Exists(held.filter(worth_class=key)))
    columns = {
        ProfitBy.REP: "owner",
        ProfitBy.SOURCE: "source",
        ProfitBy.TERRITORY: "territory",
        ProfitBy.RELATIONSHIP: "relationship_type",
    }
    is_record = by in {ProfitBy.REP, ProfitBy.TERRITORY}
    value = (int(key) if key.isdecimal() else None) if is_record else key
    return rows.filter(**{columns[by]: value})


def _title_of_profit(given: Given) -> str:
    by, key = ProfitBy(given["by"]), given.get("at") or ""
    what = "orders or returns" if by == ProfitBy.PRODUCT else "sales or costs"
    period = f"{day(given['since'])} to {day(given['until'])}"
    return f"with {what} from {period}, {by.label}: {_name_at(by, key)}"


def _name_at(by: ProfitBy, key: str) -> str:
    """Return what a value of a dimension is called; a number where it is no record."""
    words = {
        ProfitBy.CLASS: dict(WorthClass.choices),
        ProfitBy.SOURCE: dict(Source.choices),
        ProfitBy.RELATIONSHIP: dict(RelationshipType.choices),
    }
    if not key:
        return "none"
    if by in words:
        return str(words[by].get(key, key))
    found = RECORDS[by].objects.filter(pk=int(key)) if key.isdecimal() else ()
    return next((str(one) for one in found), key)


def _days() -> dict[str, Any]:
    return {"since": forms.DateField, "until": forms.DateField}


OF_PROFIT = AccountSet(
    title=_title_of_profit,
    accounts=_of_profit,
    parameters=_days()
    | {
        "by": lambda: forms.ChoiceField(choices=ProfitBy.choices),
        "at": lambda: forms.CharField(max_length=LONGEST_KEY, required=False),
    },
    permission=VIEW_DASHBOARD,
)


def _traded(_user: Any, given: Given) -> QuerySet[Any]:
    """Return the accounts with sales or costs in the days, or with one kind of cost."""
    statement = BORE if given.get("kind") else MOVED
    rows = Account.objects.active().order_by()
    return rows.filter(pk__in=_ids(statement, given)).values("pk")


def _title_of_traded(given: Given) -> str:
    kind = given.get("kind")
    what = f"costs of {CostKind(kind).label.lower()}" if kind else "sales or costs"
    return f"with {what} from {day(given['since'])} to {day(given['until'])}"


TRADED = AccountSet(
    title=_title_of_traded,
    accounts=_traded,
    parameters=_days()
    | {"kind": lambda: forms.ChoiceField(choices=CostKind.choices, required=False)},
    permission=VIEW_DASHBOARD,
)


def _of_page(user: Any, given: Given) -> QuerySet[Any]:
    asked = {name: given.get(name) or "" for name in (*NARROWING, "as_of")}
    scope = Scope.read(asked, user)
    rows = scope.accounts() if scope.is_valid else Account.objects.none()
    return rows.values("pk")


OF_PAGE = AccountSet(
    title=lambda _given: "that the page before was narrowed to",
    accounts=_of_page,
    parameters={
        name: lambda: forms.CharField(max_length=LONGEST_INDUSTRY, required=False)
        for name in NARROWING
    },
    permission=VIEW_DASHBOARD,
)


def _sold(_user: Any, given: Given) -> QuerySet[Any]:
    rows = Account.objects.active().order_by()
    return rows.filter(pk__in=_ids(SOLD, given)).values("pk")


SOLD_TO = AccountSet(
    title=lambda given: (
        f"with orders or returns from {day(given['since'])} to {day(given['until'])}"
    ),
    accounts=_sold,
    parameters=_days(),
    permission=VIEW_DASHBOARD,
)


def _net_loss(_user: Any, given: Given) -> QuerySet[Any]:
    losing = values_of(given).filter(margin_year__lt=F("cost_year"))
    return losing.values("account_id")


NET_LOSS = AccountSet(
    title=lambda given: "that cost more within a year than their orders earned",
    accounts=_net_loss,
    permission=VIEW_DASHBOARD,
)


def _below_the_line(_user: Any, given: Given) -> QuerySet[Any]:
    low = memberships_of(given).filter(worth_class=WorthClass.NEVER_PROFITABLE)
    costs = LedgerEntry.objects.filter(
        incurred_on__range=_within(given), account__in=low.values("account")
    )
    if kind := given.get("kind"):
        costs = costs.filter(kind=kind)
    return bearers(costs)


BELOW_THE_LINE = AccountSet(
    title=lambda given: (
        "that are never profitable and were spent on from "
        f"{day(given['since'])} to {day(given['until'])}"
    ),
    accounts=_below_the_line,
    parameters=_days()
    | {"kind": lambda: forms.ChoiceField(choices=CostKind.choices, required=False)},
    permission=VIEW_DASHBOARD,
)


def _opportunity(_user: Any, given: Given) -> QuerySet[Any]:
    cause = LeverCause(given["cause"])
    night = hits_of_night(cause, given["at"], given["since"], given["until"])
    if night is not None:
        return night.values("account_id")
    sql, params = positional(*account_rows(cause, given["since"], given["until"]))
    hits = RawSQL(  # noqa: S611  made of our own statements; values are parameters
        f"SELECT account_id FROM ({sql}) of_account WHERE hit AND key = %s",
        (*params, given["at"]),
    )
    return Account.objects.order_by().filter(pk__in=hits).values("pk")


OPPORTUNITY = AccountSet(
    title=lambda given: (
        f"with {LeverCause(given['cause']).label.lower()}, "
        f"{day(given['since'])} to {day(given['until'])}"
    ),
    accounts=_opportunity,
    parameters=_days()
    | {
        "cause": lambda: forms.ChoiceField(choices=LeverCause.choices),
        "at": lambda: forms.CharField(max_length=LONGEST_KEY),
    },
    permission=VIEW_DASHBOARD,
)


def _of_source(_user: Any, given: Given) -> QuerySet[Any]:
    rows = Account.objects.active().order_by().filter(source=given["source_key"] or "")
    bought = values_of(given).exclude(first_on=None)
    return rows.filter(pk__in=bought.values("account_id")).values("pk")


OF_SOURCE = AccountSet(
    title=lambda given: (
        f"that ordered, won by: {Source(given['source_key'] or '').label.lower()}"
    ),
    accounts=_of_source,
    parameters={
        "source_key": lambda: forms.ChoiceField(choices=Source.choices, required=False)
    },
    permission=VIEW_DASHBOARD,
)
