"""The one-line shorthand: what is understood, and that nothing typed gets lost."""

import datetime as dt

import pytest

from crm.services.shorthand import Person, read_line

FRIDAY = dt.date(2026, 11, 20)
ANNA, JOSE, JURGEN, WILL = (
    Person(1, "Anna Berg"),
    Person(2, "José O’Brien"),
    Person(3, "Jürgen von der Heide"),
    Person(4, "Will Smith"),
)
LI, ANNA_GONE = Person(5, "李 小龙"), Person(6, "Anna Klein", has_left=True)
PEOPLE = [ANNA, JOSE, JURGEN, WILL, LI, ANNA_GONE]


def read(line, people=PEOPLE):
    return read_line(line, people=people, today=FRIDAY)


def test_the_line_of_the_specification():
    said = read("call 12m Anna pricing ok +fri send offer")
    assert (said.channel, said.direction, said.minutes) == ("phone", "out", 12)
    assert (said.person, said.note, said.outcome) == (ANNA, "pricing", "ok")
    assert said.promise.title == "send offer"
    assert said.promise.due_on == dt.date(2026, 11, 27)
    assert said.problems == ()


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        ("call", "phone"),
        ("CALL", "phone"),
        ("Call:", "phone"),
        ("mail", "email"),
        ("email", "email"),
        ("visit", "visit"),
        ("meet", "meeting"),
        ("meeting", "meeting"),
        ("note", "note"),
        ("msg", "message"),
        ("chat", "chat"),
        ("post", "post"),
        ("social", "social"),
        ("web", "web"),
        ("zoom", "meeting"),
        ("whatsapp", "message"),
        ("linkedin", "social"),
        ("webinar", "event"),
    ],
)
def test_kinds(word, channel):
    said = read(f"{word} about paper")
    assert (said.channel, said.note) == (channel, "about paper")


def test_a_kind_in_the_middle_is_a_word():
    said = read("asked me to call back")
    assert (said.channel, said.note) == ("note", "asked me to call back")


@pytest.mark.parametrize(
    ("word", "minutes"),
    [
        ("12m", 12),
        ("12min", 12),
        ("1h", 60),
        ("1h30", 90),
        ("1h30m", 90),
        ("2H", 120),
        ("1:15", 75),
        ("0:05", 5),
    ],
)
def test_minutes(word, minutes):
    assert read(f"call {word} paper").minutes == minutes
    assert read(f"call paper {word}").minutes == minutes


@pytest.mark.parametrize("word", ["12", "1h75", "m", "h30", "1.5h", "-5m", "١٢m"])
def test_what_is_no_time_stays_in_the_note(word):
    said = read(f"call {word} paper")
    assert (said.minutes, said.note) == (None, f"{word} paper")


@pytest.mark.parametrize("word", ["1441m", "999999m", "25h", "9999h59"])
def test_more_than_a_day_is_a_problem(word):
    assert "longer than a day" in read(f"call {word}").problems[0]


@pytest.mark.parametrize(
    ("words", "person"),
    [
        ("Anna", ANNA),
        ("anna berg", ANNA),
        ("BERG", ANNA),
        ("jose", JOSE),
        ("José O'Brien", JOSE),
        ("obrien", JOSE),
        ("Jürgen", JURGEN),
        ("jurgen", JURGEN),
        ("juergen von der heide", JURGEN),
        ("Heide,", JURGEN),
        ("李", LI),
        ("Klein", ANNA_GONE),
    ],
)
def test_people_by_first_or_last_name_without_accents(words, person):
    said = read(f"call {words} paper")
    assert (said.person, said.note) == (person, "paper")


@pytest.mark.parametrize(
    ("line", "direction"),
    [
        ("call from Anna paper", "in"),
        ("mail to Anna paper", "out"),
        ("call with Anna paper", "out"),
        ("call incoming Anna paper", "in"),
        ("Anna call paper", "out"),
    ],
)
def test_who_reached_out(line, direction):
    said = read(line)
    assert (said.person, said.direction, said.note) == (ANNA, direction, "paper")


@pytest.mark.parametrize(
    ("line", "direction", "note"),
    [
        ("call in Anna paper", "in", "paper"),
        ("call in 5m", "in", ""),
        ("call out", "out", ""),
        ("call in the morning", "out", "in the morning"),
        ("visit in Kiel", "out", "in Kiel"),
        ("in Kiel", "", "in Kiel"),
    ],
)
def test_in_and_out_are_words_unless_a_time_or_a_person_follows(line, direction, note):
    said = read(line)
    assert (said.direction, said.note) == (direction, note)


