"""When touches may fall: versions of the rule, closed days, hours, and absences."""

import datetime as dt
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import IntegrityError, transaction

from campaigns.errors import CannotSaveRuleError, StaleRuleError
from campaigns.models import Absence, ClosedDay, PlanningRule, RepCapacity
from campaigns.permissions import CHANGE_PLANNING_RULES
from campaigns.queries.open_days import countries, public_holidays
from campaigns.services import clearing
from common.clock import business_today
from common.versions import save_changes
from crm.models import User
from crm.services import audit

MOST_HOURS = 80
MOST_COLLISION_DAYS = 90
MOST_TOUCHES = 50
LONGEST_ABSENCE = 366  # days
_AHEAD = dt.timedelta(days=366)


class RuleFields(TypedDict):
    """What a version of the rule says."""

    country: str
    region: str
    quiet_from: dt.time
    quiet_until: dt.time
    collision_days: int
    touches_a_week: int
    hours_a_week: Decimal


@transaction.atomic
def publish_rule(
    *,
    actor: User,
    reason: str,
    based_on: int | None = None,
    **fields: Unpack[RuleFields],
) -> PlanningRule:
    """Store a new version of the rule; it counts from now on.

    Open touches leave days that are holidays by it and were none before; everything
    else stays on its day.

    Raises
    ------
    CannotSaveRuleError
        If no reason is given, or a value is not possible.
    StaleRuleError
        If another version was published after `based_on`.
    """
    current = PlanningRule.objects.select_for_update().order_by("-pk").first()
    if current is not None and based_on is not None and current.pk != based_on:
        raise StaleRuleError
    if not reason.strip():
        raise CannotSaveRuleError("Say why, for those who ask.", field="reason")
    _check_rule(fields)
    before = _holidays(current or PlanningRule())
    rule = PlanningRule.objects.create(
        author=actor, reason=reason.strip()[:300], **fields
    )
    rule.refresh_from_db()
    audit.record(actor=actor, action="planning_rule.published", subject=rule)
    clearing.clear_days(_holidays(rule) - before)
    return rule


@transaction.atomic
def close_day(*, actor: User, day: dt.date, name: str) -> ClosedDay:
    """Close the firm on a day; open touches of that day move to the nearest open one.

    Raises
    ------
    CannotSaveRuleError
        If the day is past, too far ahead, or closed already, or has no name.
    """
    today = business_today()
    if not today <= day <= today + 3 * _AHEAD:
        raise CannotSaveRuleError(
            "Choose a day from today to three years ahead.", field="day"
        )
    if not name.strip():
        raise CannotSaveRuleError("Say why we are closed.", field="name")
    try:
        with transaction.atomic():
            closed = ClosedDay.objects.create(day=day, name=name.strip()[:100])
    except IntegrityError as error:
        raise CannotSaveRuleError("This day is closed already.", field="day") from error
    moved = clearing.clear_days([day])
    audit.record(
        actor=actor,
        action="closed_day.added",
        subject=closed,
        day=day.isoformat(),
        touches_moved=moved,
    )
    return closed


@transaction.atomic
def open_day(*, actor: User, closed: ClosedDay) -> None:
    """Open a day again; touches that were moved stay where they are."""
    audit.record(
        actor=actor,
        action="closed_day.removed",
        subject=closed,
        day=closed.day.isoformat(),
    )
    closed.delete()


