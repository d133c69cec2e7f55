"""What the queue of cases can be narrowed to."""

from typing import Any

from django.db.models import Q, QuerySet

from campaigns.choices import ClockState
from campaigns.queries.lists.account_filters import people, search_field
from campaigns.queries.lists.contacts import by_class
from campaigns.queries.service import STATES, with_clocks
from common.folding import prefix_query
from common.lists.filters import (
    Filter,
    choice_field,
    equals,
    record_field,
    said_by,
)
from crm.choices import CaseKind, CaseStatus, CaseUrgency, Channel
from crm.forms.pickers import product_typeahead
from crm.models import Product, Territory, User
from segments.choices import WorthClass

ANY, UNSETTLED = "any", "unsettled"
STATUSES = ((UNSETTLED, "Not settled"), *CaseStatus.choices, (ANY, "Any"))
MINE, TEAM, NOBODY = "mine", "team", "nobody"
WHOSE = ((MINE, "Mine"), (TEAM, "My team’s"), (NOBODY, "Nobody’s"))
CLOCKS = [one for one in ClockState.choices if one[0] != ClockState.SETTLED]


def _by_words(rows: Any, value: str, _listing: Any) -> Any:
    number = value.strip().upper().removeprefix("C-")
    wanted = Q(account__name__istartswith=value) | Q(sender__istartswith=value)
    if (query := prefix_query(value)) is not None:
        wanted |= Q(search=query)
    if number.isdecimal() and len(number) < 18:  # noqa: PLR2004  fits a key
        wanted |= Q(pk=int(number))
    return rows.filter(wanted)


def _by_status(rows: Any, value: str, _listing: Any) -> Any:
    if value == UNSETTLED:
        return rows.unsettled()
    return rows if value == ANY else rows.filter(status=value)


def _by_clock(rows: Any, value: str, _listing: Any) -> Any:
    place = STATES.index(ClockState(value))
    found = with_clocks(rows.unsettled()).filter(s_state=place)
    return rows.filter(pk__in=found.order_by().values("pk"))


def _by_whose(rows: Any, value: str, listing: Any) -> Any:
    user: User = listing.user
    if value == MINE:
        return rows.filter(owner=user)
    if value == NOBODY:
        return rows.filter(Q(owner=None) | Q(owner__is_active=False))
    if user.territory_id is None:
        return rows  # whose area is the whole firm
    area = Q(territory=user.territory_id) | Q(owner__territory=user.territory_id)
    return rows.filter(area | Q(owner=user))


def _any_product(_user: Any) -> QuerySet[Product]:
    return Product.objects.order_by("name", "pk")


def _any_territory(user: User) -> QuerySet[Territory] | None:
    return Territory.objects.order_by("name") if user.sees_every_account else None


FILTERS = (
    Filter(
        "search",
        "Search",
        search_field("Words, account or C-number"),
        _by_words,
        is_quick=True,
    ),
    Filter(
        "status",
        "Status",
        choice_field(STATUSES, usual=UNSETTLED),
        _by_status,
        said_by(STATUSES),
        is_quick=True,
    ),
    Filter(
        "whose",
        "Whose",
        choice_field(WHOSE),
        _by_whose,
        said_by(WHOSE),
        is_quick=True,
    ),
    Filter(
        "clock",
        "Clock",
        choice_field(CLOCKS),
        _by_clock,
        said_by(CLOCKS),
        is_quick=True,
    ),
    Filter(
        "class",
        "Class",
        choice_field(WorthClass.choices),
        by_class,
        said_by(WorthClass.choices),
        is_quick=True,
    ),
    Filter(
        "urgency",
        "Urgency",
        choice_field(CaseUrgency.choices),
        equals("urgency"),
        said_by(CaseUrgency.choices),
    ),
    Filter(
        "kind",
        "Kind",
        choice_field(CaseKind.choices),
        equals("kind"),
        said_by(CaseKind.choices),
    ),
    Filter(
        "channel",
        "Came by",
        choice_field(Channel.choices),
        equals("channel"),
        said_by(Channel.choices),
    ),
    Filter(
        "product",
        "Product",
        record_field(_any_product, widget=product_typeahead),
        equals("product"),
    ),
    Filter("who", "Who", record_field(people, "Everybody"), equals("owner")),
    Filter("territory", "Territory", record_field(_any_territory), equals("territory")),
    Filter(
        "owner",
        "Owner of the account",
        record_field(people, "Everybody"),
        equals("account__owner"),
    ),
)
