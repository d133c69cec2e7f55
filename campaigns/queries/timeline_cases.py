"""What cases bring to the timeline: what customers wanted settled, and how it was."""

from collections.abc import Sequence

from django.db.models import F, Value

from crm.models import Case
from crm.queries.entries import Entries, joined, of_accounts, words

_CASE = {"text": words("title"), "person": words("contact__name"), "link_id": F("pk")}


def cases_opened(account_ids: Sequence[int]) -> Entries:
    """Return what customers wanted settled."""
    return Entries(
        of_accounts(Case.objects.all(), account_ids),
        at="opened_at",
        columns=_CASE
        | {
            "channel": F("channel"),
            "who": words("created_by__name"),
            "who_id": F("created_by_id"),
            "outcome": F("status"),
        },
        channel="channel",
        who="created_by_id",
        person="contact__name",
        product="product__name",
        searched=("title", "description"),
    )


def cases_resolved(account_ids: Sequence[int]) -> Entries:
    """Return cases that were settled, and how."""
    rows = Case.objects.filter(resolved_at__isnull=False)
    return Entries(
        of_accounts(rows, account_ids),
        at="resolved_at",
        columns=_CASE
        | {
            "text": joined(words("title"), Value(". "), words("resolution")),
            "who": words("owner__name"),
            "who_id": F("owner_id"),
        },
        who="owner_id",
        person="contact__name",
        product="product__name",
        searched=("title", "resolution"),
    )
