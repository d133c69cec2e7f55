"""What was understood of a line, as chips; each offers the words that change it.

A choice replaces the words from `start`, before `stop`, by `put`; so the line stays the
only truth, and a finger can write it as well as a keyboard.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from crm.choices import Care, Channel, Direction, Outcome, Phase
from crm.models import Contact
from crm.services.shorthand import Place, Understood
from crm.services.shorthand_people import LONGEST_NAME

WORDS_OF_KIND = {
    Channel.PHONE: "call",
    Channel.EMAIL: "mail",
    Channel.MEETING: "meeting",
    Channel.VISIT: "visit",
    Channel.MESSAGE: "msg",
    Channel.POST: "post",
    Channel.WEB: "web",
    Channel.CHAT: "chat",
    Channel.SOCIAL: "social",
    Channel.EVENT: "event",
    Channel.GIFT: "gift",
    Channel.NOTE: "note",
}
WORDS_OF_OUTCOME = {
    Outcome.OK: "ok",
    Outcome.NEUTRAL: "neutral",
    Outcome.BAD: "bad",
    Outcome.NO_ANSWER: "na",
}
USUAL_MINUTES = ("5m", "10m", "15m", "30m", "45m", "1h", "1h30", "2h")
USUAL_DAYS = (
    ("Today", "+today"),
    ("Tomorrow", "+tomorrow"),
    ("Friday", "+fri"),
    ("Next week", "+next week"),
    ("In 2 weeks", "+2w"),
    ("In a month", "+1m"),
)
RATING_TITLES = {
    "people": "People",
    "information": "Information",
    "deliverables": "Deliverables",
}
PEOPLE_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """One correction: the words `put` in place of those from `start` to `stop`."""

    label: str
    put: str
    start: int
    stop: int
    person: int | None = None
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that the line says, or could say if `is_missing`."""

    name: str
    label: str
    value: str
    choices: Sequence[Choice] = ()
    hint: str = ""
    is_missing: bool = False


def chips(
    said: Understood,
    *,
    people: Sequence[Contact],
    contact: Contact | None,
    word_count: int,
    cost: Decimal | None,
) -> list[Chip]:
    """Return what was understood, then what could be added."""
    line = _Line(said, word_count)
    found = [
        _kind(line),
        _direction(line),
        _minutes(line, cost),
        _person(line, people, contact),
        _when(line),
        *_note(line),
        _outcome(line),
        _promise(line),
        *(_rating(line, name) for name in RATING_TITLES),
        _tag(line, "phase", "Purchase", Phase, said.phase),
        _tag(line, "care", "CARE", Care, said.care),
    ]
    return sorted(found, key=lambda chip: chip.is_missing)


@dataclass(frozen=True, slots=True)
class _Line:
    """Knows where words go that the line does not hold yet."""

    said: Understood
    word_count: int

    @property
    def front(self) -> Place:
        kind = self.said.places.get("channel")
        return Place(kind.stop, kind.stop) if kind else Place(0, 0)

    @property
    def end(self) -> Place:
        promise = self.said.places.get("promise")
        at = promise.start if promise else self.word_count
        return Place(at, at)

    def place(self, name: str, otherwise: Place) -> Place:
        return self.said.places.get(name, otherwise)

    def has(self, name: str) -> bool:
        return name in self.said.places


def _choice(label: object, put: str, at: Place, *, is_current: bool = False) -> Choice:
    return Choice(str(label), put, at.start, at.stop, is_current=is_current)


def _choices(
    pairs: Iterable[tuple[object, str]], at: Place, *, current: str = "", none: str = ""
) -> list[Choice]:
    """Return one choice per label and words, and `none` for taking them out."""
    made = [_choice(label, put, at, is_current=put == current) for label, put in pairs]
    return [*made, _choice(none, "", at)] if none else made


def _kind(line: _Line) -> Chip:
    pairs = [(channel.label, word) for channel, word in WORDS_OF_KIND.items()]
    current = WORDS_OF_KIND[line.said.channel]
    at = line.place("channel", Place(0, 0))
    return Chip(
        name="channel",
        label="",
        value=str(Channel(line.said.channel).label),
        choices=_choices(pairs, at, current=current),
        hint="" if line.has("channel") else "unless you say",
    )


def _direction(line: _Line) -> Chip:
    """Say that they reached out, or offer it; that we did is the usual."""
    at, is_in = line.place("direction", line.front), line.said.direction == Direction.IN
    out = "to" if line.has("direction") and line.has("person") else ""
    label, put = ("We reached out", out) if is_in else ("They reached out", "incoming")
    return Chip(
        name="direction",
        label="",
        value=str(Direction.IN.label) if is_in else "they reached out",
        choices=[_choice(label, put, at)],
        is_missing=not is_in,
    )


