"""What the palette finds in `campaigns`."""

from django.contrib.postgres.search import SearchVector
from django.db.models import Q
from django.urls import reverse

from common.folding import Folded, prefix_query
from common.palette import Hit
from crm.models import Account, Deal, User


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
