"""Many accounts into a campaign at once, and out of it again."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from campaigns.errors import CannotEnrolError
from campaigns.models import Campaign, Enrolment
from campaigns.services import campaigns
from campaigns.services.campaigns import CampaignFields
from campaigns.services.enrolling import Enrolled, enrol
from crm.choices import ListKey
from crm.errors import BulkRefusedError
from crm.models import BulkEdit, User
from crm.services import audit
from crm.services.bulk import UNDO_WITHIN
from crm.services.bulk_steps import LONGEST_MS, MOST_AT_ONCE

ACTION = "campaign"  # of the bulk edit that keeps what an undo needs


@dataclass(frozen=True, slots=True)
class Added:
    """What was added to which campaign; `edit` takes it back, where anybody was."""

    campaign: Campaign
    enrolled: Enrolled
    edit: BulkEdit | None


@transaction.atomic
def add_accounts(
    *,
    actor: User,
    campaign: Campaign,
    account_ids: Collection[int],
    list_key: str = ListKey.ACCOUNTS,
) -> Added:
    """Add accounts to a draft, so that whoever did it can take them out again.

    Raises
    ------
    CampaignStateError
        If the campaign is no draft any more.
    CannotEnrolError
        If none or too many are chosen, or one is unknown or out of sight. Nobody is
        added then.
    """
    if not account_ids:
        raise CannotEnrolError("Choose at least one account.")
    if len(account_ids) > MOST_AT_ONCE:
        raise CannotEnrolError(f"At most {MOST_AT_ONCE:,} accounts at once.")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_MS}")
    enrolled = enrol(actor=actor, campaign=campaign, account_ids=account_ids)
    edit = _keep(actor, campaign, enrolled, list_key) if enrolled.added else None
    return Added(campaign, enrolled, edit)


@transaction.atomic
def add_to_new(
    *,
    actor: User,
    account_ids: Collection[int],
    fields: CampaignFields,
    list_key: str = ListKey.ACCOUNTS,
) -> Added:
    """Begin a campaign with these accounts; where none can be added there is none.

    Raises
    ------
    CannotSaveCampaignError
        As `campaigns.create_campaign`.
    CannotEnrolError
        As `add_accounts`.
    """
    campaign = campaigns.create_campaign(actor=actor, **fields)
    return add_accounts(
        actor=actor, campaign=campaign, account_ids=account_ids, list_key=list_key
    )


def undo_adding(*, actor: User, edit: BulkEdit) -> int:
    """Take out of a draft whom the edit had put in; return how many.

    Raises
    ------
    BulkRefusedError
        If it is a colleague's, more than a week old, was undone before, or the
        campaign is no draft any more.
    """
    if edit.actor_id != actor.pk:
        raise BulkRefusedError("Only who made this change can undo it.")
    if edit.created_at < timezone.now() - UNDO_WITHIN:
        raise BulkRefusedError("This is more than a week ago; change it anew instead.")
    with transaction.atomic():
        fresh = BulkEdit.objects.select_for_update().get(pk=edit.pk)
        if fresh.undone_at is not None:
            raise BulkRefusedError("This was undone before.")
        campaign = Campaign.objects.filter(pk=fresh.detail["campaign"]).first()
        if campaign is None or not campaigns.lock(campaign).is_draft:
            raise BulkRefusedError(
                "The campaign is no draft any more, so its audience stays as it is."
            )
        rows = Enrolment.objects.visible_to(actor).filter(campaign=campaign)
        keys = fresh.rows.values("record_id")
        taken, _ = rows.filter(account_id__in=keys, added_by=actor).delete()
        fresh.undone_at = timezone.now()
        fresh.save(update_fields=["undone_at"])
        audit.record(actor=actor, action="bulk.undone", subject=fresh, rows=taken)
    return taken


def _keep(
    actor: User, campaign: Campaign, enrolled: Enrolled, list_key: str
) -> BulkEdit:
    edit = BulkEdit.objects.create(
        actor=actor,
        list_key=list_key,
        action=ACTION,
        summary=f"Added to “{campaign}”"[:300],
        detail={"campaign": campaign.pk},
        row_count=len(enrolled.added),
    )
    edit.refresh_from_db()
    edit.rows.bulk_create(
        (edit.rows.model(edit=edit, record_id=key) for key in enrolled.added),
        batch_size=10_000,
    )
    return edit
