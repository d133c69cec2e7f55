"""What cases bring to the timeline: what customers wanted settled, and how it was."""

from collections.abc import Sequence

from django.db.models import F, Value

from crm.choices import CaseEntryKind
from crm.models import Case, CaseEntry
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


def cases_answered(account_ids: Sequence[int]) -> Entries:
    """Return what was answered to customers about their cases."""
    answers = CaseEntry.objects.filter(kind=CaseEntryKind.ANSWER)
    return Entries(
        answers.filter(case__account_id__in=account_ids),
        at="made_at",
        columns={
            "text": joined(words("case__title"), Value(": "), words("text")),
            "person": words("case__contact__name"),
            "channel": F("channel"),
            "who": words("author__name"),
            "who_id": F("author_id"),
            "minutes": F("minutes"),
            "link_id": F("case_id"),
        },
        channel="channel",
        who="author_id",
        person="case__contact__name",
        product="case__product__name",
        searched=("text",),
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
