"""Watches the clocks of cases: warns who has one, and brings late ones to a manager."""

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from campaigns.choices import CaseClock, ClockState
from campaigns.engine.service_clock import Clock, in_words
from campaigns.models import CaseAlarm
from campaigns.queries.service import (
    STATES,
    Levels,
    Standing,
    levels_now,
    standings,
    with_clocks,
)
from crm import policy as crm_policy
from crm.choices import CaseStatus
from crm.models import Case, User
from crm.queries.responsible import managers_of
from crm.services import case_notices, case_steps

PRESSING = [STATES.index(ClockState.BREACHED), STATES.index(ClockState.WARNING)]


def watch() -> int:
    """Tell what is near its end or late, and close what was settled long ago.

    Each clock of a case warns once and is escalated once, also if this runs twice at
    the same time. Returns how many words were said.
    """
    levels = levels_now()
    rows = with_clocks(Case.objects.unsettled(), levels).filter(s_state__in=PRESSING)
    said = sum(_look_at(pk, levels) for pk in rows.values_list("pk", flat=True))
    _close_settled(timezone.now())
    return said


@transaction.atomic
def _look_at(pk: int, levels: Levels) -> int:
    rows = Case.objects.unsettled().select_for_update(of=("self",), skip_locked=True)
    case = rows.filter(pk=pk).first()
    if case is None:
        return 0
    (standing,) = standings([case], levels=levels)
    said = 0
    for clock, state, running in _pressing(standing):
        if _is_first(case, clock, state):
            said += 1
            _say(case, clock, state, running)
    return said


def _pressing(standing: Standing) -> Iterator[tuple[CaseClock, ClockState, Clock]]:
    if standing.case.status != CaseStatus.OPEN:
        return
    clocks = {CaseClock.ANSWER: standing.answer, CaseClock.RESOLVE: standing.resolve}
    for name, clock in clocks.items():
        if clock is None:
            continue
        if clock.is_breached:
            yield name, ClockState.BREACHED, clock
        elif clock.is_near(standing.warning_share):
            yield name, ClockState.WARNING, clock


def _is_first(case: Case, clock: CaseClock, state: ClockState) -> bool:
    _, is_new = CaseAlarm.objects.get_or_create(case=case, clock=clock, state=state)
    return is_new


def _say(case: Case, clock: CaseClock, state: ClockState, running: Clock) -> None:
    """Warn the owner, or bring it to the manager; who left cannot be warned."""
    managers = managers_of(case.territory)
    what = clock.label.lower()
    brief = case_notices.brief(case)
    if state == ClockState.WARNING:
        owner = case.owner if case.owner and case.owner.is_active else None
        text = f"{in_words(running.left)} left for the {what} of the case {brief}."
        _tell([owner] if owner else managers, case, text)
        _note(case, clock, state, owner or (managers[0] if managers else None))
        return
    late = in_words(running.left)
    if managers:
        reason = f"the {what} is {late} late"
        case_steps.escalate_case(actor=None, case=case, to=managers[0], reason=reason)
        text = f"The {what} of the case {brief} is {late} late."
        _tell(managers[1:], case, text)
    _note(case, clock, state, managers[0] if managers else None)


def _tell(people: list[User], case: Case, text: str) -> None:
    for person in people:
        case_notices.told(user=person, case=case, text=text)


def _note(case: Case, clock: CaseClock, state: ClockState, told: User | None) -> None:
    rows = CaseAlarm.objects.filter(case=case, clock=clock, state=state)
    rows.update(told=told)


def _close_settled(now: dt.datetime) -> None:
    old = now - crm_policy.CASE_CLOSES_AFTER
    rows = Case.objects.filter(status=CaseStatus.RESOLVED, resolved_at__lt=old)
    for case in rows.order_by("pk"):
        case_steps.close_case(actor=None, case=case, text="Nobody came back to it.")
