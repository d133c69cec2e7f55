"""What the reps did: contacts with notes and minutes, tasks, and what they heard."""

from dataclasses import dataclass

import numpy as np

from crm.choices import Care, Channel, Outcome, Phase
from crm.services.demo import notes, words
from crm.services.demo.accounts import People
from crm.services.demo.catalogue import ITEMS
from crm.services.demo.truth import (
    DAYS_PER_YEAR,
    WINDOW_DAYS,
    Flags,
    Floats,
    Ints,
)

TOUCHES_PER_YEAR = np.array([2.6, 4.2, 6.5, 9.0])  # by size
DARLING_TOUCHES, GEM_TOUCHES, PROSPECT_TOUCHES = 30.0, 0.8, 6.0
COURTING_DAYS = 25  # before the first order
PROSPECT_DAYS = 420  # prospects are younger than this
GIVING_UP_DAYS = 150  # after an account's last order, if it has left

CHANNELS = (
    Channel.PHONE,
    Channel.EMAIL,
    Channel.VISIT,
    Channel.MEETING,
    Channel.MESSAGE,
    Channel.POST,
    Channel.NOTE,
)
PHONE, EMAIL, VISIT, MEETING = range(4)
CHANNEL_ODDS = (0.44, 0.28, 0.09, 0.05, 0.05, 0.04, 0.05)
DARLING_ODDS = (0.36, 0.18, 0.26, 0.12, 0.05, 0.01, 0.02)
MINUTES = np.array([(4, 22), (3, 12), (45, 110), (30, 75), (2, 5), (5, 9), (0, 0)])
OUTCOMES = (
    Outcome.OK, Outcome.NEUTRAL, Outcome.BAD, Outcome.NO_ANSWER, Outcome.UNKNOWN,
)  # fmt: skip
OK, NEUTRAL, BAD, NO_ANSWER, UNSAID = range(5)
OUTCOME_ODDS = (0.56, 0.25, 0.06, 0.08, 0.05)
LEFT_ODDS = (0.12, 0.30, 0.22, 0.31, 0.05)  # after the account has left in truth
PHASES = (Phase.BEFORE, Phase.DURING, Phase.AFTER)
CARES = (Care.CULTIVATE, Care.ACQUIRE, Care.RETAIN, Care.EXPAND, Care.UNKNOWN)
CARE_ODDS = (0.0, 0.12, 0.45, 0.28, 0.15)
RATED = 0.14
INBOUND = 0.32
TASK_ODDS = 0.42
EVENTS_PER_YEAR = 0.35
MINUTES_PER_DAY = 24 * 60
OFFICE_HOURS = (7 * 60, 15 * 60 + 30)  # UTC, so 8 to 17:30 local at most


@dataclass(frozen=True, slots=True)
class Cared:
    """Who is looked after, from which day to which; one entry per account."""

    firm: Ints  # place in the block
    begin: Ints
    end: Ints
    first_order: Ints  # day, beyond the window for prospects
    left: Ints  # day of the last order if the account has left, else beyond
    per_year: Floats
    is_darling: Flags


@dataclass(frozen=True, slots=True)
class Touches:
    """Contacts of a block by account and time."""

    firm: Ints
    person: Ints
    minute: Ints  # since the window began
    channel: Ints
    is_inbound: Flags
    minutes: Ints  # 0 when none were noted
    outcome: Ints
    phase: Ints
    care: Ints
    ratings: Ints  # shape (n, 3), 0 when not rated
    notes: list[str]

    @property
    def day(self) -> Ints:
        return self.minute // MINUTES_PER_DAY


