"""What a contact just logged means for the plan of its account, and what is next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns import policy
from campaigns.choices import OwnerRole
from campaigns.models import PlannedTouch
from campaigns.queries import care, today
from campaigns.queries.today import Item
from campaigns.queries.wallet import Wallet, wallet_of
from crm.choices import Channel, Outcome
from crm.models import Touchpoint, User

# A meeting does what a visit is planned for, and the other way round.
ALIKE = ({Channel.MEETING, Channel.VISIT},)


@dataclass(frozen=True, slots=True)
class AfterContact:
    """The plan after one contact.

    `counts_as` is the touch that the contact counts as; `may_count_as` are open ones
    that it may. `done` of `asked` touches were done this year; `asked` is None where
    the account has no plan.
    """

    counts_as: PlannedTouch | None
    may_count_as: Sequence[PlannedTouch]
    done: int
    asked: int | None
    wallet: Wallet | None
    next_step: Item | None


def after_contact(touchpoint: Touchpoint, *, user: User, day: dt.date) -> AfterContact:
    account = touchpoint.account
    kept = care.care(account, today=day)
    counts_as = (
        PlannedTouch.objects.filter(touchpoint=touchpoint)
        .select_related("template")
        .first()
    )
    asked = [strip.asked for strip in kept.strips if strip.asked is not None]
    return AfterContact(
        counts_as=counts_as,
        may_count_as=[] if counts_as else matching(touchpoint, day=day),
        done=sum(strip.done for strip in kept.strips if strip.asked is not None),
        asked=sum(asked) if kept.version else None,
        wallet=wallet_of(account, today=day),
        next_step=today.next_step(account, user=user, today=day),
    )


def matching(touchpoint: Touchpoint, *, day: dt.date) -> list[PlannedTouch]:
    """Return open touches that this contact may count as, the oldest first.

    The same channel, due by now or within the planning horizon; somebody was reached.
    """
    if touchpoint.voided_at or touchpoint.outcome == Outcome.NO_ANSWER:
        return []
    channels = {touchpoint.channel}
    for group in ALIKE:
        channels |= group if touchpoint.channel in group else set()
    horizon = day + dt.timedelta(days=policy.PLANNING_HORIZON_DAYS)
    rows = PlannedTouch.objects.due().filter(
        account_id=touchpoint.account_id,
        owner_role=OwnerRole.REP,
        template__channel__in=channels,
        due_on__lte=horizon,
    )
    return list(rows.select_related("template").order_by("due_on", "pk")[:1])
