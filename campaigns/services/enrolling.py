"""The audience of a campaign: accounts are put in and taken out while it is a draft."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from campaigns.errors import CannotEnrolError
from campaigns.models import Campaign, Enrolment
from campaigns.services.campaigns import lock_draft, take_time
from common.among import Among
from crm.choices import Stage
from crm.models import Account, User
from crm.services import audit

NOT_YOURS = "One of the accounts is not there any more, or not yours."
MERGED = "Merged into another account."
FORMER = "Not a customer any more; only campaigns to win back reach those."


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What putting accounts into a campaign did.

    `added` are the accounts to take out again to undo it, `already` how many were in
    it, `refused` who cannot be in it, by reason.
    """

    added: Sequence[int]
    already: int
    refused: Mapping[str, Sequence[int]]

    @property
    def refused_count(self) -> int:
        return sum(len(accounts) for accounts in self.refused.values())


@transaction.atomic
def enrol(*, actor: User, campaign: Campaign, account_ids: Iterable[int]) -> Enrolled:
    """Put accounts into the audience of a draft, each once.

    Whoever was merged away, or left where the campaign is not to win back, is not
    added and named with the reason. Called again it adds nobody.

    Raises
    ------
    CampaignStateError
        If the campaign is no draft any more.
    CannotEnrolError
        If an account is unknown, or out of the actor's sight. Nobody is added then.
    """
    take_time()
    campaign = lock_draft(campaign)
    stages = _seen(actor, account_ids)
    refused: dict[str, list[int]] = {}
    for key, (stage, is_merged) in stages.items():
        if is_merged:
            refused.setdefault(MERGED, []).append(key)
        elif stage == Stage.FORMER and not campaign.takes_former:
            refused.setdefault(FORMER, []).append(key)
    out = {key for keys in refused.values() for key in keys}
    wanted = [key for key in stages if key not in out]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [campaign.pk, actor.pk, wanted])
        added = [key for (key,) in cursor.fetchall()]
    if added:
        audit.record(
            actor=actor,
            action="campaign.enrolled",
            subject=campaign,
            accounts=len(added),
            account_ids=added[:100],
        )
    return Enrolled(added, len(wanted) - len(added), refused)


@transaction.atomic
def withdraw_enrolments(
    *, actor: User, campaign: Campaign, account_ids: Iterable[int]
) -> int:
    """Take accounts out of the audience of a draft; return how many were in it.

    Raises
    ------
    CampaignStateError
        If the campaign is no draft any more.
    CannotEnrolError
        If an account is unknown, or out of the actor's sight. Nobody is taken out then.
    """
    take_time()
    campaign = lock_draft(campaign)
    keys = list(_seen(actor, account_ids))
    taken, _ = Enrolment.objects.filter(
        Among("account_id", keys), campaign=campaign
    ).delete()
    if taken:
        audit.record(
            actor=actor,
            action="campaign.withdrawn",
            subject=campaign,
            accounts=taken,
            account_ids=keys[:100],
        )
    return taken


def _seen(actor: User, account_ids: Iterable[int]) -> dict[int, tuple[str, bool]]:
    """Return stage of each account and whether it was merged, in order of their keys.

    Raises
    ------
    CannotEnrolError
        If one is unknown, or out of the actor's sight.
    """
    wanted = set(account_ids)
    rows = Account.objects.visible_to(actor).filter(Among("pk", wanted)).order_by("pk")
    found = {
        key: (stage, merged is not None)
        for key, stage, merged in rows.values_list("pk", "stage", "merged_into")
    }
    if len(found) != len(wanted):
        raise CannotEnrolError(NOT_YOURS)
    return found


_ADD = """
INSERT INTO campaigns_enrolment (campaign_id, account_id, added_by_id)
SELECT %s, account_id, %s FROM unnest(%s::bigint[]) AS asked (account_id)
ORDER BY account_id
ON CONFLICT (campaign_id, account_id) DO NOTHING
RETURNING account_id
"""
