"""Drafts: the touches of a plan's next version, edited until it is published."""

import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Max

from campaigns import policy
from campaigns.choices import Cadence, VersionStatus
from campaigns.engine.cadence import ANCHORED, longest_gap_days
from campaigns.engine.merge import BadFieldError, fields_of
from campaigns.errors import (
    CadenceTooLongError,
    CannotSaveTouchError,
    NotADraftError,
    UnknownTemplateError,
)
from campaigns.models import LibraryTouch, PlanVersion, RetentionPlan, TouchTemplate
from campaigns.models.plans import TouchTerms
from campaigns.services.ready import READY_PLANS
from campaigns.services.ready_touches import ReadyTouch, lineage_of
from common.versions import save_changes
from crm.models import EventType, User
from crm.services import audit

# What a touch of a plan and one of the library say alike.
TERMS = (
    "title",
    "channel",
    "cadence",
    "times",
    "every",
    "offset_days",
    "event_type",
    "unit_cost",
    "minutes",
    "owner_role",
    "head",
    "care",
    "topic",
    "subject",
    "content",
)


class TouchFields(TypedDict, total=False):
    """What can be said of a touch of a draft or of the library."""

    title: str
    channel: str
    cadence: str
    times: int
    every: int
    offset_days: int
    event_type: EventType | None
    unit_cost: Decimal | None
    minutes: int
    owner_role: str
    head: str
    care: str
    topic: str
    subject: str
    content: str


@transaction.atomic
def save_touch(
    *,
    actor: User,
    version: PlanVersion,
    touch: TouchTemplate | None = None,
    expected_version: int | None = None,
    **fields: Unpack[TouchFields],
) -> TouchTemplate:
    """Add a touch to a draft, or change one of it.

    A touch whose cadence, or the event that it follows, changes is another touch from
    then on: its days are chosen anew.

    Raises
    ------
    NotADraftError
        If the version is not a draft, or the touch belongs to another version.
    CannotSaveTouchError
        If its days lie too far from what they follow.
    CadenceTooLongError
        If it might never come while an account follows the plan.
    StaleRecordError
        If somebody edited the draft since `expected_version` was read.
    """
    lock_draft(version)
    save_changes(version, expected_version=expected_version)
    if touch is None:
        touch = TouchTemplate(version=version, position=_next_position(version))
    elif touch.version_id != version.pk:
        raise NotADraftError
    before = (touch.cadence, touch.event_type_id)
    set_terms(touch, fields)
    if touch.pk and before != (touch.cadence, touch.event_type_id):
        touch.lineage = uuid.uuid4()
    check_runs([touch], version.runs_days)
    touch.save()
    audit.record(
        actor=actor, action="plan.touch_saved", subject=version, touch=touch.title
    )
    return touch


@transaction.atomic
def remove_touch(
    *,
    actor: User,
    version: PlanVersion,
    touch: TouchTemplate,
    expected_version: int | None = None,
) -> None:
    """Take a touch out of a draft.

    Raises
    ------
    NotADraftError
        If the version is not a draft, or the touch belongs to another version.
    """
    lock_draft(version)
    if touch.version_id != version.pk:
        raise NotADraftError
    save_changes(version, expected_version=expected_version)
    audit.record(
        actor=actor, action="plan.touch_removed", subject=version, touch=touch.title
    )
    touch.delete()


@transaction.atomic
def put_library_touch(
    *, actor: User, version: PlanVersion, kept: LibraryTouch
) -> TouchTemplate:
    """Put a touch of the library into a draft, with all that it says.

    It keeps its lineage in every plan, so that an account that changes plans is not
    asked for it twice in one period. Put in a second time it is a touch of its own.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    CannotSaveTouchError
        If the touch is retired.
    CadenceTooLongError
        If it might never come while an account follows the plan.
    """
    if not kept.is_active:
        raise CannotSaveTouchError(
            f"“{kept.title}” is retired. Bring it back in the library first."
        )
    fields: TouchFields = {name: getattr(kept, name) for name in TERMS}  # type: ignore[assignment]
    touch = save_touch(actor=actor, version=version, **fields)
    lineage = lineage_of(f"library-{kept.pk}")
    if not version.touches.filter(lineage=lineage).exists():
        touch.lineage = lineage
        touch.save(update_fields=["lineage"])
    return touch


@transaction.atomic
def load_template(*, actor: User, version: PlanVersion, key: str) -> PlanVersion:
    """Replace a draft's touches by those that a ready plan has for its class.

    Raises
    ------
    UnknownTemplateError
        If no ready plan has this key.
    NotADraftError
        If the version is not a draft.
    """
    ready = READY_PLANS.get(key)
    if ready is None:
        raise UnknownTemplateError
    lock_draft(version)
    save_changes(version, runs_days=ready.run_for(version.plan))
    version.touches.all().delete()
    fill(version, ready.touches_for(version.plan.worth_class))
    audit.record(
        actor=actor, action="plan.template_loaded", subject=version, template=key
    )
    return version


