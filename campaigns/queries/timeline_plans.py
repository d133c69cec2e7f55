"""What plans bring to the timeline: when an account began or left one, and why."""

from collections.abc import Sequence

from django.db.models import Case, Exists, F, OuterRef, Q, TextField, Value, When

from campaigns.models import Enrolment, PlanAssignment
from crm.queries.entries import Entries, joined, of_accounts, words

_WHO = {"who": words("assigned_by__name"), "who_id": F("assigned_by_id")}


def plans_begun(account_ids: Sequence[int]) -> Entries:
    """Return which plan the account began to follow, by whom or for what reason."""
    return Entries(
        of_accounts(PlanAssignment.objects.all(), account_ids),
        at="since",
        is_day=True,
        columns=_WHO
        | {
            "title": joined(Value("Plan: "), words("plan__name")),
            "text": words("reason"),
        },
        who="assigned_by_id",
        searched=("plan__name", "reason"),
    )


def plans_ended(account_ids: Sequence[int]) -> Entries:
    """Return when the account left its plan and began no other."""
    next_one = PlanAssignment.objects.filter(
        account=OuterRef("account"), since=OuterRef("until"), pk__gt=OuterRef("pk")
    )
    rows = PlanAssignment.objects.filter(until__isnull=False)
    return Entries(
        of_accounts(rows.filter(~Exists(next_one)), account_ids),
        at="until",
        is_day=True,
        columns={
            "title": joined(Value("Plan ended: "), words("plan__name")),
            "text": words("ended_because"),
        },
        searched=("plan__name", "ended_because"),
    )


def enrolments(account_ids: Sequence[int]) -> Entries:
    """Return when the account was put into a campaign, and what it gets there."""
    said = Case(
        When(campaign__started_at=None, then=Value("Added to the draft.")),
        When(is_control=True, then=Value("In the control group, which gets nothing.")),
        When(
            ~Q(left_out=""), then=joined(Value("Left out. "), words("left_out_because"))
        ),
        default=Value("Chosen for its touches."),
        output_field=TextField(),
    )
    return Entries(
        of_accounts(Enrolment.objects.all(), account_ids),
        at="added_at",
        columns={
            "title": joined(Value("Campaign: "), words("campaign__name")),
            "text": said,
            "who": words("added_by__name"),
            "who_id": F("added_by_id"),
            "link_id": F("campaign_id"),
        },
        who="added_by_id",
        searched=("campaign__name",),
    )
