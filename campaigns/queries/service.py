"""How the clocks of cases stand: for one case, and for all in the database."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models import Case as Choice
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Extract, TruncDate
from django.utils import timezone

from campaigns import policy
from campaigns.choices import CaseClock, ClockState
from campaigns.engine.service_clock import MINUTE, Clock, in_words
from campaigns.models import ServiceLevel, ServiceVersion
from campaigns.models.service import CLASSES, NO_CLASS
from crm.choices import CaseStatus
from crm.models import Case
from segments.choices import WorthClass
from segments.models import Membership

STATES = list(ClockState)
PLACES_PER_STATE = 1_000  # more than any weight
NO_LIMIT = 100 * 365 * 24 * 60  # minutes; where no level was ever published
CLASS_NAMES = {str(key): str(label) for key, label in CLASSES}


@dataclass(frozen=True, slots=True)
class Levels:
    """The service levels that count, read once."""

    version: ServiceVersion | None
    by_key: Mapping[tuple[str, str], ServiceLevel]

    @property
    def warning_share(self) -> float:
        return float(self.version.warning_share) if self.version else 0.0

    def minutes(self, worth_class: str, urgency: str) -> tuple[int, int]:
        """Return what is allowed until the first answer and until the resolution."""
        level = self.by_key.get((worth_class, urgency))
        if level is None:
            return NO_LIMIT, NO_LIMIT
        return level.answer_minutes, level.resolve_minutes


@dataclass(frozen=True, slots=True)
class Standing:
    """One case with the class of its account, its clocks, and its place in the queue.

    `answer` is None once the first answer was given.
    """

    case: Case
    worth_class: WorthClass | None
    answer: Clock | None
    resolve: Clock
    state: ClockState
    warning_share: float

    @property
    def class_name(self) -> str:
        return CLASS_NAMES[self.worth_class.value if self.worth_class else NO_CLASS]

    @property
    def weights(self) -> tuple[int, int]:
        """Return the weight of the class and that of the urgency."""
        key = self.worth_class.value if self.worth_class else NO_CLASS
        return policy.CASE_CLASS_WEIGHTS[key], policy.CASE_URGENCY_WEIGHTS[
            self.case.urgency
        ]

    @property
    def weight(self) -> int:
        of_class, of_urgency = self.weights
        return of_class * of_urgency

    @property
    def rank(self) -> int:
        """Return 0 for the most pressing state."""
        return STATES.index(self.state)

    @property
    def next_clock(self) -> tuple[CaseClock, Clock]:
        """Return the clock that ends first, or that ended most long ago."""
        if self.answer is not None and self.answer.left <= self.resolve.left:
            return CaseClock.ANSWER, self.answer
        return CaseClock.RESOLVE, self.resolve

    @property
    def due_at(self) -> dt.datetime | None:
        """Return when the next clock ends; a stopped one ends at no known time."""
        _, clock = self.next_clock
        if clock.is_stopped:
            return None
        return timezone.now() + dt.timedelta(seconds=clock.left)

    @property
    def said(self) -> str:
        """Say how the next clock stands."""
        name, clock = self.next_clock
        what = name.label
        if self.state == ClockState.SETTLED:
            return f"Settled after {in_words(clock.used)}"
        if self.state == ClockState.PAUSED:
            return f"{what}: stands at {_left(clock)}"
        return f"{what}: {_left(clock)}"

    @property
    def why(self) -> str:
        """Say why the case stands where it stands in the queue."""
        name, clock = self.next_clock
        of_class, of_urgency = self.weights
        return (
            f"{self.state.label}. {name.label} within {in_words(clock.allowed)} for "
            f"{self.class_name}, {self.case.get_urgency_display().lower()}. "
            f"Weight {of_class} × {of_urgency} = {self.weight}."
        )

    @property
    def tone(self) -> str:
        tones = {ClockState.BREACHED: "loss", ClockState.WARNING: "warn"}
        return tones.get(
            self.state, "" if self.state == ClockState.RUNNING else "muted"
        )


def _left(clock: Clock) -> str:
    words = in_words(clock.left)
    return f"{words} late" if clock.is_breached else f"{words} left"


def levels_now() -> Levels:
    """Return the service levels of the newest version (two queries)."""
    version = ServiceVersion.objects.current()
    rows = ServiceLevel.objects.filter(version=version) if version else ()
    return Levels(version, {(one.worth_class, one.urgency): one for one in rows})


def standings(cases: Iterable[Case], *, levels: Levels | None = None) -> list[Standing]:
    """Return how each case stands now, in the order given (three queries)."""
    rows, now = list(cases), timezone.now()
    levels = levels or levels_now()
    keys = {case.account_id for case in rows if case.account_id}
    held = Membership.objects.open().filter(account_id__in=keys)
    classes = dict(held.values_list("account_id", "worth_class"))
    return [
        standing_of(case, classes.get(case.account_id or 0, NO_CLASS), levels, now)
        for case in rows
    ]


def standing_of(
    case: Case, worth_class: str, levels: Levels, now: dt.datetime
) -> Standing:
    """Return how one case of an account of that class stands at `now`."""
    answer_minutes, resolve_minutes = levels.minutes(worth_class, case.urgency)
    used = case.running_seconds(now)
    is_stopped = case.status != CaseStatus.OPEN
    answer = None
    if case.first_answered_at is None:
        answer = Clock(answer_minutes * MINUTE, used, is_stopped)
    resolve = Clock(resolve_minutes * MINUTE, used, is_stopped)
    return Standing(
        case=case,
        worth_class=WorthClass(worth_class) if worth_class else None,
        answer=answer,
        resolve=resolve,
        state=_state(case, answer, resolve, levels.warning_share),
        warning_share=levels.warning_share,
    )


def _state(
    case: Case, answer: Clock | None, resolve: Clock, warning_share: float
) -> ClockState:
    clocks = [clock for clock in (answer, resolve) if clock is not None]
    if not case.is_unsettled:
        return ClockState.SETTLED
    if case.status == CaseStatus.WAITING:
        return ClockState.PAUSED
    if any(clock.is_breached for clock in clocks):
        return ClockState.BREACHED
    if any(clock.is_near(warning_share) for clock in clocks):
        return ClockState.WARNING
    return ClockState.RUNNING


# -- In the database -------------------------------------------------------------------


def with_clocks(rows: QuerySet[Case], levels: Levels | None = None) -> QuerySet[Any]:
    """Add `s_class`, `s_state` (the place in STATES) and `s_place` in the queue.

    The smallest place comes first: by state, then by the weight of class and urgency.
    """
    levels = levels or levels_now()
    rows = (
        with_classes(rows)
        .annotate(s_used=_used())
        .annotate(
            s_answer=_allowed("answer_minutes", levels),
            s_resolve=_allowed("resolve_minutes", levels),
        )
    )
    rows = rows.annotate(s_state=_state_in_database(levels.warning_share))
    weight = _weight("s_class", policy.CASE_CLASS_WEIGHTS) * _weight(
        "urgency", policy.CASE_URGENCY_WEIGHTS
    )
    place = ExpressionWrapper(
        F("s_state") * PLACES_PER_STATE - weight, output_field=IntegerField()
    )
    return rows.annotate(s_place=place)


def with_classes(rows: QuerySet[Case]) -> QuerySet[Any]:
    """Add `s_class`, the class in which the account of a case stands."""
    stands = Membership.objects.open().filter(account_id=OuterRef("account_id"))
    stood = Coalesce(Subquery(stands.values("worth_class")[:1]), Value(NO_CLASS))
    return rows.annotate(s_class=stood)


def _used() -> Cast:
    """Return the seconds that a clock has run, as `Case.running_seconds` says."""
    stop = Coalesce("resolved_at", "waiting_since", Value(timezone.now()))
    passed = ExpressionWrapper(stop - F("opened_at"), output_field=DurationField())
    return Cast(Extract(passed, "epoch") - F("paused_seconds"), BigIntegerField())


def _allowed(column: str, levels: Levels) -> Combinable:
    level = ServiceLevel.objects.filter(
        version=levels.version,
        worth_class=OuterRef("s_class"),
        urgency=OuterRef("urgency"),
    )
    minutes = Coalesce(Subquery(level.values(column)[:1]), Value(NO_LIMIT))
    return ExpressionWrapper(
        Cast(minutes, BigIntegerField()) * MINUTE, output_field=BigIntegerField()
    )


def _state_in_database(warning_share: float) -> Choice:
    asked = Q(first_answered_at=None)
    late = (asked & Q(s_used__gte=F("s_answer"))) | Q(s_used__gte=F("s_resolve"))
    from_here = 1 - warning_share
    near = (asked & Q(s_used__gte=F("s_answer") * from_here)) | Q(
        s_used__gte=F("s_resolve") * from_here
    )
    found = (
        (Q(resolved_at__isnull=False), ClockState.SETTLED),
        (Q(waiting_since__isnull=False), ClockState.PAUSED),
        (late, ClockState.BREACHED),
        (near, ClockState.WARNING),
    )
    return Choice(
        *(When(what, then=Value(STATES.index(state))) for what, state in found),
        default=Value(STATES.index(ClockState.RUNNING)),
        output_field=IntegerField(),
    )


def _weight(column: str, weights: Mapping[str, int]) -> Choice:
    return Choice(
        *(When(**{column: key}, then=Value(n)) for key, n in weights.items()),
        default=Value(1),
        output_field=IntegerField(),
    )


def next_end() -> Combinable:
    """Return the company's day on which the next clock of a running case ends.

    For rows `with_classes`. It names no moment, so that items are kept. A resolution
    is never allowed less time than an answer.
    """
    levels = levels_now()
    seconds = Choice(
        When(first_answered_at=None, then=_allowed("answer_minutes", levels)),
        default=_allowed("resolve_minutes", levels),
        output_field=BigIntegerField(),
    )
    one = Value(dt.timedelta(seconds=1), output_field=DurationField())
    runs = ExpressionWrapper(
        (seconds + F("paused_seconds")) * one, output_field=DurationField()
    )
    return TruncDate(
        ExpressionWrapper(F("opened_at") + runs, output_field=DateTimeField())
    )


def clocks_said(wanted: Collection[int]) -> dict[int, str]:
    """Return in words how the clocks of running cases stand, by their ids."""
    rows = with_clocks(Case.objects.filter(pk__in=wanted))
    return dict(rows.values_list("pk", _said_of_clock()))


def _said_of_clock() -> Combinable:
    is_answer = Q(first_answered_at=None, s_used__gte=F("s_answer"))
    late, near = STATES.index(ClockState.BREACHED), STATES.index(ClockState.WARNING)
    return Choice(
        When(is_answer, then=Value("Its first answer is late.")),
        When(s_state=late, then=Value("Its resolution is late.")),
        When(s_state=near, then=Value("Its time is nearly over.")),
        When(first_answered_at=None, then=Value("It waits for its first answer.")),
        default=Value("It waits for its resolution."),
        output_field=TextField(),
    )


@dataclass(frozen=True, slots=True)
class LevelRow:
    """What is allowed to one class, by urgency: first answer and resolution."""

    key: str
    name: str
    weight: int
    cells: list[tuple[str, str]]


def level_rows(levels: Levels, urgencies: Iterable[str]) -> list[LevelRow]:
    """Return the levels in words, one row for each class."""
    wanted = list(urgencies)
    return [
        LevelRow(
            str(key),
            str(name),
            policy.CASE_CLASS_WEIGHTS[str(key)],
            [_in_words(levels, str(key), urgency) for urgency in wanted],
        )
        for key, name in CLASSES
    ]


def _in_words(levels: Levels, key: str, urgency: str) -> tuple[str, str]:
    answer, resolve = levels.minutes(key, urgency)
    return in_words(answer * MINUTE), in_words(resolve * MINUTE)
