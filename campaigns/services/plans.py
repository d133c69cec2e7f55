"""Plans: drafted, costed, published; one published version for each class at a time."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from campaigns import policy
from campaigns.choices import TouchStatus, VersionStatus
from campaigns.errors import (
    CannotPublishError,
    NotADraftError,
    NotPublishedError,
    UnknownTemplateError,
)
from campaigns.models import PlannedTouch, PlanVersion, RetentionPlan, TouchTemplate
from campaigns.services import planning
from campaigns.services.ready import (
    MAGAZINE_AND_VISITS,
    PLAN_NAMES,
    READY_PLANS,
    ReadyTouch,
)
from common.clock import business_today
from common.versions import save_changes
from crm.models import User
from crm.services import audit
from segments.choices import WorthClass

_ADVISORY_LOCK = 5_310_118
PUBLISH_LIMIT_SECONDS = 120


class TouchFields(TypedDict, total=False):
    """What can be said of a touch of a draft."""

    title: str
    channel: str
    cadence: str
    times: int
    unit_cost: Decimal | None
    minutes: int
    owner_role: str
    head: str
    care: str
    content: str


@transaction.atomic
def ensure_plans(*, actor: User | None = None) -> list[RetentionPlan]:
    """Give each class that never had a plan the ready one, published from today.

    A class whose plan was withdrawn on purpose stays without. Safe to call at any time
    and by several at once; returns the plans that were made.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    there = set(RetentionPlan.objects.values_list("worth_class", flat=True))
    return [_make_plan(key, actor) for key in WorthClass if key not in there]


def _make_plan(worth_class: WorthClass, actor: User | None) -> RetentionPlan:
    plan = RetentionPlan.objects.create(
        worth_class=worth_class, name=PLAN_NAMES[worth_class]
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        status=VersionStatus.PUBLISHED,
        valid_from=business_today(),
        note="Ready plan",
        author=actor,
        published_at=timezone.now(),
    )
    _fill(version, READY_PLANS[MAGAZINE_AND_VISITS].touches[worth_class])
    audit.record(actor=actor, action="plan.published", subject=version, version=1)
    return plan


@transaction.atomic
def start_draft(*, actor: User, plan: RetentionPlan) -> PlanVersion:
    """Return the plan's draft; where there is none, copy what is published into one."""
    plan = _lock(plan)
    draft = plan.versions.filter(status=VersionStatus.DRAFT).first()
    if draft is not None:
        return draft
    newest = plan.versions.order_by("-number").first()
    published = plan.versions.filter(status=VersionStatus.PUBLISHED).first()
    last = plan.versions.aggregate(last=Max("number"))["last"] or 0
    draft = PlanVersion.objects.create(plan=plan, number=last + 1, author=actor)
    source = published or newest
    if source is not None:
        _copy_touches(source, draft)
    audit.record(
        actor=actor,
        action="plan.draft_started",
        subject=draft,
        copied_from=source.number if source else None,
    )
    return draft


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

    A touch whose cadence changes is another touch from then on: its days are chosen
    anew.

    Raises
    ------
    NotADraftError
        If the version is not a draft, or the touch belongs to another version.
    StaleRecordError
        If somebody edited the draft since `expected_version` was read.
    """
    _lock_draft(version)
    save_changes(version, expected_version=expected_version)
    if touch is None:
        last = version.touches.aggregate(last=Max("position"))["last"]
        touch = TouchTemplate(version=version, position=0 if last is None else last + 1)
    elif touch.version_id != version.pk:
        raise NotADraftError
    elif fields.get("cadence", touch.cadence) != touch.cadence:
        touch.lineage = uuid.uuid4()
    for name, value in fields.items():
        setattr(touch, name, value)
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
    _lock_draft(version)
    if touch.version_id != version.pk:
        raise NotADraftError
    save_changes(version, expected_version=expected_version)
    audit.record(
        actor=actor, action="plan.touch_removed", subject=version, touch=touch.title
    )
    touch.delete()


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
    _lock_draft(version)
    save_changes(version)
    version.touches.all().delete()
    _fill(version, ready.touches[WorthClass(version.plan.worth_class)])
    audit.record(
        actor=actor, action="plan.template_loaded", subject=version, template=key
    )
    return version


@transaction.atomic
def discard_draft(*, actor: User, version: PlanVersion) -> None:
    """Delete a draft; the published version stays as it is.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    """
    _lock_draft(version)
    audit.record(
        actor=actor,
        action="plan.draft_discarded",
        subject=version.plan,
        number=version.number,
    )
    version.delete()


@transaction.atomic
def publish(
    *,
    actor: User,
    version: PlanVersion,
    valid_from: dt.date | None = None,
    note: str = "",
    expected_version: int | None = None,
) -> PlanVersion:
    """Make a draft the plan of its class from `valid_from` (today) on.

    The version published so far is archived. Its touches up to the day before are
    planned and stay. Later ones that are still open go over to the new version where
    it asks for the same touch, on the same days; the others are cancelled, and what
    the new version asks for besides is planned.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    CannotPublishError
        If it has no touch, a unit cost is not known, or the day lies in the past or
        too far ahead.
    StaleRecordError
        If somebody edited the draft since `expected_version` was read.
    """
    today = business_today()
    valid_from = valid_from or today
    _take_time()
    _lock_draft(version)
    _check_publishable(version, today, valid_from)
    worth_class = WorthClass(version.plan.worth_class)
    _retire_published(version, today, valid_from)
    try:
        version = save_changes(
            version,
            expected_version=expected_version,
            status=VersionStatus.PUBLISHED,
            valid_from=valid_from,
            note=note or version.note,
            published_at=timezone.now(),
        )
    except IntegrityError as error:
        raise CannotPublishError("Another version was published meanwhile.") from error
    planned = planning.plan_touches(as_of=today, worth_class=worth_class)
    audit.record(
        actor=actor,
        action="plan.published",
        subject=version,
        version=version.number,
        valid_from=valid_from.isoformat(),
        touches_planned=planned,
    )
    return version


@transaction.atomic
def archive(*, actor: User, version: PlanVersion) -> PlanVersion:
    """Withdraw the published version: its class has no plan until the next one.

    Raises
    ------
    NotPublishedError
        If the version is not the published one.
    """
    _lock(version.plan)
    version.refresh_from_db()
    if version.status != VersionStatus.PUBLISHED:
        raise NotPublishedError
    version = save_changes(version, status=VersionStatus.ARCHIVED)
    cancelled = _cancel_open(version, business_today(), "The plan was withdrawn.")
    audit.record(
        actor=actor,
        action="plan.withdrawn",
        subject=version,
        touches_cancelled=cancelled,
    )
    return version


def _take_time() -> None:
    """Let this transaction plan a class of a million, beyond the limit of a page."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{PUBLISH_LIMIT_SECONDS}s'")


