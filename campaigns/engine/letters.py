"""Letters as pages: a typesetter gets plain data, never markup.

What stands in a letter is passed as strings, so nothing that a customer is called can
change the layout. The typesetter brings fonts for Latin, Greek, Cyrillic, Hebrew,
Arabic, Armenian, Georgian and Devanagari letters; others are set in fonts of the
machine, and where it has none, as empty boxes.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import typst

# Scripts whose letters the fonts that come along do not have.
NOT_COVERED = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "BOPOMOFO",
    "THAI",
    "BENGALI",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
    "GUJARATI",
    "GURMUKHI",
    "ORIYA",
    "SINHALA",
    "ETHIOPIC",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
    "MONGOLIAN",
)
_PAGES = """
#let letters = json(bytes(sys.inputs.letters))
#let firm = sys.inputs.firm
#set document(title: sys.inputs.title)
#set page(paper: "a4", margin: (top: 4.5cm, bottom: 2.5cm, left: 2.5cm, right: 2cm))
#set text(
  font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"), size: 11pt)
#set par(leading: 0.65em, spacing: 1.2em)
#for (number, letter) in letters.enumerate() {
  if number > 0 { pagebreak() }
  // The window of an envelope of DIN 680.
  block(height: 4cm, {
    text(size: 8pt, fill: rgb("#555"), firm)
    linebreak()
    for line in letter.address { text(line); linebreak() }
  })
  align(right, letter.day)
  v(0.5cm)
  if letter.subject != "" { strong(letter.subject); v(0.3cm) }
  for part in letter.paragraphs { par(part.split("\\n").join(linebreak())) }
}
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it is read; the address line by line."""

    address: Sequence[str]
    day: str
    subject: str
    paragraphs: Sequence[str]


def pdf_of(letters: Sequence[Letter], *, firm: str, title: str) -> bytes:
    """Return the letters as one PDF, each beginning on a page of its own."""
    inputs = {
        "letters": json.dumps([asdict(letter) for letter in letters]),
        "firm": _plain(firm),
        "title": _plain(title),
    }
    made = typst.compile(_PAGES.encode(), sys_inputs=inputs)
    assert isinstance(made, bytes)  # noqa: S101  one PDF, not pages of images
    return made


def not_covered(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the scripts in these texts that the fonts that come along do not have."""
    found = {
        script
        for text in texts
        for letter in set(text)
        if ord(letter) > 0x2FF  # noqa: PLR2004  where other scripts begin
        for script in NOT_COVERED
        if unicodedata.name(letter, "").startswith(script)
    }
    return tuple(sorted(script.capitalize() for script in found))


def _plain(text: str) -> str:
    return text.replace("\x00", "")
