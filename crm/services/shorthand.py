"""The one-line shorthand of the quick log, read without touching the database.

``call 12m Anna pricing ok +fri send offer`` is a call of twelve minutes with Anna about
pricing that went well, and a task for Friday. What is understood stands at the
beginning and at the end of the line; everything between is the note, word for word.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crm import policy
from crm.choices import Care, Channel, Direction, Outcome, Phase
from crm.services import shorthand_days

KINDS: Mapping[str, Channel] = {
    "call": Channel.PHONE,
    "phone": Channel.PHONE,
    "mail": Channel.EMAIL,
    "email": Channel.EMAIL,
    "e-mail": Channel.EMAIL,
    "visit": Channel.VISIT,
    "meet": Channel.MEETING,
    "meeting": Channel.MEETING,
    "note": Channel.NOTE,
    "msg": Channel.MESSAGE,
    "message": Channel.MESSAGE,
    "sms": Channel.MESSAGE,
    "chat": Channel.CHAT,
    "post": Channel.POST,
    "letter": Channel.POST,
    "social": Channel.SOCIAL,
}
OUTCOMES: Mapping[str, Outcome] = {
    "ok": Outcome.OK,
    "bad": Outcome.BAD,
    "neutral": Outcome.NEUTRAL,
    "noanswer": Outcome.NO_ANSWER,
    "na": Outcome.NO_ANSWER,
}
DIRECTIONS: Mapping[str, Direction] = {
    "incoming": Direction.IN,
    "inbound": Direction.IN,
    "outgoing": Direction.OUT,
    "outbound": Direction.OUT,
}
PREPOSITIONS: Mapping[str, Direction | None] = {
    "with": None,
    "to": Direction.OUT,
    "from": Direction.IN,
}
RATINGS = {"p": "people", "i": "information", "d": "deliverables"}
ORDER = tuple(RATINGS.values())

HOURS = re.compile(r"([0-9]{1,4})h(?:([0-5]?[0-9])(?:m|min)?)?", re.IGNORECASE)
MINUTES = re.compile(r"([0-9]{1,6})(?:m|min)", re.IGNORECASE)
RATING = re.compile(r"([pid])([1-5])", re.IGNORECASE)
PUNCTUATION = '.,;:!?()"“”„…'
LONGEST_NAME = 6  # words
# Letters that carry no accent to strip, but are typed as others.
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "ð": "d"}
    | dict.fromkeys("'’‘ʼ`´", "")
)
TYPED_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the account whom the line may name."""

    pk: int
    name: str
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """A follow-up that the line asks for."""

    title: str
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class Understood:
    """What a line says. `problems` are whole sentences; with none it can be saved."""

    channel: Channel = Channel.NOTE
    direction: Direction = Direction.NONE
    minutes: int | None = None
    person: Person | None = None
    note: str = ""
    outcome: str = ""
    phase: str = ""
    care: str = ""
    ratings: Mapping[str, int] = field(default_factory=dict)
    promise: Promise | None = None
    problems: tuple[str, ...] = ()


def read_line(text: str, *, people: Sequence[Person], today: dt.date) -> Understood:
    """Read one line; whatever it does not understand stays in the note.

    A `+word` that is no day, and a name that fits several people, are problems:
    a promise or a person must not get lost silently.
    """
    said, promise, problems = _split_promise(text.split(), today)
    reader = _Reader(said, people)
    reader.read()
    if promise is not None:
        promise = replace(promise, title=reader.take_from_end_of(promise.title))
    return reader.result(promise, (*reader.problems, *problems))


