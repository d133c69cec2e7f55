"""Runs automations: looks for causes, decides each once, and does what follows.

The cursor of an automation only saves looking twice; what keeps a cause from being
decided twice is the database's own rule on automation, account and cause. The row of a
firing and what its actions did are one transaction, so a worker that dies leaves either
both or nothing, and the next one goes on from there.
"""

import datetime as dt
import logging
import time
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import FiringStatus
from campaigns.models import (
    Automation,
    AutomationCursor,
    Firing,
)
from campaigns.permissions import CHANGE_AUTOMATIONS
from campaigns.queries.automations import finding
from campaigns.queries.automations.base import Occurrence, Search, Trigger
from campaigns.queries.automations.conditions import verdicts
from campaigns.queries.automations.facts import Facts, facts_of
from campaigns.services.automations import actions, rules
from clv.services.summaries import changes_seen_from_here
from common.clock import business_today
from common.errors import DomainError
from crm.choices import NotificationKind, Role
from crm.models import User
from crm.services import notifications

log = logging.getLogger(__name__)

BATCH = 200
HOUR = dt.timedelta(hours=1)
# Clocks of two machines differ by no more.
OVERLAP = dt.timedelta(seconds=30)
LONGEST_PASS = 25.0  # seconds; what is left waits for the next one
DONE = (FiringStatus.FIRED, FiringStatus.FAILED)


class _PassOverError(Exception):
    """Ends the pass of one automation: switched off, edited, or somebody else's."""


def run_all(*, seconds: float = LONGEST_PASS) -> int:
    """Let every automation that is on look at what happened; return how many fired.

    Safe to call at any time, also twice at once, and after days without a worker. One
    that fails does not keep the others from running.
    """
    ends = time.monotonic() + seconds
    fired = 0
    # Those that were looked at longest ago come first, so that none starves.
    longest_ago = F("cursor__looked_at").asc(nulls_first=True)
    rows = Automation.objects.running().order_by(longest_ago, "pk")
    for pk in list(rows.values_list("pk", flat=True)):
        if time.monotonic() > ends:
            break
        try:
            fired += run_one(pk, ends=ends)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("Automation %s could not be run", pk)
    return fired


def run_one(automation_id: int, *, ends: float | None = None) -> int:
    """Let one automation look at what happened since; return how many fired."""
    automation = Automation.objects.running().filter(pk=automation_id).first()
    if automation is None:
        return 0
    return _Pass(automation, ends or time.monotonic() + LONGEST_PASS).run()