def _check_publishable(
    version: PlanVersion, today: dt.date, valid_from: dt.date
) -> None:
    if valid_from < today:
        raise CannotPublishError("A plan cannot begin in the past.", field="valid_from")
    if (valid_from - today).days > policy.PUBLISH_AHEAD_DAYS:
        raise CannotPublishError(
            f"A plan can begin at most {policy.PUBLISH_AHEAD_DAYS} days ahead.",
            field="valid_from",
        )
    touches = list(version.touches.all())
    if not touches:
        raise CannotPublishError(
            "The draft has no touches. Add one, or withdraw the published plan if "
            "this class shall get nothing."
        )
    unpriced = [touch.title for touch in touches if touch.unit_cost is None]
    if unpriced:
        raise CannotPublishError(
            f"The unit cost is missing for: {', '.join(unpriced)}. "
            "Enter 0 if it costs nothing but minutes."
        )


def _retire_published(
    version: PlanVersion, today: dt.date, valid_from: dt.date
) -> None:
    """Let the published version end the day before `valid_from`."""
    old = PlanVersion.objects.published().filter(plan_id=version.plan_id).first()
    if old is None:
        return
    days = (valid_from - today).days
    if days > 0:
        worth_class = WorthClass(version.plan.worth_class)
        planning.plan_touches(as_of=today, horizon_days=days, worth_class=worth_class)
    save_changes(old, status=VersionStatus.ARCHIVED)
    _hand_over(old, version, valid_from)
    _cancel_open(old, valid_from, f"Replaced by version {version.number} of the plan.")


def _hand_over(old: PlanVersion, new: PlanVersion, first: dt.date) -> None:
    """Move open touches due on `first` or later to the new version's same touches."""
    open_touches = PlannedTouch.objects.due().filter(
        template__version=old, due_on__gte=first
    )
    for touch in new.touches.all():
        same = open_touches.filter(
            lineage=touch.lineage,
            template__cadence=touch.cadence,
            template__times=touch.times,
        )
        same.update(template=touch, owner_role=touch.owner_role)


def _cancel_open(version: PlanVersion, first: dt.date, reason: str) -> int:
    """Cancel the version's open touches due on `first` or later; return how many."""
    late = PlannedTouch.objects.due().filter(
        template__version=version, due_on__gte=first
    )
    return late.update(status=TouchStatus.CANCELLED, closed_at=Now(), reason=reason)


def _copy_touches(source: PlanVersion, target: PlanVersion) -> None:
    touches = list(source.touches.all())
    for touch in touches:
        touch.pk = None
        touch.version = target
    TouchTemplate.objects.bulk_create(touches)


def _fill(version: PlanVersion, touches: tuple[ReadyTouch, ...]) -> None:
    TouchTemplate.objects.bulk_create(
        TouchTemplate(
            version=version,
            lineage=ready.lineage,
            position=position,
            title=ready.title,
            channel=ready.channel,
            cadence=ready.cadence,
            times=ready.times,
            unit_cost=ready.unit_cost,
            minutes=ready.minutes,
            owner_role=ready.owner_role,
            head=ready.head,
            care=ready.care,
            content=ready.content,
        )
        for position, ready in enumerate(touches)
    )


def _lock(plan: RetentionPlan) -> RetentionPlan:
    return RetentionPlan.objects.select_for_update().get(pk=plan.pk)


def _lock_draft(version: PlanVersion) -> None:
    """Lock the plan, so that nobody publishes while a draft is edited."""
    _lock(version.plan)
    if not PlanVersion.objects.drafts().filter(pk=version.pk).exists():
        raise NotADraftError