def draw_touches(
    rng: np.random.Generator, cared: Cared, people: People, begin: np.datetime64
) -> Touches:
    """Draw the contacts with all accounts that somebody looks after."""
    years = np.maximum(cared.end - cared.begin, 0) / DAYS_PER_YEAR
    count = rng.poisson(cared.per_year * years)
    who = np.repeat(np.arange(len(count)), count)
    span = (cared.end - cared.begin)[who]
    day = cared.begin[who] + np.floor(rng.random(len(who)) * span).astype(np.int64)
    weekday = (day + begin.astype(np.int64) + 3) % 7
    day = np.maximum(day - np.maximum(weekday - 4, 0), 0)
    minute = day * MINUTES_PER_DAY + rng.integers(*OFFICE_HOURS, len(who))
    order = np.lexsort((minute, who))
    who, minute, day = who[order], minute[order], day[order]
    channel = _odds(rng, cared.is_darling[who], CHANNEL_ODDS, DARLING_ODDS)
    outcome = _odds(rng, day > cared.left[who], OUTCOME_ODDS, LEFT_ODDS)
    outcome = np.where((outcome == NO_ANSWER) & (channel != PHONE), UNSAID, outcome)
    is_talk = channel <= MEETING
    outcome = np.where(is_talk, outcome, UNSAID)
    is_before = day < cared.first_order[who]
    low, high = MINUTES[channel].T
    minutes = rng.integers(low, high, endpoint=True)
    firm = cared.firm[who]
    return Touches(
        firm=firm,
        person=people.of_firm(firm, rng.random(len(who))),
        minute=minute,
        channel=channel,
        is_inbound=(inbound := _inbound(rng, channel, outcome)),
        minutes=np.where(outcome == NO_ANSWER, 1, minutes),
        outcome=outcome,
        phase=np.where(is_before, 0, 1 + (rng.random(len(who)) < 0.7)),  # noqa: PLR2004
        care=np.where(is_before, 0, rng.choice(len(CARES), len(who), p=CARE_ODDS)),
        ratings=_rate(rng, outcome, is_talk & ~is_before),
        notes=_write_notes(rng, firm, channel, outcome, is_before, inbound, people),
    )


def _odds(
    rng: np.random.Generator,
    is_other: Flags,
    usual: tuple[float, ...],
    other: tuple[float, ...],
) -> Ints:
    draw = rng.random(len(is_other))
    first = np.searchsorted(np.cumsum(usual)[:-1], draw, side="right")
    second = np.searchsorted(np.cumsum(other)[:-1], draw, side="right")
    return np.where(is_other, second, first)


def _inbound(rng: np.random.Generator, channel: Ints, outcome: Ints) -> Flags:
    is_either = (channel <= EMAIL) & (outcome != NO_ANSWER)
    inbound: Flags = is_either & (rng.random(len(channel)) < INBOUND)
    return inbound


def _rate(rng: np.random.Generator, outcome: Ints, may: Flags) -> Ints:
    """Rate people, information and deliverables of some talks from 1 to 5."""
    middle = np.array([4.2, 3.3, 2.1, 3.0, 3.0])[outcome]
    marks = np.rint(middle[:, None] + rng.normal(0, 0.8, (len(outcome), 3)))
    rated = may & (outcome != NO_ANSWER) & (rng.random(len(outcome)) < RATED)
    return np.where(rated[:, None], np.clip(marks, 1, 5), 0).astype(np.int64)


def _write_notes(  # noqa: PLR0917
    rng: np.random.Generator,
    firm: Ints,
    channel: Ints,
    outcome: Ints,
    is_before: Flags,
    inbound: Flags,
    people: People,
) -> list[str]:
    draw = rng.random((len(firm), 3))
    who = people.of_firm(firm, draw[:, 2])
    wrote = inbound & (channel == EMAIL)
    rows = zip(
        channel.tolist(), outcome.tolist(), is_before.tolist(), wrote.tolist(),
        who.tolist(), draw.tolist(), strict=True,
    )  # fmt: skip
    return [
        fill_in(
            _one_of(notes.WROTE, pick[0])
            if theirs
            else _choose(CHANNELS[at], one, before, pick[0]),
            people,
            person,
            pick[1],
        )
        for at, one, before, theirs, person, pick in rows
    ]