@transaction.atomic
def set_hours(
    *,
    actor: User,
    user: User,
    hours_a_week: Decimal | None,
    expected_version: int | None = None,
) -> RepCapacity | None:
    """Say how many hours a week one person has for planned touches; None: as the rule.

    Raises
    ------
    CannotSaveRuleError
        If the hours lie outside 0 to 80, or the person cannot sign in.
    StaleRecordError
        If somebody changed them since `expected_version` was read.
    """
    if not user.is_active:
        raise CannotSaveRuleError(f"{user} cannot sign in any more.", field="user")
    if hours_a_week is not None and not 0 <= hours_a_week <= MOST_HOURS:
        raise CannotSaveRuleError(
            f"Hours lie between 0 and {MOST_HOURS}.", field="hours_a_week"
        )
    kept = RepCapacity.objects.filter(user=user).first()
    before = kept.hours_a_week if kept else None
    if hours_a_week is None:
        if kept is not None:
            kept.delete()
        kept = None
    elif kept is None:
        kept = RepCapacity.objects.create(user=user, hours_a_week=hours_a_week)
        kept.refresh_from_db()
    else:
        kept = save_changes(
            kept, expected_version=expected_version, hours_a_week=hours_a_week
        )
    audit.record(
        actor=actor,
        action="capacity.set",
        subject=user,
        hours=[None if h is None else str(h) for h in (before, hours_a_week)],
    )
    return kept


@transaction.atomic
def add_absence(
    *, actor: User, user: User, starts_on: dt.date, ends_on: dt.date
) -> Absence:
    """Enter days on which a person does no touches; theirs move before or after them.

    Everybody enters their own; those of others are entered by who changes the rule.

    Raises
    ------
    CannotSaveRuleError
        If the days are past, too many, or the wrong way round, overlap an absence that
        is there, or are a colleague's.
    """
    _check_own(actor, user)
    today = business_today()
    if ends_on < starts_on:
        raise CannotSaveRuleError("It ends before it begins.", field="ends_on")
    if ends_on < today or starts_on > today + _AHEAD:
        raise CannotSaveRuleError(
            "Choose days from today to a year ahead.", field="starts_on"
        )
    if (ends_on - starts_on).days >= LONGEST_ABSENCE:
        raise CannotSaveRuleError("Enter at most a year at once.", field="ends_on")
    there = Absence.objects.filter(
        user=user, starts_on__lte=ends_on, ends_on__gte=starts_on
    )
    if there.exists():
        raise CannotSaveRuleError(
            f"{user} is away on some of these days already.", field="starts_on"
        )
    absence = Absence.objects.create(user=user, starts_on=starts_on, ends_on=ends_on)
    moved = clearing.clear_absence(absence)
    audit.record(
        actor=actor,
        action="absence.added",
        subject=user,
        days=[starts_on.isoformat(), ends_on.isoformat()],
        touches_moved=moved,
    )
    return absence


@transaction.atomic
def remove_absence(*, actor: User, absence: Absence) -> None:
    """Take an absence out; touches that were moved stay where they are.

    Raises
    ------
    CannotSaveRuleError
        If it is a colleague's.
    """
    _check_own(actor, absence.user)
    audit.record(
        actor=actor,
        action="absence.removed",
        subject=absence.user,
        days=[absence.starts_on.isoformat(), absence.ends_on.isoformat()],
    )
    absence.delete()


def _check_own(actor: User, user: User) -> None:
    if actor.pk != user.pk and not actor.has_perm(CHANGE_PLANNING_RULES):
        raise CannotSaveRuleError("Enter your own absences only.", field="user")


def _check_rule(fields: RuleFields) -> None:
    known = countries()
    country, region = fields["country"], fields["region"]
    if country and country not in known:
        raise CannotSaveRuleError(
            f"The holidays of “{country}” are not known.", field="country"
        )
    if region and region not in known.get(country, ()):
        raise CannotSaveRuleError(
            f"There is no region “{region}” in {country or 'no country'}.",
            field="region",
        )
    bounds = (
        ("collision_days", 0, MOST_COLLISION_DAYS),
        ("touches_a_week", 1, MOST_TOUCHES),
        ("hours_a_week", 0, MOST_HOURS),
    )
    for name, least, most in bounds:
        if not least <= fields[name] <= most:  # type: ignore[literal-required]
            raise CannotSaveRuleError(
                f"This lies between {least} and {most}.", field=name
            )


def _holidays(rule: PlanningRule) -> set[dt.date]:
    """Return the holidays of the coming year by a rule."""
    today = business_today()
    years = (today.year, today.year + 1)
    found = {d for y in years for d in public_holidays(rule.country, rule.region, y)}
    return {day for day in found if today <= day <= today + _AHEAD}
