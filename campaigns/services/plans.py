"""Plans: made, named, refined; drafted and published, one version of each at a time."""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from campaigns import policy
from campaigns.choices import TouchStatus, VersionStatus
from campaigns.errors import (
    CannotPublishError,
    CannotSavePlanError,
    NotPublishedError,
    UnknownTemplateError,
)
from campaigns.models import PlannedTouch, PlanVersion, RetentionPlan
from campaigns.queries.costs import version_cost
from campaigns.services import drafts, library, planning
from campaigns.services.ready import FIRST_PLANS, READY_PLANS
from common.clock import business_today
from common.versions import save_changes
from crm.models import Tag, Territory, User
from crm.services import audit
from segments.choices import WorthClass

_ADVISORY_LOCK = 5_310_118
PUBLISH_LIMIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a plan is for; without a class for accounts that no night has classed yet.

    A plan that is not automatic is followed only by whom somebody puts on it, and is
    refined by nothing.
    """

    worth_class: str = ""
    is_automatic: bool = True
    relationship_type: str = ""
    territory: Territory | None = None
    tag: Tag | None = None


@transaction.atomic
def ensure_plans(*, actor: User | None = None) -> list[RetentionPlan]:
    """Give each class that never had a plan the ready one, published from today.

    Newcomers get the ready onboarding, and an empty library the ready touches. A class
    whose plan was withdrawn on purpose stays without. Safe to call at any time and by
    several at once; returns the plans that were made.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    library.ensure_library(actor=actor)
    automatic = RetentionPlan.objects.filter(is_automatic=True)
    there = set(automatic.values_list("worth_class", flat=True))
    return [_first_plan(key, actor) for key in FIRST_PLANS if key not in there]


def _first_plan(worth_class: str, actor: User | None) -> RetentionPlan:
    template, name = FIRST_PLANS[worth_class]
    plan = RetentionPlan.objects.create(worth_class=worth_class, name=name)
    ready = READY_PLANS[template]
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        status=VersionStatus.PUBLISHED,
        valid_from=business_today(),
        runs_days=ready.run_for(plan),
        note="Ready plan",
        author=actor,
        published_at=timezone.now(),
    )
    drafts.fill(version, ready.touches_for(worth_class))
    audit.record(actor=actor, action="plan.published", subject=version, version=1)
    return plan


@transaction.atomic
def create_plan(
    *,
    actor: User,
    name: str,
    audience: Audience,
    template: str = "",
    copied_from: PlanVersion | None = None,
) -> PlanVersion:
    """Make a plan and return its first draft: empty, ready made, or a copy.

    Nobody follows it before it is published.

    Raises
    ------
    CannotSavePlanError
        If another plan is for exactly these customers already.
    UnknownTemplateError
        If no ready plan has the key `template`.
    """
    ready = READY_PLANS.get(template)
    if template and ready is None:
        raise UnknownTemplateError
    plan = _save_audience(RetentionPlan(name=name), audience)
    draft = PlanVersion.objects.create(plan=plan, number=1, author=actor)
    if ready is not None:
        draft = save_changes(draft, runs_days=ready.run_for(plan))
        drafts.fill(draft, ready.touches_for(plan.worth_class))
    elif copied_from is not None:
        draft = save_changes(draft, runs_days=copied_from.runs_days)
        drafts.copy_touches(copied_from, draft)
    audit.record(
        actor=actor, action="plan.created", subject=plan, name=name, template=template
    )
    return draft


@transaction.atomic
def change_plan(
    *,
    actor: User,
    plan: RetentionPlan,
    name: str,
    audience: Audience,
    expected_version: int | None = None,
) -> RetentionPlan:
    """Rename a plan, or say anew who it is for: accounts go over to what fits at once.

    Raises
    ------
    CannotSavePlanError
        If another plan is for exactly these customers already.
    StaleRecordError
        If somebody changed it since `expected_version` was read.
    """
    seen = plan.version if expected_version is None else expected_version
    plan = drafts.lock_plan(plan)
    before = (plan.name, plan.audience)
    plan.name = name
    plan = _save_audience(plan, audience, expected_version=seen)
    if before != (plan.name, plan.audience):
        audit.record(
            actor=actor,
            action="plan.changed",
            subject=plan,
            name=[before[0], plan.name],
            audience=[before[1], plan.audience],
        )
    if before[1] != plan.audience and plan.versions.published().exists():
        _take_time()
        planning.plan_touches(as_of=business_today())
    return plan


def _save_audience(
    plan: RetentionPlan, audience: Audience, *, expected_version: int | None = None
) -> RetentionPlan:
    refined = audience if audience.is_automatic else Audience()
    fields = {
        "name": plan.name,
        "worth_class": audience.worth_class,
        "is_automatic": audience.is_automatic,
        "relationship_type": refined.relationship_type,
        "territory": refined.territory,
        "tag": refined.tag,
    }
    for name, value in fields.items():
        setattr(plan, name, value)
    try:
        with transaction.atomic():
            if plan.pk is None:
                plan.save(force_insert=True)
            else:
                save_changes(plan, expected_version=expected_version, **fields)
    except IntegrityError as error:
        raise CannotSavePlanError(
            f"There is a plan already for: {plan.audience}. Edit that one, or refine "
            "this one further."
        ) from error
    return plan


