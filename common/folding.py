"""Text without case and accents, so that "muller" finds "Müller": in Python and in SQL.

Both sides do the same: decompose by compatibility (NFKD), drop the combining marks of
European scripts (U+0300 to U+036F), write letters that do not decompose by those people
type for them, and lower the case. Marks of other scripts are letters and stay.
"""

import re
import unicodedata
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce

MARKS = r"[\u0300-\u036f]"
ALONE = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ð": "d"}
TWICE = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
LONGEST = 200  # of what somebody searches for
_WORD_CATEGORIES = frozenset("LMN")  # letters, their marks, numbers


def fold(text: str) -> str:
    """Return `text` in lower case and without accents."""
    plain = re.sub(MARKS, "", unicodedata.normalize("NFKD", text)).lower()
    plain = re.sub(MARKS, "", plain)  # İ in lower case has a dot of its own
    for letter, written in (ALONE | TWICE).items():
        plain = plain.replace(letter, written)
    return plain


class Folded(Func):
    """The same of a column, in the database; NULL is written as ''."""

    output_field = TextField()

    def __init__(self, expression: Any, **extra: Any) -> None:
        text = Coalesce(expression, Value(""), output_field=TextField())
        super().__init__(text, **extra)

    template = (
        "replace(replace(replace(replace(translate(regexp_replace(lower("
        "regexp_replace(normalize(%(expressions)s, NFKD), '" + MARKS + "', '', 'g'))"
        ", '" + MARKS + "', '', 'g')"
        ", '"
        + "".join(ALONE)
        + "', '"
        + "".join(ALONE.values())
        + "')"
        + "".join(f", '{letter}', '{two}')" for letter, two in TWICE.items())
    )


def folded_vector(*names: str) -> SearchVector:
    """Return the words of the columns `names`, for a generated column."""
    return SearchVector(*(Folded(name) for name in names), config="simple")


def words_of(text: str) -> list[str]:
    """Return the folded words of `text`: runs of letters, their marks and digits."""
    kept = (
        c if unicodedata.category(c)[0] in _WORD_CATEGORIES else " "
        for c in fold(text[:LONGEST])
    )
    return "".join(kept).split()


def prefix_query(text: str) -> SearchQuery | None:
    """Return the query for every word of `text` as the beginning of a word.

    None if there is no word in it.
    """
    terms = [_term(piece) for piece in fold(text[:LONGEST]).split()]
    query = " & ".join(term for term in terms if term)
    if not query:
        return None
    return SearchQuery(query, config="simple", search_type="raw")


def _term(piece: str) -> str:
    """Return the query for what somebody typed between two spaces.

    PostgreSQL keeps addresses, and names with a typographic apostrophe, as one word;
    other signs part words. So pieces with a sign are looked for in both ways.
    """
    words = words_of(piece)
    apart = " & ".join(f"'{word}':*" for word in words)
    if len(words) < 2:  # noqa: PLR2004 - nothing to part
        return apart
    signs = piece.replace("'", "’").replace("\\", "")
    whole = "".join(c for c in signs if c.isprintable())
    return f"({apart} | '{whole}':*)"