@transaction.atomic
def set_run(
    *,
    actor: User,
    version: PlanVersion,
    runs_days: int | None,
    expected_version: int | None = None,
) -> PlanVersion:
    """Say for how many days an account follows the plan; None: as long as it fits.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    CadenceTooLongError
        If a touch of the draft might never come within that time.
    StaleRecordError
        If somebody edited the draft since `expected_version` was read.
    """
    lock_draft(version)
    check_runs(version.touches.all(), runs_days)
    version = save_changes(
        version, expected_version=expected_version, runs_days=runs_days
    )
    audit.record(
        actor=actor, action="plan.run_set", subject=version, runs_days=runs_days
    )
    return version


def set_terms(touch: TouchTerms, fields: TouchFields) -> None:
    """Write terms to a touch, without what does not belong to its cadence.

    Raises
    ------
    CannotSaveTouchError
        If its days lie too far from what they follow, its texts ask for something
        that nobody knows of customers, or it is asked for as only campaigns do.
    """
    if fields.get("cadence") == Cadence.ONCE:
        raise CannotSaveTouchError(
            "Only campaigns ask for a touch once. Say how often it comes.",
            field="cadence",
        )
    for name, value in fields.items():
        setattr(touch, name, value)
    if touch.cadence != Cadence.WEEKS:
        touch.every = 1
    if touch.cadence != Cadence.ANNIVERSARY:
        touch.event_type = None
    if touch.cadence in ANCHORED:
        touch.times = 1
    else:
        touch.offset_days = 0
    _check_offset(touch)
    check_texts(touch)


def check_texts(touch: TouchTerms) -> None:
    """Refuse texts that ask for something that nobody knows of customers.

    Raises
    ------
    CannotSaveTouchError
        Names the text and the place.
    """
    for name in ("subject", "content"):
        try:
            fields_of(getattr(touch, name))
        except BadFieldError as error:
            raise CannotSaveTouchError(str(error), field=name) from error


def check_runs(touches: Iterable[TouchTerms], runs_days: int | None) -> None:
    """Refuse touches that might never come within `runs_days`.

    Raises
    ------
    CadenceTooLongError
        Names the first of them.
    """
    if runs_days is None:
        return
    for touch in touches:
        gap = longest_gap_days(touch)
        if gap > runs_days:
            raise CadenceTooLongError(
                f"“{touch.title}” comes {touch.often}, so up to {gap} days may pass "
                f"before it does, and an account follows the plan for {runs_days}. "
                "Let it come more often, or let the plan run longer.",
                field="cadence",
            )


def fill(version: PlanVersion, touches: Iterable[ReadyTouch]) -> None:
    """Give a version the touches of a ready plan."""
    TouchTemplate.objects.bulk_create(
        TouchTemplate(
            version=version,
            lineage=ready.lineage,
            position=position,
            **terms_of(ready),
        )
        for position, ready in enumerate(touches)
    )


def terms_of(ready: ReadyTouch) -> dict[str, object]:
    """Return what a ready touch says; it follows no event of the firm's own."""
    return {name: getattr(ready, name) for name in TERMS if hasattr(ready, name)}


def lock_plan(plan: RetentionPlan) -> RetentionPlan:
    return RetentionPlan.objects.select_for_update().get(pk=plan.pk)


def lock_draft(version: PlanVersion) -> None:
    """Lock the plan, so that nobody publishes while a draft is edited.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    """
    lock_plan(version.plan)
    drafts = PlanVersion.objects.filter(status=VersionStatus.DRAFT)
    if not drafts.filter(pk=version.pk).exists():
        raise NotADraftError


def _next_position(version: PlanVersion) -> int:
    last = version.touches.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _check_offset(touch: TouchTerms) -> None:
    if touch.cadence == Cadence.ONBOARDING:
        lowest, highest = 0, policy.LATEST_ONBOARDING_DAY
    else:
        highest = policy.FURTHEST_FROM_ANNIVERSARY_DAYS
        lowest = -highest
    if not lowest <= touch.offset_days <= highest:
        raise CannotSaveTouchError(
            f"The day must lie between {lowest} and {highest}.", field="offset_days"
        )


def copy_touches(source: PlanVersion, target: PlanVersion) -> None:
    """Put copies of all touches of one version into another."""
    touches = list(source.touches.all())
    for touch in touches:
        touch.pk = None
        touch.version = target
    TouchTemplate.objects.bulk_create(touches)
