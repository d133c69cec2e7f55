"""The vocabulary of the quick log: which words mean what, and how long a time is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crm.choices import Channel, Direction, Outcome

KINDS: Mapping[str, Channel] = {
    word: channel
    for channel, words in {
        Channel.PHONE: "call called phone phoned tel telephone rang",
        Channel.EMAIL: "mail mailed email emailed e-mail",
        Channel.VISIT: "visit visited",
        Channel.MEETING: "meet meeting met mtg video videocall zoom teams",
        Channel.NOTE: "note",
        Channel.MESSAGE: "msg message sms texted whatsapp",
        Channel.CHAT: "chat chatted",
        Channel.POST: "post letter parcel",
        Channel.SOCIAL: "social linkedin xing",
        Channel.WEB: "web website portal",
        Channel.EVENT: "event fair webinar",
        Channel.GIFT: "gift present",
    }.items()
    for word in words.split()
}
OUTCOMES: Mapping[str, Outcome] = {
    word: outcome
    for outcome, words in {
        Outcome.OK: "ok okay",
        Outcome.BAD: "bad",
        Outcome.NEUTRAL: "neutral",
        Outcome.NO_ANSWER: "noanswer na voicemail",
    }.items()
    for word in words.split()
}
DIRECTIONS: Mapping[str, Direction] = {
    "incoming": Direction.IN,
    "inbound": Direction.IN,
    "outgoing": Direction.OUT,
    "outbound": Direction.OUT,
}
# These are words of many a note too, so they count only before a time or a person.
SHORT_DIRECTIONS: Mapping[str, Direction] = {"in": Direction.IN, "out": Direction.OUT}
PREPOSITIONS: Mapping[str, Direction | None] = {
    "with": None,
    "to": Direction.OUT,
    "from": Direction.IN,
}
RATINGS = {"p": "people", "i": "information", "d": "deliverables"}

HOURS = re.compile(r"([0-9]{1,4})h(?:([0-5]?[0-9])(?:m|min)?)?", re.IGNORECASE)
MINUTES = re.compile(r"([0-9]{1,6})(?:m|min)", re.IGNORECASE)
# From six o'clock on it is a time of day: nobody means a call of fifteen hours.
CLOCK_LIKE = re.compile(r"([0-5]):([0-5][0-9])h?")
RATING = re.compile(r"(?:[pid][1-5]){1,3}", re.IGNORECASE)
PUNCTUATION = '.,;:!?()"“”„…'


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the line, and which it is."""

    text: str
    at: int

    @property
    def bare(self) -> str:
        return self.text.strip(PUNCTUATION).casefold()


def joined(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


def minutes_of(text: str) -> int | None:
    """Return the minutes of `12m`, `1h`, `1h30` or `1:15`."""
    if match := HOURS.fullmatch(text):
        return int(match[1]) * 60 + int(match[2] or 0)
    if match := MINUTES.fullmatch(text):
        return int(match[1])
    if match := CLOCK_LIKE.fullmatch(text):
        return int(match[1]) * 60 + int(match[2])
    return None


def ratings_of(text: str) -> dict[str, int]:
    """Return what `p4` or `p4i5d3` rates; nothing if a part comes twice."""
    if not RATING.fullmatch(text):
        return {}
    parts = [
        (RATINGS[text[n].lower()], int(text[n + 1])) for n in range(0, len(text), 2)
    ]
    return dict(parts) if len(dict(parts)) == len(parts) else {}
