"""Whatever is typed into the quick log is read or kept."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.services.shorthand import Person
from tests.crm.test_shorthand import ANNA, read


@pytest.mark.parametrize(
    "line",
    [
        '<script>alert(1)</script> isn\'t a "tag" & so on',
        "Обсудили цены с директором",
        "打印机坏了 要换新的",
        "مرحبا كيف الحال",
        "🙂 " * 20,
        "x" * 300,
        "'; DROP TABLE crm_touchpoint; --",
    ],
)
def test_free_text_of_any_script_is_kept(line):
    said = read(f"call {line}")
    assert said.note == " ".join(line.split())


def test_an_empty_line_says_nothing():
    said = read("   ")
    assert (said.note, said.minutes, said.person, said.promise) == (
        "",
        None,
        None,
        None,
    )


WORDS = st.sampled_from(
    ["call", "12m", "Anna", "ok", "na", "+fri", "+x", "+", "#C", "#", "p4", "from",
     "to", "with", "von", "der", "1h30", "…", "'", "+99999m", "+29.2.", "note",
     "in", "@", "@31.2.", "yesterday", "last", "ago", "15:30", "+next"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(min_size=1, max_size=8), max_size=25).map(" ".join))
@example("\x00 \ud800 \u0307 ΅ ﷺ")
def test_no_line_breaks_the_reader_or_loses_a_word(line):
    said = read(line)
    kept = f"{said.note} {said.promise.title if said.promise else ''}".split()
    typed = line.split()
    assert [word for word in kept if word not in typed] == []
    # At most: kind, direction, time, preposition, a name of four, a moment of four,
    # outcome, a day of three, two tags, three ratings; twice time and outcome never.
    assert len(typed) - len(kept) <= 21
    assert said.minutes is None or said.minutes >= 0


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    read(text, [Person(1, text[:20]), Person(2, text[5:40]), ANNA])