def test_a_preposition_without_a_person_is_a_word():
    assert read("mail from the bank").note == "from the bank"


def test_a_name_that_nobody_bears_is_told_and_stays_in_the_note():
    said = read("call with Zorro pricing")
    assert (said.stranger, said.note) == ("Zorro", "with Zorro pricing")
    assert read("mail from the bank").stranger == ""
    assert read("mail from Anna offer").stranger == ""


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("call Zorro", "Zorro"),
        ("call 12m Zorro pricing ok", "Zorro"),
        ("visit שלום", "שלום"),
        ("call with Zorro pricing", ""),
        ("call Anna", ""),
        ("call Zorro asked for Anna", ""),
        ("call PO received", ""),
        ("call pricing Zorro", ""),
        ("note Zorro", ""),
    ],
)
def test_a_capitalised_word_where_a_name_is_looked_for_is_told(line, unknown):
    assert read(line).unknown == unknown


def test_a_name_inside_the_note_is_found_and_kept():
    said = read("mail sent Anna's offer")
    assert (said.person, said.note) == (ANNA, "sent Anna's offer")
    assert read("mail this will do").person is None


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Bob", "Robert Kahn"),
        ("with bob", "Robert Kahn"),
        ("Max", "Maximilian Graf"),
        ("Hening", "Henning Oetjen"),
        ("Hennign", "Henning Oetjen"),
        ("to maxi", "Maximilian Graf"),
    ],
)
def test_short_forms_beginnings_and_slips_are_recognised(words, name):
    names = ["Robert Kahn", "Maximilian Graf", "Henning Oetjen"]
    people = [Person(n, name) for n, name in enumerate(names, 1)]
    said = read(f"call {words} paper", people)
    assert (said.person.name, said.note) == (name, "paper")


@pytest.mark.parametrize("line", ["call max prices", "Maxi said so", "call Ma paper"])
def test_a_word_that_only_resembles_a_name_is_a_word(line):
    said = read(line, [Person(1, "Maximilian Graf")])
    assert said.person is None
    assert said.note == line.removeprefix("call ")


def test_two_who_fit_are_asked_about():
    wolf = Person(9, "Anna Wolf")
    said = read("call Anna paper", [ANNA, wolf])
    assert said.person is None
    assert said.candidates == (ANNA, wolf)
    meant = read_line("call Anna paper", people=[ANNA, wolf], today=FRIDAY, chosen=9)
    assert (meant.person, meant.problems, meant.note) == (wolf, (), "paper")
    assert said.problems == (
        "“Anna” may be Anna Berg or Anna Wolf: choose, or write it whole.",
    )
    assert "Anna" in said.note


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("ok", "ok"),
        ("OK.", "ok"),
        ("bad", "bad"),
        ("neutral", "neutral"),
        ("noanswer", "no_answer"),
        ("na", "no_answer"),
    ],
)
def test_outcome_stands_at_the_end(word, outcome):
    said = read(f"call paper {word}")
    assert (said.outcome, said.note) == (outcome, "paper")
    assert read(f"call {word} is what he said").outcome == ""


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("today", (2026, 11, 20)),
        ("tomorrow", (2026, 11, 21)),
        ("fri", (2026, 11, 27)),
        ("FRIDAY", (2026, 11, 27)),
        ("sat", (2026, 11, 21)),
        ("thurs", (2026, 11, 26)),
        ("3d", (2026, 11, 23)),
        ("2w", (2026, 12, 4)),
        ("3m", (2027, 2, 20)),
        ("12.12.", (2026, 12, 12)),
        ("12.12", (2026, 12, 12)),
        ("1.2.", (2027, 2, 1)),
        ("29.2.", (2028, 2, 29)),
        ("20.11.", (2026, 11, 20)),
        ("12.12.27", (2027, 12, 12)),
        ("12.12.2027", (2027, 12, 12)),
        ("2026-12-12", (2026, 12, 12)),
        ("2026-12-12:", (2026, 12, 12)),
    ],
)
def test_days(word, day):
    said = read(f"call +{word} send offer")
    assert said.problems == ()
    assert (said.promise.due_on, said.promise.title) == (dt.date(*day), "send offer")


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("next week", (2026, 11, 23)),
        ("Next Wed", (2026, 11, 25)),
        ("next month", (2026, 12, 1)),
        ("in 2 weeks", (2026, 12, 4)),
        ("in a week", (2026, 11, 27)),
        ("in 3 days", (2026, 11, 23)),
        ("3 days", (2026, 11, 23)),
        ("day after tomorrow", (2026, 11, 22)),
    ],
)
def test_days_of_several_words(words, day):
    said = read(f"call paper +{words} send offer")
    assert (said.promise.due_on, said.promise.title) == (dt.date(*day), "send offer")
    assert (said.note, said.problems) == ("paper", ())


