"""The one-line shorthand of the quick log, read without touching the database.

``call 12m Anna pricing ok +fri send offer`` is a call of twelve minutes with Anna about
pricing that went well, and a task for Friday. What is understood stands at the
beginning and at the end of the line; everything between is the note, word for word.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crm import policy
from crm.choices import Care, Channel, Direction, Phase
from crm.services import shorthand_days, shorthand_moments
from crm.services.shorthand_days import NoDayError
from crm.services.shorthand_moments import When
from crm.services.shorthand_people import LONGEST_NAME, Directory, Person
from crm.services.shorthand_words import (
    DIRECTIONS,
    KINDS,
    OUTCOMES,
    PREPOSITIONS,
    PUNCTUATION,
    RATINGS,
    SHORT_DIRECTIONS,
    Word,
    joined,
    minutes_of,
    ratings_of,
)

__all__ = ["Person", "Place", "Promise", "Understood", "When", "read_line"]
ORDER = tuple(RATINGS.values())


@dataclass(frozen=True, slots=True)
class Promise:
    """A follow-up that the line asks for."""

    title: str
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class Place:
    """Which words of the line say a thing: from `start`, before `stop`."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Understood:
    """What a line says. `problems` are whole sentences; with none it can be saved.

    `candidates` are the people whom an unclear name may mean, `stranger` is a name
    after “with” and the like that nobody bears, `unknown` a word where a name is
    looked for that looks like one but may well begin the note. `places` tells of each
    thing which words said it; what is only assumed has none.
    """

    channel: Channel = Channel.NOTE
    direction: Direction = Direction.NONE
    minutes: int | None = None
    person: Person | None = None
    when: When | None = None
    note: str = ""
    outcome: str = ""
    phase: str = ""
    care: str = ""
    ratings: Mapping[str, int] = field(default_factory=dict)
    promise: Promise | None = None
    problems: tuple[str, ...] = ()
    candidates: tuple[Person, ...] = ()
    stranger: str = ""
    unknown: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)


def read_line(
    text: str, *, people: Sequence[Person], today: dt.date, chosen: int | None = None
) -> Understood:
    """Read one line; whatever it does not understand stays in the note.

    A `+word` that is no day, a day of the contact that cannot be, and a name that fits
    several people are problems: none of them may get lost silently. `chosen` is the
    key of the person meant where a name fits several.
    """
    words = [Word(word, n) for n, word in enumerate(text.split())]
    said, promise, place, problems = _split_promise(words, today)
    reader = _Reader(said, Directory(people), today=today, chosen=chosen)
    reader.read()
    if promise is not None and place is not None:
        reader.places["promise"] = place
        title = reader.take_from_end_of(words[place.stop :])
        promise = replace(promise, title=title)
    return reader.result(promise, problems)


