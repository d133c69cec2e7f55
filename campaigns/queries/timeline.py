"""What plans bring to the timeline: touches that were closed without a contact."""

from collections.abc import Sequence

from django.db.models import Case, F, TextField, Value, When

from campaigns.choices import FiringStatus, TouchStatus
from campaigns.models import Firing, PlannedTouch
from crm.choices import DealStatus
from crm.models import Deal, DealChange
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
            "title": joined(_ASKED_BY, labels("status", TouchStatus.choices)),
            "text": joined(
                words("template__title"),
                Case(
                    When(template__campaign=None, then=Value(". ")),
                    output_field=TextField(),
                    default=joined(
                        Value(" of “"), words("template__campaign__name"), Value("”. ")
                    ),
                ),
                words("reason"),
            ),
            "who": words("closed_by__name"),
            "who_id": F("closed_by_id"),
        },
        who="closed_by_id",
        searched=("template__title", "template__campaign__name", "reason"),
    )


def firings(account_ids: Sequence[int]) -> Entries:
    """Return what automations did, with the cause; not what they left undone."""
    rows = Firing.objects.filter(status__in=(FiringStatus.FIRED, FiringStatus.FAILED))
    return Entries(
        of_accounts(rows, account_ids),
        at="decided_at",
        columns={
            "title": joined(Value("Automation: "), words("automation__name")),
            "text": joined(words("trigger_text"), Value(" "), words("reason")),
            "link_id": F("automation_id"),
        },
        searched=("automation__name", "trigger_text"),
    )


def deals_begun(account_ids: Sequence[int]) -> Entries:
    """Return when somebody wrote a deal down."""
    return Entries(
        of_accounts(Deal.objects.all(), account_ids),
        at="created_at",
        columns=_DEAL
        | {"who": words("created_by__name"), "who_id": F("created_by_id")},
        who="created_by_id",
        person="contact__name",
        searched=("title",),
    )


def deals_moved(account_ids: Sequence[int]) -> Entries:
    """Return moves of deals from stage to stage, and back from closed to open."""
    rows = DealChange.objects.filter(deal__account_id__in=account_ids)
    return Entries(
        # An account has few deals: their moves need no index by account.
        rows.filter(status=DealStatus.OPEN).exclude(was_stage=None),
        at="changed_at",
        columns={
            "title": Case(
                When(was_status=DealStatus.OPEN, then=Value("Deal moved")),
                default=Value("Deal opened again"),
            ),
            "text": joined(
                words("deal__title"),
                Value(". "),
                words("was_stage__name"),
                Value(" → "),
                words("stage__name"),
            ),
            "person": words("deal__contact__name"),
            "link_id": F("deal_id"),
            "who": words("changed_by__name"),
            "who_id": F("changed_by_id"),
        },
        who="changed_by_id",
        person="deal__contact__name",
        searched=("deal__title", "stage__name", "was_stage__name"),
    )


def deals_closed(account_ids: Sequence[int]) -> Entries:
    """Return deals won and lost, with the reason and the competitor."""
    return Entries(
        of_accounts(Deal.objects.closed(), account_ids),
        at="closed_on",
        is_day=True,
        columns=_DEAL
        | {
            "title": joined(Value("Deal "), labels("status", LOWER_STATUS)),
            "text": joined(
                words("title"),
                Value(". "),
                words("loss_reason__name"),
                Value(" "),
                words("competitor"),
            ),
            "who": words("owner__name"),
            "who_id": F("owner_id"),
        },
        who="owner_id",
        person="contact__name",
        searched=("title", "competitor", "closing_note"),
    )


_ASKED_BY = Case(
    When(template__campaign=None, then=Value("Plan touch: ")),
    default=Value("Campaign touch: "),
)
LOWER_STATUS = [(value, label.lower()) for value, label in DealStatus.choices]
_DEAL = {"text": words("title"), "person": words("contact__name"), "link_id": F("pk")}
