"""What the palette finds in `campaigns`."""

from django.contrib.postgres.search import SearchVector
from django.db.models import F, Q
from django.urls import reverse

from campaigns.models import Campaign
from common.folding import Folded, prefix_query
from common.palette import Hit
from crm.models import Account, Case, Deal, User

LONGEST_NUMBER = 18  # digits that fit a key


def find_deals(user: User, text: str, limit: int) -> list[Hit]:
    """Return open deals by their title or their account's name."""
    query = prefix_query(text)
    if query is None:
        return []
    rows = Deal.objects.open().visible_to(user).select_related("account")
    accounts = Account.objects.visible_to(user).filter(search=query)
    titled = SearchVector(Folded("title"), config="simple")
    named = Q(titled=query) | Q(account__in=accounts.order_by().values("pk"))
    return [
        Hit(
            title=deal.title,
            url=reverse("campaigns:deal_detail", args=[deal.pk]),
            icon="handshake",
            detail=deal.account.name,
            account_id=deal.account_id,
        )
        for deal in rows.annotate(titled=titled).filter(named).order_by("pk")[:limit]
    ]


def find_campaigns(user: User, text: str, limit: int) -> list[Hit]:
    """Return campaigns by their name, the newest first."""
    query = prefix_query(text)
    if query is None:
        return []
    named = SearchVector(Folded("name"), config="simple")
    rows = Campaign.objects.visible_to(user).annotate(named=named).filter(named=query)
    return [
        Hit(
            title=one.name,
            url=reverse("campaigns:campaign_detail", args=[one.pk]),
            icon="megaphone",
            detail=one.get_status_display().lower(),
        )
        for one in rows.order_by("-pk")[:limit]
    ]


def find_cases(user: User, text: str, limit: int) -> list[Hit]:
    """Return cases by number, title or account, those not settled first."""
    query = prefix_query(text)
    if query is None:
        return []
    accounts = Account.objects.visible_to(user).filter(search=query)
    named = Q(search=query) | Q(account__in=accounts.order_by().values("pk"))
    number = text.strip().upper().removeprefix("C-")
    if number.isdecimal() and len(number) <= LONGEST_NUMBER:
        named |= Q(pk=int(number))
    rows = Case.objects.visible_to(user).filter(named).select_related("account")
    return [
        Hit(
            title=case.title,
            url=reverse("campaigns:case_detail", args=[case.pk]),
            icon="life-buoy",
            detail=f"{case.number}, {case.account or case.sender},"
            f" {case.get_status_display().lower()}",
            account_id=case.account_id,
        )
        for case in rows.order_by(F("resolved_at").desc(nulls_first=True), "-pk")[
            :limit
        ]
    ]
