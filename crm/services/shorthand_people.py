"""Whom a name in the quick log means: the whole name, a part, a short form, a slip.

The surest reading wins: people whose name holds the words come first, then short forms
of first names, then beginnings, then one letter typed wrong.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crm.services.shorthand_words import PUNCTUATION

LONGEST_NAME = 6  # words
SHORTEST_BEGINNING = 3  # letters
SHORTEST_WITH_A_SLIP = 5  # letters; shorter names differ by one letter too often
# Short forms of first names, each group one name. A group holds folded words.
SHORT_FORMS = tuple(
    frozenset(group.split())
    for group in (
        "robert bob bobby rob robbie",
        "william bill billy will willi",
        "richard dick rick",
        "elizabeth elisabeth liz lizzy beth betty lisa elli else",
        "margaret margarete maggie peggy meg greta gretchen",
        "katherine catherine katharina kathrin katrin kate kathy katie kat trine",
        "alexander alexandra alex sascha sandra xander",
        "michael mike mick micha michi",
        "john johannes jonathan jack johnny hans hannes",
        "joseph josef joe sepp jupp",
        "james jim jimmy jamie",
        "edward eduard ed eddie ted",
        "anthony anton tony toni",
        "andrew andreas andy andi",
        "frederick friedrich fred fritz freddy",
        "henry heinrich heinz harry hank",
        "charles karl carl charlie chuck",
        "thomas tom tommy",
        "stephen steven stefan stephan steve steffen",
        "susan susanne suzanne sue susi",
        "barbara barb babs baerbel",
        "jacob jakob jake",
        "francis francesco franz franziska frank franzi frankie",
        "georg george jorge joerg juergen schorsch",
        "nicholas nikolaus klaus nick niko",
        "wolfgang wolf wolle",
        "guenther guenter",
        "manuela manuel manu",
        "theodore theodor theo teddy",
        "peter pete petra",
        "daniel dan danny daniela dani",
        "david dave",
        "patricia patrick pat patty",
        "samuel sam sammy samantha",
        "victoria viktoria vicky",
        "gabriele gabriela gabi gaby",
        "ursula uschi ulla",
        "ulrich ulrike uli ulli",
        "reinhard reinhold reiner",
        "magdalena lena leni magda",
        "helena helene leni lene nelly ellen",
        "jennifer jenny jen",
        "deborah debbie deb",
        "rebecca becky",
        "timothy tim timo",
        "gregory greg gregor",
        "jeffrey jeff",
        "lawrence lorenz larry laurence",
        "ronald ron ronny",
        "donald don",
    )
)
# Letters that carry no accent to strip, but are typed as others.
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "ð": "d"}
    | dict.fromkeys("'’‘ʼ`´", "")
)
TYPED_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

Forms = tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the account whom the line may name."""

    pk: int
    name: str
    has_left: bool = False


class Directory:
    """The people of one account, by name."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.names = [(person, _name_forms(person.name)) for person in people]

    def matching(self, words: Sequence[str]) -> list[Person]:
        """Return whose name holds exactly these words, present ones before gone."""
        wanted = [folded(word) for word in words]
        if not wanted or not all(wanted):
            return []
        return _present([p for p, forms in self.names if _holds(forms, wanted)])

    def resembling(self, word: str) -> list[Person]:
        """Return whom one word may mean that is no part of anybody's name."""
        wanted = folded(word)
        if len(wanted) < SHORTEST_BEGINNING:
            return []
        for fits in (_is_short_form, _begins, _is_a_slip):
            if found := [p for p, forms in self.names if _any(fits, wanted, forms)]:
                return _present(found)
        return []


def folded(word: str) -> str:
    """Return a word without case, accents, apostrophes and punctuation around it."""
    word = word.strip(PUNCTUATION)
    for possessive in ("'s", "’s"):
        word = word.removesuffix(possessive)
    plain = unicodedata.normalize("NFKD", word.casefold().translate(PLAIN))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _present(people: list[Person]) -> list[Person]:
    return [p for p in people if not p.has_left] or people


def _name_forms(name: str) -> Forms:
    """Return a name's words, plain and with umlauts typed as two letters."""
    composed = unicodedata.normalize("NFC", name.casefold()).translate(TYPED_UMLAUTS)
    return [folded(w) for w in name.split()], [folded(w) for w in composed.split()]


def _holds(forms: Forms, wanted: list[str]) -> bool:
    """Tell whether the words are the name, or a part of it in its order."""
    size = len(wanted)
    return any(
        wanted == form[start : start + size]
        for form in forms
        for start in range(len(form) - size + 1)
    )


def _any(fits: Callable[[str, str], bool], wanted: str, forms: Forms) -> bool:
    return any(fits(wanted, part) for form in forms for part in form)


def _is_short_form(wanted: str, part: str) -> bool:
    return any(wanted in group and part in group for group in SHORT_FORMS)


def _begins(wanted: str, part: str) -> bool:
    return part.startswith(wanted)


def _is_a_slip(wanted: str, part: str) -> bool:
    """Tell whether one letter is wrong, missing, too many, or two changed places."""
    if min(len(wanted), len(part)) < SHORTEST_WITH_A_SLIP or wanted[0] != part[0]:
        return False
    shorter, longer = sorted((wanted, part), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    start = next(
        (n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b),
        len(shorter),
    )
    if len(shorter) < len(longer):
        return shorter[start:] == longer[start + 1 :]
    is_swap = (
        shorter[start : start + 2] == longer[start : start + 2][::-1]
        and shorter[start + 2 :] == longer[start + 2 :]
    )
    return is_swap or shorter[start + 1 :] == longer[start + 1 :]
