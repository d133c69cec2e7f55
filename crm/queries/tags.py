"""The firm's tags, with how much carries each."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from crm.models import Account, Contact, Tag


def counted_tags() -> QuerySet[Tag]:
    """Return all tags with `account_count` and `contact_count`, those offered first.

    They count what the firm has, whoever looks: the catalogue is the managers'.
    """
    return Tag.objects.annotate(
        account_count=_counted(Account.tags.through),
        contact_count=_counted(Contact.tags.through),
    ).order_by("-is_active", "name", "pk")


def _counted(through: type) -> Coalesce:
    links = through.objects.filter(tag_id=OuterRef("pk")).order_by()  # type: ignore[attr-defined]
    counted = links.values("tag_id").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