@transaction.atomic
def start_draft(*, actor: User, plan: RetentionPlan) -> PlanVersion:
    """Return the plan's draft; where there is none, copy what is published into one."""
    plan = drafts.lock_plan(plan)
    draft = plan.versions.filter(status=VersionStatus.DRAFT).first()
    if draft is not None:
        return draft
    newest = plan.versions.order_by("-number").first()
    published = plan.versions.filter(status=VersionStatus.PUBLISHED).first()
    last = plan.versions.aggregate(last=Max("number"))["last"] or 0
    source = published or newest
    runs_days = source.runs_days if source else None
    draft = PlanVersion.objects.create(
        plan=plan, number=last + 1, author=actor, runs_days=runs_days
    )
    if source is not None:
        drafts.copy_touches(source, draft)
    audit.record(
        actor=actor,
        action="plan.draft_started",
        subject=draft,
        copied_from=source.number if source else None,
    )
    return draft


@transaction.atomic
def discard_draft(*, actor: User, version: PlanVersion) -> None:
    """Delete a draft; the published version stays as it is.

    A plan that was never anything else is gone with its only draft.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    """
    drafts.lock_draft(version)
    audit.record(
        actor=actor,
        action="plan.draft_discarded",
        subject=version.plan,
        number=version.number,
    )
    plan = version.plan
    version.delete()
    if not plan.versions.exists() and not plan.assignments.exists():
        plan.delete()


@transaction.atomic
def publish(
    *,
    actor: User,
    version: PlanVersion,
    valid_from: dt.date | None = None,
    note: str = "",
    expected_version: int | None = None,
) -> PlanVersion:
    """Make a draft what its customers get from `valid_from` (today) on.

    The version published so far is archived. Its touches up to the day before are
    planned and stay. Later ones that are still open go over to the new version where
    it asks for the same touch, on the same days; the others are cancelled, and what
    the new version asks for besides is planned.

    Raises
    ------
    NotADraftError
        If the version is not a draft.
    CannotPublishError
        If it has no touch, a unit cost is not known or beyond belief, or the day lies
        in the past or too far ahead.
    CadenceTooLongError
        If a touch might never come while an account follows the plan.
    StaleRecordError
        If somebody edited the draft since `expected_version` was read.
    """
    today = business_today()
    valid_from = valid_from or today
    _take_time()
    drafts.lock_draft(version)
    _check_publishable(version, today, valid_from)
    worth_class = _class_of(version)
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
    """Withdraw the published version, with its open touches.

    Who followed it goes over at once to the plan that fits next, if there is one.

    Raises
    ------
    NotPublishedError
        If the version is not the published one.
    """
    _take_time()
    drafts.lock_plan(version.plan)
    version.refresh_from_db()
    if version.status != VersionStatus.PUBLISHED:
        raise NotPublishedError
    today = business_today()
    version = save_changes(version, status=VersionStatus.ARCHIVED, ended_on=today)
    cancelled = _cancel_open(version, today, "The plan was withdrawn.")
    planning.plan_touches(as_of=today)
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
            "these customers shall get nothing."
        )
    unpriced = [touch.title for touch in touches if touch.unit_cost is None]
    if unpriced:
        raise CannotPublishError(
            f"The unit cost is missing for: {', '.join(unpriced)}. "
            "Enter 0 if it costs nothing but minutes."
        )
    if version_cost(version).per_customer > (most := policy.MOST_A_YEAR):
        raise CannotPublishError(f"A customer would cost more than {most:,} a year.")
    drafts.check_runs(touches, version.runs_days)


def _class_of(version: PlanVersion) -> WorthClass | None:
    """Return the class that is to be planned for; None plans for all."""
    worth_class = version.plan.worth_class
    return WorthClass(worth_class) if worth_class else None


def _retire_published(
    version: PlanVersion, today: dt.date, valid_from: dt.date
) -> None:
    """Let the published version end the day before `valid_from`."""
    old = PlanVersion.objects.published().filter(plan_id=version.plan_id).first()
    if old is None:
        return
    days = (valid_from - today).days
    if days > 0:
        planning.plan_touches(
            as_of=today, horizon_days=days, worth_class=_class_of(version)
        )
    save_changes(old, status=VersionStatus.ARCHIVED, ended_on=valid_from)
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
            template__every=touch.every,
            template__offset_days=touch.offset_days,
        )
        same.update(template=touch, owner_role=touch.owner_role)


def _cancel_open(version: PlanVersion, first: dt.date, reason: str) -> int:
    """Cancel the version's open touches due on `first` or later; return how many."""
    late = PlannedTouch.objects.due().filter(
        template__version=version, due_on__gte=first
    )
    return late.update(status=TouchStatus.CANCELLED, closed_at=Now(), reason=reason)