def _minutes(line: _Line, cost: Decimal | None) -> Chip:
    minutes = line.said.minutes
    at = line.place("minutes", line.front)
    price = "" if cost is None else f"costs {cost} {settings.CURRENCY}"
    return Chip(
        name="minutes",
        label="",
        value=f"{minutes} min" if minutes is not None else "minutes",
        choices=_choices(
            [(text, text) for text in USUAL_MINUTES],
            at,
            none="Leave out" if minutes is not None else "",
        ),
        hint=price if minutes else "",
        is_missing=minutes is None,
    )


def _person(line: _Line, people: Sequence[Contact], contact: Contact | None) -> Chip:
    at = line.place("person", line.front)
    is_named = line.has("person") and not line.said.candidates
    choices = [
        Choice(
            label=f"{person.name}{', left' if person.left_on else ''}",
            put=_name_to_type(person.name, is_new=not line.has("person")),
            start=at.start,
            stop=at.stop,
            person=person.pk,
            is_current=person == contact,
        )
        for person in people[:PEOPLE_SHOWN]
    ]
    if contact:
        choices.append(Choice("Nobody", "", at.start, at.stop, person=0))
    return Chip(
        name="person",
        label="with",
        value=contact.name if contact else "somebody",
        choices=choices,
        hint="" if is_named or not contact else "spoken with last",
        is_missing=contact is None,
    )


def _name_to_type(name: str, *, is_new: bool) -> str:
    words = " ".join(name.split()[:LONGEST_NAME])
    return f"with {words}" if is_new else words


def _when(line: _Line) -> Chip:
    when = line.said.when
    at = line.place("when", line.end)
    value = ""
    if when:
        time = f" {when.time:%H:%M}" if when.time else ""
        value = f"{when.day:%a %d %b %Y}{time}"
    return Chip(
        name="when",
        label="on" if when else "",
        value=value or "when, if not now",
        choices=_choices(
            [("Yesterday", "@yesterday"), ("Another time …", "@")],
            at,
            none="Now" if when else "",
        ),
        is_missing=when is None,
    )


def _note(line: _Line) -> list[Chip]:
    if not line.said.note:
        return []
    at = line.place("note", line.end)
    return [Chip("note", "note", line.said.note, [_choice("", "", at)])]


def _outcome(line: _Line) -> Chip:
    said = line.said.outcome
    pairs = [(outcome.label, word) for outcome, word in WORDS_OF_OUTCOME.items()]
    return Chip(
        name="outcome",
        label="",
        value=str(Outcome(said).label) if said else "outcome",
        choices=_choices(
            pairs,
            line.place("outcome", line.end),
            current=WORDS_OF_OUTCOME.get(Outcome(said), ""),
            none="Leave out" if said else "",
        ),
        is_missing=not said,
    )


def _promise(line: _Line) -> Chip:
    promise = line.said.promise
    at = line.place("promise", Place(line.word_count, line.word_count))
    value = f"{promise.due_on:%a %d %b %Y}" if promise else "follow-up"
    return Chip(
        name="promise",
        label="task" if promise else "",
        value=value,
        choices=_choices(USUAL_DAYS, at, none="Leave out" if promise else ""),
        hint=(promise.title or "Follow up") if promise else "",
        is_missing=promise is None,
    )


def _rating(line: _Line, name: str) -> Chip:
    score = line.said.ratings.get(name)
    at = line.place(name, line.end)
    pairs = [(n, _rated(line, name, n)) for n in range(1, 6)]
    return Chip(
        name=name,
        label=RATING_TITLES[name],
        value=f"{score} of 5" if score else "",
        choices=_choices(
            pairs,
            at,
            current=_rated(line, name, score) if score else "",
        )
        + ([_choice("Leave out", _rated(line, name, 0), at)] if score else []),
        is_missing=score is None,
    )


def _rated(line: _Line, name: str, score: int) -> str:
    """Return the word that rates `name`, and what else the same word rates."""
    place = line.said.places.get(name)
    others = {
        other: value
        for other, value in line.said.ratings.items()
        if place and other != name and line.said.places.get(other) == place
    }
    scores = {**others, name: score} if score else others
    return "".join(f"{other[0]}{value}" for other, value in scores.items())


def _tag(
    line: _Line, name: str, title: str, words: type[Phase] | type[Care], said: str
) -> Chip:
    pairs = [(word.label, f"#{word.value}") for word in words if word.value]
    return Chip(
        name=name,
        label=title,
        value=str(words(said).label) if said else "",
        choices=_choices(
            pairs,
            line.place(name, line.end),
            current=f"#{said}",
            none="Leave out" if said else "",
        ),
        is_missing=not said,
    )