def _choose(channel: Channel, outcome: int, is_before: bool, draw: float) -> str:  # noqa: FBT001
    key = "visit" if channel == Channel.MEETING else channel.value
    pool: tuple[str, ...]
    if outcome == NO_ANSWER:
        pool = notes.NO_ANSWER
    elif outcome == BAD:
        pool = notes.BAD[key]
    elif is_before and key in notes.BEFORE:
        pool = notes.BEFORE[key]
    elif outcome == NEUTRAL:
        pool = notes.PLAIN[key]
    else:
        pool = notes.GOOD[key]
    return _one_of(pool, draw)


def _one_of(pool: tuple[str, ...], draw: float) -> str:
    return pool[int(draw * len(pool))]


def fill_in(template: str, people: People, person: int, draw: float) -> str:
    """Put a person, an article and a rival into a template."""
    return template.format(
        first=people.first_names[person],
        product=_short(ITEMS[int(draw * len(ITEMS))].name),
        rival=words.COMPETITORS[int(draw * 997) % len(words.COMPETITORS)],
    )


def _short(name: str) -> str:
    """Return an article as people say it: without measures, in small letters."""
    said = name.split(",", maxsplit=1)[0]
    return said if any(c.isdigit() for c in said) else said[:1].lower() + said[1:]


# -- Tasks and events ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promises:
    """Tasks that came out of contacts; `touch` is a place in Touches."""

    touch: Ints
    due: Ints
    is_open: Flags
    titles: list[str]


def draw_tasks(rng: np.random.Generator, touches: Touches, people: People) -> Promises:
    """Promise something in some talks; what fell due before last week is done."""
    size = len(touches.firm)
    fits = (touches.channel <= MEETING) & (touches.outcome <= NEUTRAL)
    touch = np.flatnonzero(fits & (rng.random(size) < TASK_ODDS))
    due = touches.day[touch] + rng.integers(2, 28, len(touch))
    late = rng.random(len(touch))
    is_open = (due >= WINDOW_DAYS - 1) | ((due > WINDOW_DAYS - 6) & (late < 0.7))  # noqa: PLR2004
    draw = rng.random((len(touch), 2)).tolist()
    persons = touches.person[touch].tolist()
    titles = [
        fill_in(notes.TASKS[int(pick[0] * len(notes.TASKS))], people, person, pick[1])
        for person, pick in zip(persons, draw, strict=True)
    ]
    return Promises(touch, due, is_open, titles)


@dataclass(frozen=True, slots=True)
class Heard:
    """Life events of accounts; `kind` is a place in EVENT_ODDS."""

    firm: Ints
    person: Ints
    day: Ints
    kind: Ints
    notes: list[str]


def draw_events(rng: np.random.Generator, cared: Cared, people: People) -> Heard:
    years = np.maximum(cared.end - cared.begin, 0) / DAYS_PER_YEAR
    who = np.repeat(np.arange(len(years)), rng.poisson(EVENTS_PER_YEAR * years))
    span = (cared.end - cared.begin)[who]
    day = cared.begin[who] + np.floor(rng.random(len(who)) * span).astype(np.int64)
    odds = np.array(list(notes.EVENT_ODDS.values()), float)
    kind = rng.choice(len(odds), len(who), p=odds / odds.sum())
    person = people.of_firm(cared.firm[who], rng.random(len(who)))
    keys = list(notes.EVENT_ODDS)
    texts = []
    rows = zip(kind.tolist(), person.tolist(), rng.random((len(who), 2)).tolist(),
               strict=True)  # fmt: skip
    for at, one, pick in rows:
        pool = notes.EVENTS[keys[at]]
        texts.append(fill_in(pool[int(pick[0] * len(pool))], people, one, pick[1]))
    return Heard(cared.firm[who], person, day, kind, texts)