class _Reader:
    """Eats understood words from both ends of the list; the rest is the note."""

    def __init__(
        self,
        words: list[Word],
        directory: Directory,
        *,
        today: dt.date,
        chosen: int | None,
    ) -> None:
        self.words = words
        self.directory = directory
        self.today = today
        self.chosen = chosen
        self.found: dict[str, object] = {}
        self.places: dict[str, Place] = {}
        self.ratings: dict[str, int] = {}
        self.problems: list[str] = []
        self.candidates: list[Person] = []

    def read(self) -> None:
        self.words = self._take_tags(self.words)
        while self.words and self._take_first():
            pass
        self.words = self._take_last(self.words)
        if "person" not in self.found and not self.candidates:
            self._find_in_note()
            self._keep_unknown()

    def take_from_end_of(self, words: list[Word]) -> str:
        """Take tags, ratings and the like from the end of a follow-up's title."""
        return joined(self._take_last(self._take_tags(words)))

    def result(self, promise: Promise | None, problems: tuple[str, ...]) -> Understood:
        channel = self.found.get("channel", Channel.NOTE)
        usual = Direction.NONE if channel == Channel.NOTE else Direction.OUT
        self.found.setdefault("direction", usual)
        if self.words:
            places = Place(self.words[0].at, self.words[-1].at + 1)
            self.places["note"] = places
        return Understood(
            **self.found,  # type: ignore[arg-type]
            note=joined(self.words),
            ratings={n: self.ratings[n] for n in ORDER if n in self.ratings},
            promise=promise,
            problems=(*self.problems, *problems),
            candidates=tuple(self.candidates),
            places=self.places,
        )

    # -- the beginning: kind, direction, minutes, moment, person --------------------

    def _take_first(self) -> bool:
        first = self.words[0]
        if self._set("channel", KINDS.get(first.bare), [first]) or self._set(
            "direction", self._direction(first), [first]
        ):
            self.words = self.words[1:]
            return True
        if self._take_moment() or self._take_person():
            return True
        if self._take_minutes(first):
            self.words = self.words[1:]
            return True
        return False

    def _direction(self, word: Word) -> Direction | None:
        if word.bare in DIRECTIONS:
            return DIRECTIONS[word.bare]
        is_plain = "channel" not in self.found or not self._is_marker(self.words[1:2])
        return None if is_plain else SHORT_DIRECTIONS.get(word.bare)

    def _is_marker(self, words: list[Word]) -> bool:
        """Tell whether the next word is no note, so that `in` before it is none."""
        if not words:
            return True
        word = words[0]
        is_name = bool(self.directory.matching([word.text]))
        return is_name or minutes_of(word.text.strip(PUNCTUATION)) is not None

    def _take_moment(self) -> bool:
        if "when" in self.found or self.found.get("channel") is None:
            return False
        texts = [word.text for word in self.words]
        try:
            read = shorthand_moments.read_moment(texts, today=self.today)
        except NoDayError as error:
            # A note may well begin with tomorrow; a call cannot have been then.
            if self.found["channel"] != Channel.NOTE:
                self.problems.append(str(error))
                self.found["when"] = None
            return False
        if read is None:
            return False
        self._set("when", read[0], self.words[: read[1]])
        self.words = self.words[read[1] :]
        return True

    def _take_person(self) -> bool:
        if "person" in self.found or self.candidates:
            return False
        preposition = self.words[0].bare
        skip = 1 if preposition in PREPOSITIONS and len(self.words) > 1 else 0
        rest = self.words[skip:]
        length = self._name_length(rest)
        people = self.directory.matching([word.text for word in rest[:length]])
        if not length:
            length = 1
            people = self._resembling(rest[0], is_introduced=bool(skip))
        if not people:
            self._keep_stranger(rest[0], is_introduced=bool(skip))
            return False
        return self._choose(people, rest[:length], skip=skip)

    def _keep_stranger(self, word: Word, *, is_introduced: bool) -> None:
        """Remember a name that nobody bears; it stays in the note."""
        name = word.text.strip(PUNCTUATION)
        is_name = name[:1].isalpha() and not name[:1].islower()
        if is_introduced and is_name and "channel" in self.found:
            self._set("stranger", name, [])

    def _keep_unknown(self) -> None:
        """Remember a capitalised word in a name's place; “PO” and the like are none."""
        if not {"person", "stranger"}.isdisjoint(self.found) or not self.words:
            return
        name = self.words[0].text.strip(PUNCTUATION)
        is_capital = name[:1].isalpha() and not name[:1].islower()
        is_acronym = len(name) > 1 and name.isupper()
        is_note = self.found.get("channel", Channel.NOTE) == Channel.NOTE
        if is_capital and not is_acronym and not is_note:
            self._set("unknown", name, [])

    def _choose(self, people: list[Person], name: list[Word], *, skip: int) -> bool:
        """Take the one person meant; several stay in the line and are asked about."""
        self.places["person"] = Place(name[0].at, name[-1].at + 1)
        person = next((p for p in people if p.pk == self.chosen), people[0])
        if len(people) > 1 and person.pk != self.chosen:
            names = " or ".join(person.name for person in people[:3])
            typed = joined(name).strip(PUNCTUATION)
            self.problems.append(
                f"“{typed}” may be {names}: choose, or write it whole."
            )
            self.candidates = people
            return False
        self.found["person"] = person
        direction = PREPOSITIONS.get(self.words[0].bare) if skip else None
        self._set("direction", direction, self.words[:skip])
        self.words = self.words[skip + len(name) :]
        return True

    def _name_length(self, words: list[Word]) -> int:
        """Return how many of the first words name somebody, the most that do."""
        texts = [word.text for word in words[:LONGEST_NAME]]
        for length in range(len(texts), 0, -1):
            if self.directory.matching(texts[:length]):
                return length
        return 0

    def _resembling(self, word: Word, *, is_introduced: bool) -> list[Person]:
        """Return whom a name may mean that is written short or wrong.

        Only where a name is expected: with a capital, or after “with” and the like.
        """
        is_name = word.text.lstrip(PUNCTUATION)[:1].isupper()
        is_expected = "channel" in self.found and (is_name or is_introduced)
        return self.directory.resembling(word.text) if is_expected else []

    # -- the end: outcome, minutes, ratings, yesterday --------------------------------

    def _take_last(self, words: list[Word]) -> list[Word]:
        while words:
            last = words[-1]
            taken = (
                self._set("outcome", OUTCOMES.get(last.bare), [last])
                or self._take_minutes(last)
                or self._take_ratings(last)
            )
            if not taken:
                break
            words = words[:-1]
        return words

    def _take_minutes(self, word: Word) -> bool:
        minutes = minutes_of(word.text.strip(PUNCTUATION))
        if minutes is None or "minutes" in self.found:
            return False
        if minutes > policy.LONGEST_CONTACT_MINUTES:
            self.problems.append(f"“{word.text}” is longer than a day.")
        return self._set("minutes", minutes, [word])

    def _take_ratings(self, word: Word) -> bool:
        said = ratings_of(word.text)
        if not said or said.keys() & self.ratings.keys():
            return False
        self.ratings |= said
        for name in said:
            self.places[name] = Place(word.at, word.at + 1)
        return True

    # -- anywhere: tags, moments marked with @, and a name with a capital ------------

    def _take_tags(self, words: list[Word]) -> list[Word]:
        kept: list[Word] = []
        while words:
            used = self._take_tag(words[0]) or self._take_marked(words)
            if not used:
                kept.append(words[0])
            words = words[used or 1 :]
        return kept

    def _take_tag(self, word: Word) -> int:
        name = word.text[1:].rstrip(PUNCTUATION)
        if not word.text.startswith("#") or not name:
            return 0
        if name.lower() in Phase.values:
            return int(self._set("phase", name.lower(), [word]))
        if name.upper() in Care.values:
            return int(self._set("care", name.upper(), [word]))
        return 0

    def _take_marked(self, words: list[Word]) -> int:
        """Take `@15:30`, `@yesterday 15:30`, `@3.11.`; return how many words it was."""
        if not words[0].text.startswith("@") or "when" in self.found:
            return 0
        texts = [words[0].text[1:], *(word.text for word in words[1:])]
        if not texts[0]:
            return 0
        try:
            read = shorthand_moments.read_moment(
                texts, today=self.today, is_marked=True
            )
        except NoDayError as error:
            self.problems.append(str(error))
            return 0
        if read is None:
            return 0
        self._set("when", read[0], words[: read[1]])
        return read[1]

    def _find_in_note(self) -> None:
        """Recognise one person within the note, and leave the note as it is."""
        for start, word in enumerate(self.words):
            length = self._name_length(self.words[start:])
            if not length or word.text.lstrip(PUNCTUATION)[:1].islower():
                continue
            name = [w.text for w in self.words[start : start + length]]
            matches = self.directory.matching(name)
            if len(matches) == 1:
                self._set("person", matches[0], self.words[start : start + length])
                return

    def _set(self, name: str, value: object, words: list[Word]) -> bool:
        if value is None or name in self.found:
            return False
        self.found[name] = value
        if words:
            self.places[name] = Place(words[0].at, words[-1].at + 1)
        return True


def _split_promise(
    words: list[Word], today: dt.date
) -> tuple[list[Word], Promise | None, Place | None, tuple[str, ...]]:
    """Cut the line at the first `+day`; its words after that are the task."""
    for n, word in enumerate(words):
        following = words[n + 1].text if n + 1 < len(words) else ""
        if not shorthand_days.is_meant(word.text, following):
            continue
        texts = [word.text[1:], *(w.text for w in words[n + 1 :])]
        try:
            due_on, used = shorthand_days.read_phrase(texts, today=today)
        except NoDayError as error:
            return words, None, None, (str(error),)
        return words[:n], Promise("", due_on), Place(n, n + used), ()
    return words, None, None, ()
