"""Service levels: published by people as a new version, for all cases at once."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from campaigns import policy
from campaigns.errors import CannotPublishLevelsError, StaleLevelsError
from campaigns.models import ServiceLevel, ServiceVersion
from campaigns.models.service import CLASSES
from crm.choices import CaseUrgency
from crm.models import User
from crm.services import audit

Minutes = Mapping[tuple[str, str], tuple[int, int]]


@transaction.atomic
def publish_levels(
    *,
    actor: User,
    minutes: Minutes,
    reason: str,
    warning_share: Decimal = Decimal("0.25"),
    based_on: int | None = None,
) -> ServiceVersion:
    """Store a new version of all levels; the clocks of open cases follow at once.

    `minutes` holds, for each class and urgency, what is allowed until the first answer
    and until the resolution; `based_on` is the version that was changed.

    Raises
    ------
    CannotPublishLevelsError
        If a level is missing or not possible, or no reason is given.
    StaleLevelsError
        If another version was published after `based_on`.
    """
    current = ServiceVersion.objects.select_for_update().order_by("-pk").first()
    if based_on is not None and current is not None and current.pk != based_on:
        raise StaleLevelsError
    _check(minutes, warning_share)
    if not reason.strip():
        raise CannotPublishLevelsError("Say why, for those who ask.", field="reason")
    version = ServiceVersion.objects.create(
        author=actor, reason=reason.strip()[:300], warning_share=warning_share
    )
    version.refresh_from_db()
    ServiceLevel.objects.bulk_create(
        ServiceLevel(
            version=version,
            worth_class=worth_class,
            urgency=urgency,
            answer_minutes=answer,
            resolve_minutes=resolve,
        )
        for (worth_class, urgency), (answer, resolve) in minutes.items()
    )
    audit.record(actor=actor, action="service_levels.published", subject=version)
    return version


def _check(minutes: Minutes, warning_share: Decimal) -> None:
    known = {(str(c), u) for c, _ in CLASSES for u in CaseUrgency.values}
    if set(minutes) != known:
        raise CannotPublishLevelsError("Every class needs a level of every urgency.")
    if not 0 < warning_share < 1:
        raise CannotPublishLevelsError(
            "We warn when a share between 0 and 1 is left.", field="warning_share"
        )
    for (worth_class, urgency), (answer, resolve) in minutes.items():
        field = f"{worth_class or 'none'}-{urgency}"
        if not 0 < answer <= policy.LONGEST_SERVICE_MINUTES:
            raise CannotPublishLevelsError(
                "An answer takes between a minute and a year.", field=f"{field}-answer"
            )
        if not answer <= resolve <= policy.LONGEST_SERVICE_MINUTES:
            raise CannotPublishLevelsError(
                "A case is not resolved before it is answered, and within a year.",
                field=f"{field}-resolve",
            )