class _Reader:
    """Eats understood words from both ends of the list; the rest is the note."""

    def __init__(self, words: list[str], people: Sequence[Person]) -> None:
        self.words = words
        self.names = [(person, _name_forms(person.name)) for person in people]
        self.found: dict[str, object] = {}
        self.ratings: dict[str, int] = {}
        self.problems: list[str] = []

    def read(self) -> None:
        self.words = self._take_tags(self.words)
        while self.words and self._take_first():
            pass
        self.words = self._take_last(self.words)
        if "person" not in self.found:
            self._find_in_note()

    def take_from_end_of(self, title: str) -> str:
        """Take tags, ratings and the like from the end of a follow-up's title."""
        return " ".join(self._take_last(self._take_tags(title.split())))

    def result(self, promise: Promise | None, problems: tuple[str, ...]) -> Understood:
        channel = self.found.get("channel", Channel.NOTE)
        usual = Direction.NONE if channel == Channel.NOTE else Direction.OUT
        self.found.setdefault("direction", usual)
        return Understood(
            **self.found,  # type: ignore[arg-type]
            note=" ".join(self.words),
            ratings={n: self.ratings[n] for n in ORDER if n in self.ratings},
            promise=promise,
            problems=problems,
        )

    # -- the beginning: kind, direction, minutes, person ---------------------------

    def _take_first(self) -> bool:
        word = _bare(self.words[0])
        if self._set("channel", KINDS.get(word)) or self._set(
            "direction", DIRECTIONS.get(word)
        ):
            self.words = self.words[1:]
            return True
        if self._take_minutes(self.words[0]):
            self.words = self.words[1:]
            return True
        return self._take_person(word)

    def _take_person(self, word: str) -> bool:
        skip = 1 if word in PREPOSITIONS and len(self.words) > 1 else 0
        length = self._name_length(self.words[skip:])
        if "person" in self.found or not length:
            return False
        name = self.words[skip : skip + length]
        person = self._choose(name)
        if person is None:
            return False
        self._set("person", person)
        if skip and (direction := PREPOSITIONS[word]):
            self._set("direction", direction)
        self.words = self.words[skip + length :]
        return True

    def _name_length(self, words: list[str]) -> int:
        """Return how many of the first words name somebody, the most that do."""
        for length in range(min(LONGEST_NAME, len(words)), 0, -1):
            if self._matches(words[:length]):
                return length
        return 0

    def _matches(self, words: list[str]) -> list[Person]:
        wanted = [_folded(word) for word in words]
        if not all(wanted):
            return []
        found = [p for p, forms in self.names if _names(wanted, forms)]
        return [p for p in found if not p.has_left] or found

    def _choose(self, words: list[str]) -> Person | None:
        matches = self._matches(words)
        if len(matches) > 1:
            names = " or ".join(person.name for person in matches[:3])
            name = " ".join(words).strip(PUNCTUATION)
            self.problems.append(f"“{name}” may be {names}: write the whole name.")
            # Said once; the same words must not be asked for again.
            self.names = []
        return matches[0] if len(matches) == 1 else None

    # -- the end: outcome, minutes, ratings ----------------------------------------

    def _take_last(self, words: list[str]) -> list[str]:
        while words:
            last = words[-1]
            taken = (
                self._set("outcome", OUTCOMES.get(_bare(last)))
                or self._take_minutes(last)
                or self._take_rating(last)
            )
            if not taken:
                break
            words = words[:-1]
        return words

    def _take_minutes(self, word: str) -> bool:
        minutes = _minutes(word.strip(PUNCTUATION))
        if minutes is None or "minutes" in self.found:
            return False
        if minutes > policy.LONGEST_CONTACT_MINUTES:
            self.problems.append(f"“{word}” is longer than a day.")
        return self._set("minutes", minutes)

    def _take_rating(self, word: str) -> bool:
        match = RATING.fullmatch(word)
        name = RATINGS[match[1].lower()] if match else ""
        if not match or name in self.ratings:
            return False
        self.ratings[name] = int(match[2])
        return True

    # -- anywhere: tags, and a name with a capital ----------------------------------

    def _take_tags(self, words: list[str]) -> list[str]:
        return [word for word in words if not self._take_tag(word)]

    def _take_tag(self, word: str) -> bool:
        if not word.startswith("#"):
            return False
        name = word[1:].rstrip(PUNCTUATION)
        if name.lower() in Phase.values and name:
            return self._set("phase", name.lower())
        if name.upper() in Care.values and name:
            return self._set("care", name.upper())
        return False

    def _find_in_note(self) -> None:
        """Recognise one person within the note, and leave the note as it is."""
        for start, word in enumerate(self.words):
            length = self._name_length(self.words[start:])
            if not length or word.lstrip(PUNCTUATION)[:1].islower():
                continue
            matches = self._matches(self.words[start : start + length])
            if len(matches) == 1:
                self._set("person", matches[0])
                return

    def _set(self, name: str, value: object) -> bool:
        if value is None or name in self.found:
            return False
        self.found[name] = value
        return True


def _split_promise(
    words: list[str], today: dt.date
) -> tuple[list[str], Promise | None, tuple[str, ...]]:
    """Cut the line at the first `+day`; its words after that are the task."""
    for position, word in enumerate(words):
        if not shorthand_days.is_meant(word):
            continue
        try:
            due_on = shorthand_days.read_day(word[1:].rstrip(",;:!?"), today=today)
        except shorthand_days.NoDayError as error:
            return words, None, (str(error),)
        title = " ".join(words[position + 1 :])
        return words[:position], Promise(title=title, due_on=due_on), ()
    return words, None, ()


def _minutes(word: str) -> int | None:
    if match := HOURS.fullmatch(word):
        return int(match[1]) * 60 + int(match[2] or 0)
    if match := MINUTES.fullmatch(word):
        return int(match[1])
    return None


def _bare(word: str) -> str:
    return word.strip(PUNCTUATION).casefold()


def _folded(word: str) -> str:
    """Return a word without case, accents, apostrophes and punctuation around it."""
    word = word.strip(PUNCTUATION)
    for possessive in ("'s", "’s"):
        word = word.removesuffix(possessive)
    plain = unicodedata.normalize("NFKD", word.casefold().translate(PLAIN))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _name_forms(name: str) -> tuple[list[str], list[str]]:
    """Return a name's words, plain and with umlauts typed as two letters."""
    composed = unicodedata.normalize("NFC", name.casefold()).translate(TYPED_UMLAUTS)
    return [_folded(w) for w in name.split()], [_folded(w) for w in composed.split()]


def _names(wanted: list[str], forms: tuple[list[str], list[str]]) -> bool:
    """Tell whether the words are the name, or a part of it in its order."""
    size = len(wanted)
    return any(
        wanted == form[start : start + size]
        for form in forms
        for start in range(len(form) - size + 1)
    )
