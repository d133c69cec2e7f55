"""Cases like one that somebody writes down, and all that was done about one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Case as When_
from django.db.models import F, FloatField, QuerySet, Value, When
from django.db.models.expressions import Combinable

from common.folding import words_of
from crm import policy
from crm.models import Account, Case, CaseEntry, Product, User

SHORTEST = 3  # letters of a word from which on it is looked for
SAME_ACCOUNT, SAME_PRODUCT, RESOLVED = 0.05, 0.05, 0.02  # beside the words' own rank


@dataclass(frozen=True, slots=True)
class Similar:
    """One earlier case, and what it shares with the new one."""

    case: Case
    why: str


def similar(
    user: User,
    *,
    title: str,
    account: Account | None = None,
    product: Product | None = None,
    but: int = 0,
) -> list[Similar]:
    """Return cases whose titles share words, the likest first.

    Those of the same account or product come before others, as do resolved ones.
    """
    words = [one for one in words_of(title) if len(one) >= SHORTEST]
    if not words:
        return []
    query = SearchQuery(
        " | ".join(f"'{word}':*" for word in words), config="simple", search_type="raw"
    )
    rank: Combinable = SearchRank(F("search"), query)
    if account is not None:
        rank += _extra("account", account.pk, SAME_ACCOUNT)
    if product is not None:
        rank += _extra("product", product.pk, SAME_PRODUCT)
    rank += _extra("resolved_at__isnull", value=False, worth=RESOLVED)
    rows = Case.objects.visible_to(user).filter(search=query).exclude(pk=but)
    found = rows.annotate(likeness=rank).select_related("account", "product")
    return [
        Similar(case, _why(case, account, product))
        for case in found.order_by("-likeness", "-pk")[: policy.MOST_SIMILAR_CASES]
    ]


def history(case: Case) -> QuerySet[CaseEntry]:
    """Return what was done about a case, newest first."""
    return case.entries.select_related("author", "cost").order_by("-pk")


def earlier(case: Case, user: User) -> Sequence[Similar]:
    """Return cases of the past that may help with this one."""
    return similar(
        user,
        title=case.title,
        account=case.account,
        product=case.product,
        but=case.pk,
    )


def _extra(name: str, value: object, worth: float) -> When_:
    return When_(
        When(**{name: value}, then=Value(worth)),
        default=Value(0.0),
        output_field=FloatField(),
    )


def _why(case: Case, account: Account | None, product: Product | None) -> str:
    shared = []
    if account is not None and case.account_id == account.pk:
        shared.append("same account")
    if product is not None and case.product_id == product.pk:
        shared.append("same product")
    return ", ".join(shared) or "like words"
