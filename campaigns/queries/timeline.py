"""What plans bring to the timeline: touches that were closed without a contact."""

from collections.abc import Sequence

from django.db.models import F, Value

from campaigns.choices import TouchStatus
from campaigns.models import PlannedTouch
from crm.queries.entries import Entries, joined, labels, of_accounts, words


def closed_touches(account_ids: Sequence[int]) -> Entries:
    """Return touches skipped, cancelled or expired, with the reason.

    One that was done stands there as the contact that it was.
    """
    rows = PlannedTouch.objects.exclude(status__in=[TouchStatus.DUE, TouchStatus.DONE])
    return Entries(
        of_accounts(rows, account_ids),
        at="closed_at",
        columns={
            "title": joined(
                Value("Plan touch: "), labels("status", TouchStatus.choices)
            ),
            "text": joined(
                words("template__title"),
                Value(". "),
                words("reason"),
            ),
            "who": words("closed_by__name"),
            "who_id": F("closed_by_id"),
        },
        who="closed_by_id",
        searched=("template__title", "reason"),
    )
