"""Classes set by hand: with a reason and an end, undone by themselves when it comes."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now

from common.clock import business_today
from common.errors import StaleRecordError
from common.templatetags.display import count, day
from common.versions import save_changes
from crm.models import Account, User
from crm.services import audit
from segments.choices import WorthClass
from segments.errors import OverrideRefusedError
from segments.models import Override
from segments.policy import LONGEST_OVERRIDE, MOST_OVERRIDDEN
from segments.services import reclassing

LONGEST_REASON = 300


@transaction.atomic
def set_overrides(
    *,
    actor: User,
    accounts: Sequence[Account],
    worth_class: str,
    reason: str,
    expires_on: dt.date,
    at_once: bool = False,
) -> list[Override]:
    """Decide the class of `accounts`; an override that one has gives way to this.

    It counts from the next run on, up to and including `expires_on`; with `at_once` as
    soon as a worker has classed today's values anew.

    Raises
    ------
    OverrideRefusedError
        If there is no such class, no reason, the day has come or lies too far ahead,
        an account was merged away, or there are none or too many. None is set then.
    """
    _check(worth_class, reason, expires_on)
    locked = _locked(accounts)
    before = Override.objects.open().filter(account__in=locked)
    before.update(ended_at=Now(), ended_by=actor, ending="Replaced by another")
    made = [
        Override.objects.create(
            account=account,
            worth_class=worth_class,
            reason=reason.strip(),
            expires_on=expires_on,
            author=actor,
        )
        for account in locked
    ]
    for one in made:
        audit.record(
            actor=actor,
            action="class_override.set",
            subject=one.account,
            worth_class=worth_class,
            reason=one.reason,
            expires_on=expires_on.isoformat(),
        )
    if at_once:
        reclassing.request_classing(actor=actor)
    return made


def set_override(
    *,
    actor: User,
    account: Account,
    worth_class: str,
    reason: str,
    expires_on: dt.date,
    expected_version: int | None = None,
    at_once: bool = False,
) -> Override:
    """Decide the class of one account; see `set_overrides`.

    Raises
    ------
    StaleRecordError
        If the override that stands is not the version that was read; 0 says that none
        was seen.
    """
    with transaction.atomic():
        if expected_version is not None:
            standing = (
                Override.objects.open().select_for_update().filter(account=account)
            )
            seen = standing.values_list("version", flat=True).first() or 0
            if seen != expected_version:
                raise StaleRecordError
        return set_overrides(
            actor=actor,
            accounts=[account],
            worth_class=worth_class,
            reason=reason,
            expires_on=expires_on,
            at_once=at_once,
        )[0]


@transaction.atomic
def end_override(
    *,
    actor: User,
    override: Override,
    reason: str = "",
    expected_version: int | None = None,
    at_once: bool = False,
) -> Override:
    """End an override before its day, so that the rule decides again.

    Raises
    ------
    OverrideRefusedError
        If it has ended already.
    StaleRecordError
        If it was changed since `expected_version` was read.
    """
    standing = Override.objects.select_for_update().get(pk=override.pk)
    if standing.ended_at is not None:
        raise OverrideRefusedError("It has ended already; the rule decides.")
    ended = save_changes(
        standing,
        expected_version=expected_version,
        ended_at=Now(),
        ended_by=actor,
        ending=reason.strip()[:LONGEST_REASON],
    )
    audit.record(
        actor=actor,
        action="class_override.ended",
        subject=ended.account,
        worth_class=ended.worth_class,
        reason=ended.ending,
    )
    if at_once:
        reclassing.request_classing(actor=actor)
    return ended


def expire_overrides(*, before: dt.date) -> int:
    """End the overrides whose last day lies before that day; return how many."""
    expired = list(
        Override.objects.open()
        .filter(expires_on__lt=before)
        .select_related("account")
        .select_for_update(of=("self",))
    )
    Override.objects.filter(pk__in=[one.pk for one in expired]).update(
        ended_at=Now(), ending="Its day has come"
    )
    for one in expired:
        audit.record(
            actor=None,
            action="class_override.expired",
            subject=one.account,
            worth_class=one.worth_class,
            expires_on=one.expires_on.isoformat(),
        )
    return len(expired)


def _check(worth_class: str, reason: str, expires_on: dt.date) -> None:
    if worth_class not in WorthClass.values:
        raise OverrideRefusedError("Choose one of the four.", field="worth_class")
    if not reason.strip():
        raise OverrideRefusedError("Say why, for those who ask.", field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise OverrideRefusedError(
            f"At most {LONGEST_REASON} characters.", field="reason"
        )
    today = business_today()
    if expires_on < today:
        raise OverrideRefusedError("That day has gone by.", field="expires_on")
    if expires_on > today + LONGEST_OVERRIDE:
        raise OverrideRefusedError(
            f"At most until {day(today + LONGEST_OVERRIDE)}: what is to last longer"
            " belongs into the rule.",
            field="expires_on",
        )


def _locked(accounts: Sequence[Account]) -> list[Account]:
    """Lock the accounts in the order of their keys."""
    keys = {account.pk for account in accounts}
    if not keys:
        raise OverrideRefusedError("Choose at least one account.")
    if len(keys) > MOST_OVERRIDDEN:
        raise OverrideRefusedError(
            f"At most {count(MOST_OVERRIDDEN)} at once: for more, change the rule."
        )
    rows = Account.objects.select_for_update().order_by("pk")
    locked = list(rows.filter(pk__in=keys, merged_into=None))
    if len(locked) != len(keys):
        raise OverrideRefusedError("One of the accounts was merged into another.")
    return locked