class _Pass:
    """One look of one automation."""

    def __init__(self, automation: Automation, ends: float) -> None:
        self.automation = automation
        self.ends = ends
        self.version = rules.newest_version(automation)
        self.version.automation = automation
        self.cursor = AutomationCursor.objects.get(automation=automation)
        self.trigger: Trigger = finding.trigger_of(self.version)
        self.fired = 0

    def run(self) -> int:
        # What the database shows from here on was all entered before this moment.
        until = changes_seen_from_here(OVERLAP)
        search = finding.search_of(self.cursor)
        if self.trigger.is_state and self._is_decided(search):
            return 0
        try:
            if self.trigger.notes_past and not self.cursor.is_past_noted:
                self._note_past(search)
            while self._decide_some(search):
                if time.monotonic() > self.ends:
                    return self.fired
            self._move_cursor(until, search)
        except _PassOverError:
            log.debug("The pass of %s ended early", self.automation)
        return self.fired

    def _is_decided(self, search: Search) -> bool:
        """Tell whether this day's states by these values were decided before."""
        cursor = self.cursor
        return (cursor.states_until, cursor.days_until) == (
            search.run_id,
            search.today,
        )

    @transaction.atomic
    def _note_past(self, search: Search) -> None:
        self._hold()
        if search.run_id == 0:
            return  # nothing is known before the first night
        finding.note_past(version=self.version, trigger=self.trigger, search=search)
        self._cursor_rows().update(is_past_noted=True)

    @transaction.atomic
    def _move_cursor(self, until: dt.datetime, search: Search) -> None:
        self._hold()
        self._cursor_rows().update(
            seen_until=max(until, self.cursor.seen_until),
            states_until=search.run_id,
            days_until=search.today,
            looked_at=timezone.now(),
        )

    def _cursor_rows(self) -> Any:
        """Return the cursor, unless it was set anew meanwhile."""
        return AutomationCursor.objects.filter(
            automation=self.automation, started_at=self.cursor.started_at
        )

    def _hold(self) -> Automation:
        """Lock the automation for this transaction; end the pass if it may not act."""
        rows = Automation.objects.select_for_update(
            no_key=True, skip_locked=True, of=("self",)
        )
        held = rows.select_related("acts_as").filter(pk=self.automation.pk).first()
        if held is None or not held.is_on or held.stopped_at or held.removed_at:
            raise _PassOverError
        if rules.newest_version(held).pk != self.version.pk:
            raise _PassOverError
        return held

    # -- Deciding ----------------------------------------------------------------------

    def _decide_some(self, search: Search) -> bool:
        """Decide the next causes; False when nothing is left."""
        found = finding.waiting(
            automation=self.automation,
            trigger=self.trigger,
            values=self.version.trigger,
            search=search,
            limit=BATCH,
        )
        facts = facts_of(one.account_id for one in found)
        refused: list[Firing] = []
        for occurrence in found:
            fact = facts.get(occurrence.account_id)
            why_not = self._why_not(fact)
            if why_not:
                refused.append(self._row(occurrence, FiringStatus.NOT_MET, why_not))
            elif fact is not None:
                self._store(refused)
                refused = []
                self._fire(occurrence, fact)
                if time.monotonic() > self.ends:
                    return True
        self._store(refused)
        return bool(found)

    def _why_not(self, facts: Facts | None) -> str:
        if facts is None:
            return "The account was merged into another."
        found = verdicts(self.version.conditions, facts)
        return " ".join(one.why_not for one in found if not one.holds)

    def _store(self, rows: Sequence[Firing]) -> None:
        """Write down what was refused; what somebody else decided stays."""
        if not rows:
            return
        with transaction.atomic():
            self._hold()
            Firing.objects.bulk_create(rows, ignore_conflicts=True)

    def _row(
        self, occurrence: Occurrence, status: FiringStatus, reason: str = ""
    ) -> Firing:
        return Firing(
            automation=self.automation,
            version=self.version,
            account_id=occurrence.account_id,
            cause=occurrence.cause[:120],
            status=status,
            trigger_text=occurrence.text,
            reason=reason[:600],
        )

    # -- Firing ------------------------------------------------------------------------

    def _fire(self, occurrence: Occurrence, facts: Facts) -> None:
        try:
            self.fired += self._fire_once(occurrence, facts)
        except (OperationalError, InterfaceError, _PassOverError):
            raise
        except Exception:
            # What is wrong in the product must not keep everything else waiting.
            log.exception("%s failed at account %s", self.automation, facts.account.pk)
            reason = "Internal error; the log has it. Nothing was done."
            self._store([self._row(occurrence, FiringStatus.FAILED, reason)])

    def _fire_once(self, occurrence: Occurrence, facts: Facts) -> int:
        """Write the firing down and do what follows; both or nothing."""
        with transaction.atomic():
            held = self._hold()
            if self._is_over_limit(held):
                self._stop(held)
                stopped = True
            else:
                stopped = False
                count = self._act(held, occurrence, facts)
        if stopped:
            raise _PassOverError
        return count

    def _act(self, held: Automation, occurrence: Occurrence, facts: Facts) -> int:
        if reason := self._rests(occurrence):
            row = self._row(occurrence, FiringStatus.RESTING, reason)
            Firing.objects.bulk_create([row], ignore_conflicts=True)
            return 0
        firing = self._row(occurrence, FiringStatus.FIRED)
        try:
            with transaction.atomic():
                firing.save(force_insert=True)
        except IntegrityError:
            return 0  # somebody else was faster
        setting = actions.Setting(self.version, facts, occurrence, _actor(held))
        firing.results = [
            _done(setting, values, firing, number)
            for number, values in enumerate(self.version.actions)
        ]
        firing.status, firing.reason = _outcome(firing.results)
        firing.save(update_fields=["results", "status", "reason"])
        return int(firing.status != FiringStatus.NOT_MET)

    def _rests(self, occurrence: Occurrence) -> str:
        """Say when it fired for this account last, if that is too short ago."""
        days = self.version.rest_days
        if not days:
            return ""
        since = timezone.now() - dt.timedelta(days=days)
        last = (
            Firing.objects.filter(
                automation=self.automation,
                account_id=occurrence.account_id,
                status__in=DONE,
                decided_at__gt=since,
            )
            .order_by("-decided_at")
            .first()
        )
        if last is None:
            return ""
        ago = (business_today() - timezone.localdate(last.decided_at)).days
        return f"It fired here {ago} days ago, and rests for {days}."

    def _is_over_limit(self, held: Automation) -> bool:
        since = max(timezone.now() - HOUR, held.updated_at)
        lately = Firing.objects.filter(
            automation=self.automation, status__in=DONE, decided_at__gt=since
        )
        return lately.count() >= self.version.limit_an_hour

    def _stop(self, held: Automation) -> None:
        """Stop one that fires too often, and tell who can look at it."""
        limit = self.version.limit_an_hour
        because = f"It fired {limit:,} times within an hour, which is its limit."
        Automation.objects.filter(pk=held.pk).update(
            stopped_at=timezone.now(), stopped_because=because
        )
        people = User.objects.filter(is_active=True).filter(
            groups__name__in=[Role.MARKETER, Role.ADMINISTRATOR]
        )
        for person in people.distinct().order_by("pk"):
            if person.has_perm(CHANGE_AUTOMATIONS):
                notifications.tell(
                    user=person,
                    kind=NotificationKind.AUTOMATION,
                    text=f"The automation “{held.name}” was stopped. {because}",
                    url=reverse("campaigns:automation_detail", args=[held.pk]),
                )


def _actor(held: Automation) -> User:
    """Return in whose name it acts; the database lets none be on without one."""
    if held.acts_as is None:
        raise _PassOverError
    return held.acts_as


def _outcome(results: Sequence[Any]) -> tuple[FiringStatus, str]:
    """Say what came of the actions; what the rule leaves out is no failure."""
    if all(one.get("left_out") for one in results):
        return FiringStatus.NOT_MET, "It does not pay here."
    is_well = all(one["done"] or one.get("left_out") for one in results)
    return (FiringStatus.FIRED if is_well else FiringStatus.FAILED), ""


def _done(
    setting: actions.Setting, values: Any, firing: Firing, number: int
) -> dict[str, Any]:
    """Do one action; what it refuses is written down, and the others are done."""
    kind = values["kind"]
    prepared = actions.prepare(setting, values)
    if prepared.problem:
        refused = {"kind": kind, "done": False, "said": prepared.problem}
        return refused | ({"left_out": True} if prepared.is_left_out else {})
    try:
        with transaction.atomic():
            said = actions.perform(setting, values, prepared, firing, number)
    except DomainError as error:
        return {"kind": kind, "done": False, "said": error.message}
    return {"kind": kind, "done": True, "said": said}