@pytest.mark.parametrize(
    ("words", "day", "time"),
    [
        ("yesterday", (2026, 11, 19), None),
        ("yesterday 15:30", (2026, 11, 19), (15, 30)),
        ("yesterday at 9", (2026, 11, 19), (9, 0)),
        ("3.11.", (2026, 11, 3), None),
        ("3.11. 8:15", (2026, 11, 3), (8, 15)),
        ("3.11.2025", (2025, 11, 3), None),
        ("2026-11-03", (2026, 11, 3), None),
        ("29.2.", (2028, 2, 29), None),
        ("last fri", (2026, 11, 13), None),
        ("last thursday 3pm", (2026, 11, 19), (15, 0)),
        ("3 days ago", (2026, 11, 17), None),
        ("2w ago", (2026, 11, 6), None),
        ("a week ago", (2026, 11, 13), None),
        ("15:30", (2026, 11, 20), (15, 30)),
        ("at 4:30", (2026, 11, 20), (4, 30)),
        ("@4:30", (2026, 11, 20), (4, 30)),
        ("@3.11", (2026, 11, 3), None),
    ],
)
def test_when_it_was(words, day, time):
    said = read(f"call {words} Anna paper")
    if words == "29.2.":
        assert "lies ahead" in said.problems[0]
        return
    assert said.problems == ()
    assert said.when.day == dt.date(*day)
    assert said.when.time == (dt.time(*time) if time else None)
    assert (said.person, said.note) == (ANNA, "paper")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("call 31.2. Anna", "“31.2.” is no day of the calendar"),
        ("call 2026-13-01 Anna", "is no day of the calendar"),
        ("call 3.12. Anna", "“3.12.” lies ahead: 03 Dec 2026"),
        ("call tomorrow Anna", "for later, write +tomorrow"),
        ("call Anna @1.1.2030", "lies ahead"),
    ],
)
def test_a_contact_cannot_have_been_on_such_a_day(line, words):
    said = read(line)
    assert words in said.problems[0]
    assert said.when is None


@pytest.mark.parametrize(
    "note",
    ["tomorrow they close", "mail to info@firm.de", "3.11 is a price", "@firm"],
)
def test_what_names_no_moment_stays_in_the_note(note):
    said = read(f"note {note}")
    assert (said.note, said.when, said.problems) == (note, None, ())


def test_every_part_knows_its_words():
    line = "call 12m Anna pricing and so ok p4i5 +next week send offer"
    said, words = read(line), line.split()
    parts = {n: " ".join(words[p.start : p.stop]) for n, p in said.places.items()}
    assert parts == {
        "channel": "call",
        "minutes": "12m",
        "person": "Anna",
        "note": "pricing and so",
        "outcome": "ok",
        "people": "p4i5",
        "information": "p4i5",
        "promise": "+next week",
    }


@pytest.mark.parametrize(
    "word",
    [
        "frd", "31.2.", "32.1.", "0.0.", "2026-02-30", "2026-01-01", "1.1.2026",
        "99999d", "99999w", "99999m", "9999-12-31", "0000-00-00", "VAT", "<b>", "+",
        "2000d", "m", "fr",
    ],
)  # fmt: skip
def test_what_is_no_day_is_a_problem_and_stays(word):
    said = read(f"call paper +{word} send")
    assert said.promise is None
    assert f"+{word}".rstrip(",;:!?") in said.problems[0]
    assert said.note == f"paper +{word} send"


@pytest.mark.parametrize(
    "note", ["+49 431 12", "a + b", "C++ course", "+ fri", "+(0)4"]
)
def test_a_plus_that_is_no_promise(note):
    said = read(f"call {note}")
    assert (said.note, said.problems, said.promise) == (note, (), None)


def test_ratings_and_tags_at_either_end():
    said = read("visit paper p4 i5 d3 #after #r +3d ring #x")
    assert said.ratings == {"people": 4, "information": 5, "deliverables": 3}
    assert (said.phase, said.care, said.note) == ("after", "R", "paper")
    assert said.promise.title == "ring #x"
    late = read("visit paper +3d ring p4 #C ok")
    assert (late.ratings, late.care, late.outcome) == ({"people": 4}, "C", "ok")
    assert late.promise.title == "ring"


@pytest.mark.parametrize("words", ["p6", "p0", "x4", "#", "#now", "p4 p5"])
def test_what_is_no_rating_or_tag_stays(words):
    said = read(f"call paper {words}")
    assert said.note == f"paper {words}".removesuffix(" p5")
