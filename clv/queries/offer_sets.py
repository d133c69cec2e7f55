"""The named sets of accounts behind a rep's offers."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from clv.choices import OfferKind, OfferState
from clv.models import ExpansionOffer, OfferDecision
from clv.permissions import VIEW_VALUES
from common.clock import business_today
from common.lists.sets import AccountSet, Given, account_set_url
from crm.models import Product

YEAR = dt.timedelta(days=365)
OPEN = "open"
STATES = {
    OPEN: "with open offers",
    OfferState.ACCEPTED.value: "that took up an offer within a year",
    OfferState.DISMISSED.value: "that had an offer dismissed within a year",
}


def accounts_url(owner: int | None, filters: Mapping[str, Any]) -> str:
    """Return the list of a rep's accounts, of the product and the kind asked for."""
    if owner is None:
        return ""
    product = filters.get("offered")
    return account_set_url(
        "offers",
        owner=owner,
        offered=product.pk if product else "",
        offer_kind=filters.get("kind", ""),
    )


def _of_offers(_user: Any, given: Given) -> QuerySet[Any]:
    today = business_today()
    if given["state"] == OPEN:
        rows: QuerySet[Any] = ExpansionOffer.objects.open(today)
    else:
        rows = OfferDecision.objects.filter(
            withdrawn_at=None, decided_on__gt=today - YEAR, state=given["state"]
        )
    asked = {"offered": given.get("offered"), "kind": given.get("offer_kind")}
    kept = {name: value for name, value in asked.items() if value}
    return rows.filter(**kept).order_by().values("account_id")


def _of_offers_title(given: Given) -> str:
    product, kind = given.get("offered"), given.get("offer_kind")
    of_kind = f", {OfferKind(kind).label.lower()}" if kind else ""
    return f"{STATES[given['state']]}{f': {product}' if product else ''}{of_kind}"


OFFERS = AccountSet(
    title=_of_offers_title,
    accounts=_of_offers,
    parameters={
        "state": lambda: forms.ChoiceField(choices=list(STATES.items())),
        "offered": lambda: forms.ModelChoiceField(
            Product.objects.all(), required=False
        ),
        "offer_kind": lambda: forms.ChoiceField(
            choices=OfferKind.choices, required=False
        ),
    },
    permission=VIEW_VALUES,
)
