"""Looking into mailboxes and calendars in turn: whose turn, how it went, when again."""

import datetime as dt
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from common.errors import DomainError
from common.safe_http import Rules
from common.sealing import BrokenSealError, unseal
from crm import policy
from crm.choices import NotificationKind
from crm.errors import CannotConnectError
from crm.models import CaptureSource, User
from crm.services import audit, notifications

LEASE = dt.timedelta(minutes=5)  # longer than looking into one may take
LONGEST_PROBLEM = 500

Source = TypeVar("Source", bound=CaptureSource)


def rules() -> Rules:
    """Return where mailboxes and calendars may stand: in public, or named inside."""
    return Rules(
        allows_http=settings.DEBUG, inside=frozenset(settings.CAPTURE_INSIDE_HOSTS)
    )


def due(model: type[Source], *, now: dt.datetime) -> list[int]:
    """Return whose turn it is, who waited longest first."""
    rows = model._default_manager.filter(
        _is_free(now), is_active=True, user__is_active=True, next_at__lte=now
    )
    return list(rows.order_by("next_at", "pk").values_list("pk", flat=True))


def claim(model: type[Source], pk: int) -> Source | None:
    """Take one for a while, so that nobody else looks into it; None if another has."""
    now = timezone.now()
    rows = model._default_manager.filter(_is_free(now), pk=pk, is_active=True)
    if not rows.update(leased_until=now + LEASE):
        return None
    return model._default_manager.select_related("user").get(pk=pk)


def succeeded(
    source: CaptureSource, *, every: dt.timedelta, taken: int, passed: int
) -> None:
    """Note that all is well, and how much of what was found is ours."""
    now = timezone.now()
    type(source)._default_manager.filter(pk=source.pk).update(
        leased_until=None,
        next_at=now + every,
        tried_at=now,
        succeeded_at=now,
        failure_count=0,
        problem="",
        taken_count=F("taken_count") + taken,
        passed_count=F("passed_count") + passed,
    )


@transaction.atomic
def failed(source: CaptureSource, *, problem: str, is_lasting: bool) -> None:
    """Note what went wrong, wait longer than last time, and tell its person once."""
    now = timezone.now()
    count = min(source.failure_count + 1, 1_000)
    first = policy.RETRY_LASTING_AFTER if is_lasting else policy.RETRY_AFTER
    wait = min(first * 2 ** min(count - 1, 10), policy.LONGEST_RETRY)
    type(source)._default_manager.filter(pk=source.pk).update(
        leased_until=None,
        next_at=now + wait,
        tried_at=now,
        failure_count=count,
        problem=problem[:LONGEST_PROBLEM],
    )
    if count == (1 if is_lasting else policy.TOLD_AFTER_FAILURES):
        notifications.tell(
            user=source.user,
            kind=NotificationKind.CAPTURE,
            text=f"Nothing is captured from {source}: {problem}"[:LONGEST_PROBLEM],
            url=reverse("crm:capture_list"),
        )


def read_soon(source: CaptureSource) -> None:
    """Make it the source's turn; a worker comes to it within half a minute."""
    rows = type(source)._default_manager.filter(pk=source.pk, is_active=True)
    rows.update(next_at=timezone.now())


@transaction.atomic
def switch(*, actor: User, source: Source, is_active: bool) -> Source:
    """Let a source rest, or go on with it at once; both twice change nothing more."""
    rows = type(source)._default_manager.filter(pk=source.pk, is_active=not is_active)
    changed = rows.update(
        is_active=is_active,
        next_at=timezone.now(),
        failure_count=0,
        problem="",
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    source.refresh_from_db()
    if changed:
        verb = "resumed" if is_active else "paused"
        audit.record(actor=actor, action=f"capture.{verb}", subject=source)
    return source


def secret_of(source: CaptureSource) -> str:
    """Return the password or address that was sealed.

    Raises
    ------
    CannotConnectError
        If this installation has another key than the one it was sealed under.
    """
    try:
        return unseal(source.secret)
    except BrokenSealError as error:
        raise CannotConnectError(
            "The key of this installation was changed, so the stored secret opens no"
            " more. Enter it again."
        ) from error


def is_lasting(error: DomainError) -> bool:
    """Tell whether only a person can mend it."""
    return bool(getattr(error, "is_lasting", True))


def _is_free(now: dt.datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=now)
