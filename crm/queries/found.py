"""What the palette finds in `crm`."""

from django.contrib.postgres.search import SearchVector
from django.urls import reverse

from common.folding import Folded, prefix_query
from common.palette import Hit
from crm.models import Account, Contact, Product, Task, Touchpoint, User

LATELY = 60  # touchpoints among which accounts worked on last are looked for


def find_accounts(user: User, text: str, limit: int) -> list[Hit]:
    """Return accounts by the beginnings of words; with no text those worked on last."""
    rows = Account.objects.active().visible_to(user)
    if text:
        accounts = list(rows.matching(text).order_by()[:limit])
    else:
        keys = _worked_on_last(user)[:limit]
        found = rows.in_bulk(keys)
        accounts = [found[key] for key in keys if key in found]
    return [
        Hit(
            title=account.name,
            url=_page_of(account.pk),
            icon="building-2",
            detail=account.city,
            account_id=account.pk,
        )
        for account in accounts
    ]


def find_people(user: User, text: str, limit: int) -> list[Hit]:
    """Return people at accounts; what is called up is their account's page."""
    if not text:
        return []
    rows = Contact.objects.visible_to(user).matching(text).select_related("account")
    return [
        Hit(
            title=contact.name,
            url=f"{_page_of(contact.account_id)}?tab=people",
            icon="user",
            detail=contact.account.name,
            account_id=contact.account_id,
        )
        for contact in rows.order_by()[:limit]
    ]


def find_tasks(user: User, text: str, limit: int) -> list[Hit]:
    """Return the open tasks of the user whose title has the words."""
    query = prefix_query(text)
    if query is None:
        return []
    rows = Task.objects.open().visible_to(user).filter(owner=user)
    titled = SearchVector(Folded("title"), config="simple")
    found = rows.annotate(titled=titled).filter(titled=query)
    return [
        Hit(
            title=task.title,
            url=reverse("crm:task_edit", args=[task.pk]),
            icon="list-checks",
            detail=task.account.name if task.account else "",
            account_id=task.account_id,
        )
        for task in found.select_related("account").order_by("due_on", "pk")[:limit]
    ]


def find_products(user: User, text: str, limit: int) -> list[Hit]:
    """Return products whose name or number has the text as the beginning of a word."""
    if not text:
        return []
    rows = Product.objects.annotate(
        found=SearchVector(Folded("name"), Folded("sku"), config="simple")
    ).filter(found=prefix_query(text))
    return [
        Hit(
            title=product.name,
            url=reverse("crm:product_detail", args=[product.pk]),
            icon="package",
            detail=product.sku,
        )
        for product in rows.order_by("name", "pk")[:limit]
    ]


def _page_of(account_id: int) -> str:
    return reverse("crm:account_detail", args=[account_id])


def _worked_on_last(user: User) -> list[int]:
    """Return the accounts the user logged something for, the newest first."""
    mine = Touchpoint.objects.standing().filter(user=user).order_by("-created_at")
    return list(dict.fromkeys(mine.values_list("account_id", flat=True)[:LATELY]))
