"""Measured effects: recorded, corrected by a new version, withdrawn; never edited."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.errors import CannotRecordEffectError
from campaigns.models import MeasuredEffect, RetentionPlan
from campaigns.permissions import CHANGE_PLANS
from common.clock import business_today
from common.errors import StaleRecordError
from crm.choices import Channel
from crm.models import User
from crm.services import audit
from segments.choices import WorthClass

FEWEST_ACCOUNTS = 2  # one with and one without


@transaction.atomic
def record_effect(
    *,
    actor: User,
    effect: Decimal,
    low: Decimal,
    high: Decimal,
    accounts: int,
    measured_from: dt.date,
    measured_until: dt.date,
    source: str,
    reason: str,
    plan: RetentionPlan | None = None,
    worth_class: str = "",
    channel: str = "",
    based_on: int | None = None,
) -> MeasuredEffect:
    """Record what care was measured to secure; it counts at once, everywhere.

    An effect of the same plan, class or channel becomes the version before.
    `based_on` is the version that was on the page, None where there was none.

    Raises
    ------
    CannotRecordEffectError
        If it is of nothing or of several things, if a number is not possible, or
        source or reason are missing.
    StaleRecordError
        If another version was recorded meanwhile.
    """
    said: dict[str, Any] = {
        "effect": effect,
        "low": low,
        "high": high,
        "accounts": accounts,
        "measured_from": measured_from,
        "measured_until": measured_until,
        "source": source.strip()[:300],
        "reason": reason.strip()[:300],
    }
    _check_subject(plan, worth_class, channel)
    _check(said)
    rows = MeasuredEffect.objects.select_for_update(of=("self",)).filter(
        plan=plan, worth_class=worth_class, channel=channel
    )
    before = rows.current().first()
    if (before.pk if before else None) != based_on:
        raise StaleRecordError
    last = rows.order_by("-number").first()
    if before is not None:
        _retire(actor, before, said["reason"])
    made = MeasuredEffect.objects.create(
        plan=plan,
        worth_class=worth_class,
        channel=channel,
        number=last.number + 1 if last else 1,
        author=actor,
        **said,
    )
    audit.record(
        actor=actor,
        action="effect.recorded",
        subject=made,
        reason=made.reason,
        of=made.subject,
        effect=str(made.effect),
        before=str(before.effect) if before else None,
    )
    return made


@transaction.atomic
def withdraw_effect(
    *, actor: User, effect: MeasuredEffect, reason: str
) -> MeasuredEffect:
    """Let an effect count no longer; the assumption does again.

    Who may change plans withdraws any; others what they took from campaigns.

    Raises
    ------
    CannotRecordEffectError
        If no reason is given, or it is somebody else's.
    StaleRecordError
        If it was corrected or withdrawn meanwhile.
    """
    said = reason.strip()[:300]
    if not said:
        raise CannotRecordEffectError("Say why, for those who ask.", field="reason")
    found = (
        MeasuredEffect.objects.select_for_update(of=("self",))
        .current()
        .filter(pk=effect.pk)
        .first()
    )
    if found is None:
        raise StaleRecordError
    if found.author_id != actor.pk and not actor.has_perm(CHANGE_PLANS):
        raise CannotRecordEffectError(
            f"{found.author} recorded this effect. Ask them, or marketing, to withdraw"
            " it."
        )
    _retire(actor, found, said)
    audit.record(
        actor=actor,
        action="effect.withdrawn",
        subject=found,
        reason=said,
        of=found.subject,
    )
    return found


def _retire(actor: User, effect: MeasuredEffect, reason: str) -> None:
    effect.retired_at = timezone.now()
    effect.retired_by = actor
    effect.retired_because = reason
    effect.save()


def _check_subject(plan: RetentionPlan | None, worth_class: str, channel: str) -> None:
    if sum(map(bool, (plan, worth_class, channel))) != 1:
        raise CannotRecordEffectError(
            "Say for which plan, which class or which channel: one of them."
        )
    if worth_class and worth_class not in WorthClass.values:
        raise CannotRecordEffectError("There is no such class.", field="worth_class")
    if channel and channel not in Channel.values:
        raise CannotRecordEffectError("There is no such channel.", field="channel")


def _check(said: dict[str, Any]) -> None:
    if not -1 <= said["low"] <= said["effect"] <= said["high"] <= 1:
        raise CannotRecordEffectError(
            "The effect lies within its interval, and both between -100 and 100 %.",
            field="effect",
        )
    if said["accounts"] < FEWEST_ACCOUNTS:
        raise CannotRecordEffectError(
            "It takes accounts with the care and accounts without it.", field="accounts"
        )
    if not said["measured_from"] <= said["measured_until"] <= business_today():
        raise CannotRecordEffectError(
            "A measurement begins before it ends, and has ended.",
            field="measured_until",
        )
    for name in ("source", "reason"):
        if not said[name]:
            raise CannotRecordEffectError("Say it in a few words.", field=name)
