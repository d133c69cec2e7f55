"""Keeping what the optimiser found, and making drafts of it for people to publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.choices import VersionStatus
from campaigns.errors import CannotApplyError
from campaigns.models import KeptSearch, PlanVersion, RetentionPlan, TouchTemplate
from campaigns.queries.best_plans import Ask, BestPlans, Line, Part, kept_plans
from campaigns.queries.optimiser import Board, optimiser_board
from campaigns.queries.plan_search import best_plans
from campaigns.queries.variants import NOTHING, READY, VERSION
from campaigns.services import drafts, plans
from campaigns.services.ready import READY_PLANS
from common.versions import save_changes
from crm.models import AuditEvent, User
from crm.services import audit

APPLIED = "optimiser.applied"
GONE = "The version that was chosen is not there any more."


@dataclass(frozen=True, slots=True)
class Left:
    """What no draft was made of, and what to do about it."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The drafts that were made, and what is left for people to do."""

    drafts: Sequence[PlanVersion]
    left: Sequence[Left]


def board() -> Board | None:
    """Return the groups of the current run with everything that they could get."""
    return optimiser_board(READY_PLANS)


def known_board() -> Board:
    """Return the groups of the current run.

    Raises
    ------
    CannotApplyError
        If nothing is valued and in a class yet.
    """
    known = board()
    if known is None or not known.groups:
        raise CannotApplyError(
            "No account is valued and in a class yet. The night does both."
        )
    return known


@transaction.atomic
def keep_search(*, actor: User, name: str, ask: Ask) -> KeptSearch:
    """Search, and keep the answer as it is today.

    Raises
    ------
    CannotApplyError
        If nothing is valued yet, or no choice of plans keeps within the limits.
    """
    known = known_board()
    found = best_plans(known, ask)
    if not found.is_found:
        raise CannotApplyError(found.sentence)
    kept = KeptSearch.objects.create(
        name=name,
        money=ask.money,
        hours=ask.hours,
        is_by_band=ask.is_by_band,
        kept_classes=list(ask.kept),
        as_of=found.as_of,
        run=known.run,
        gain_today=found.before.gain,
        gain=found.after.gain,
        found=found.as_json(),
        author=actor,
    )
    audit.record(
        actor=actor,
        action="optimiser.kept",
        subject=kept,
        money=str(ask.money),
        hours=str(ask.hours),
        gain=str(found.after.gain),
    )
    kept.refresh_from_db()
    return kept


def answer_of(kept: KeptSearch) -> BestPlans:
    """Return the answer as it was kept."""
    ask = Ask(kept.money, kept.hours, kept.is_by_band, tuple(kept.kept_classes))
    return kept_plans(ask, kept.as_of, kept.found)


@transaction.atomic
def apply_search(
    *, actor: User, kept: KeptSearch, expected_version: int | None = None
) -> Applied:
    """Make a draft of every plan that is to change; nothing is published by it.

    The plan of a class gets what most of its accounts shall get. Bands that shall get
    another plan get one that is followed by hand only, to which their names are added
    once it is published. A plan with a draft under way is left alone.

    Raises
    ------
    CannotApplyError
        If it was applied before, or nothing is to change.
    StaleRecordError
        If somebody else applied it since `expected_version` was read.
    """
    if kept.applied_at is not None:
        raise CannotApplyError("Drafts were made of this search already.")
    found = answer_of(kept)
    if not found.is_changed:
        raise CannotApplyError("Nothing is to change: today’s plans are the best.")
    made: list[PlanVersion] = []
    left: list[Left] = []
    for line in found.lines:
        if line.is_changed:
            _apply_line(actor, kept, line, made, left)
    save_changes(
        kept,
        expected_version=expected_version,
        applied_at=timezone.now(),
        applied_by=actor,
    )
    audit.record(
        actor=actor,
        action=APPLIED,
        subject=kept,
        made=[[one.plan.key, str(one)] for one in made],
        undone=[[one.what, one.why] for one in left],
    )
    return Applied(made, left)


def applied_of(kept: KeptSearch) -> Mapping[str, Any]:
    """Return what was made of a search and what was left, as written down.

    `made` has the key and the name of each draft, `undone` what and why.
    """
    written = AuditEvent.objects.filter(
        action=APPLIED, subject_type=kept._meta.label_lower, subject_id=kept.pk
    )
    event = written.first()
    return event.detail if event else {}


def _apply_line(
    actor: User,
    kept: KeptSearch,
    line: Line,
    made: list[PlanVersion],
    left: list[Left],
) -> None:
    most = max(line.parts, key=lambda one: one.accounts)
    for part in line.parts:
        if part.variant == line.today:
            continue
        what = f"{line.class_label}, {part.who}: {part.label}"
        if part.variant == NOTHING:
            left.append(Left(what, "Withdraw the plan, or take these accounts off it."))
            continue
        draft, why = _made(actor, line, part, is_main=part is most)
        if draft is None:
            left.append(Left(what, why))
            continue
        made.append(draft)
        PlanVersion.objects.filter(pk=draft.pk).update(
            note=f"Optimiser: {kept.name}"[:300]
        )


def _made(
    actor: User, line: Line, part: Part, *, is_main: bool
) -> tuple[PlanVersion | None, str]:
    """Return a draft of the plan that is to change, or of a new one."""
    plan = RetentionPlan.objects.filter(pk=line.plan_id or 0).first()
    if is_main and plan is not None:
        return _draft(actor, plan, part)
    kind, _, name = part.variant.partition(":")
    source = (
        PlanVersion.objects.filter(pk=int(name)).first() if kind == VERSION else None
    )
    if kind == VERSION and source is None:
        return None, GONE
    label = source.plan.name if source else part.label
    draft = plans.create_plan(
        actor=actor,
        name=f"{line.class_label}, {part.who}: {label}"[:150],
        audience=plans.Audience(line.worth_class, is_automatic=is_main),
        template=name if kind == READY else "",
        copied_from=source,
    )
    return draft, ""


def _draft(
    actor: User, plan: RetentionPlan, part: Part
) -> tuple[PlanVersion | None, str]:
    """Return a draft with the touches of the part's plan, or None and why not."""
    kind, _, name = part.variant.partition(":")
    under_way = plan.versions.filter(status=VersionStatus.DRAFT).first()
    if under_way is not None:
        if kind == VERSION and str(under_way.pk) == name:
            return under_way, ""
        return None, "It has a draft under way: publish or discard it first."
    source = None
    if kind == VERSION:
        source = PlanVersion.objects.filter(pk=int(name)).first()
        if source is None:
            return None, GONE
    draft = plans.start_draft(actor=actor, plan=plan)
    if kind == READY:
        return drafts.load_template(actor=actor, version=draft, key=name), ""
    if source is not None:
        _copy_touches(source, draft)
    return draft, ""


def _copy_touches(source: PlanVersion, draft: PlanVersion) -> None:
    """Replace the draft's touches; they keep their lineage, as a next version's do."""
    save_changes(draft, runs_days=source.runs_days)
    draft.touches.all().delete()
    touches = list(source.touches.all())
    for touch in touches:
        touch.pk = None
        touch.version = draft
    TouchTemplate.objects.bulk_create(touches)
