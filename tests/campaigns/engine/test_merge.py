"""Merge fields: replaced once, strict about names, exact about places."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.merge import FIELDS, BadFieldError, fields_of, gaps, merge
from campaigns.engine.quiet import next_allowed, zone_of_country

BERLIN = ZoneInfo("Europe/Berlin")


def test_fields_become_values_and_the_words_after_the_bar():
    text = "Dear {{ first_name|friend }},\n{{account}} needs {{ needs | shelves }}."

    assert merge(text, {"account": "Łódź & Co", "needs": " "}) == (
        "Dear friend,\nŁódź & Co needs shelves."
    )
    assert fields_of(text) == ("first_name", "account", "needs")


def test_a_value_is_never_read_as_a_field():
    assert merge("{{ account }}", {"account": "{{ owner }}"}) == "{{ owner }}"


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("Dear {{ frist_name }}", 1, 6, "no field “frist_name”"),
        ("Hello\n  {{ city", 2, 3, "belong to no field"),
        ("}} {{ city }}", 1, 1, "belong to no field"),
        ("{{ }}", 1, 1, "needs a name"),
        ("{{ {{ city }} }}", 1, 1, "belong to no field"),
    ],
)
def test_what_cannot_be_merged_is_told_with_its_place(text, line, column, said):
    with pytest.raises(BadFieldError, match=said) as told:
        merge(text, {})

    assert (told.value.line, told.value.column) == (line, column)


def test_gaps_are_fields_that_would_be_empty():
    text = "{{ needs }} {{ city|here }} {{ account }} {{ needs }}"

    assert gaps(text, {"account": "A"}) == ("needs",)


@given(st.text(), st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text()))
def test_any_text_merges_or_is_refused(text, values):
    try:
        merged = merge(text, values)
    except BadFieldError:
        assert "{{" in text or "}}" in text
    else:
        assert merged == text or fields_of(text)


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-06-01T12:00", "2026-06-01T12:00"),
        ("2026-06-01T19:00", "2026-06-02T08:00"),
        ("2026-06-01T07:59", "2026-06-01T08:00"),
        ("2026-03-28T23:30", "2026-03-29T08:00"),  # the clock goes forward that night
        ("2026-10-24T23:30", "2026-10-25T08:00"),  # and back
    ],
)
def test_quiet_hours_run_over_midnight(at, then):
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=BERLIN)

    allowed = next_allowed(
        moment, zone=BERLIN, quiet_from=dt.time(19), quiet_until=dt.time(8)
    )

    assert allowed.astimezone(BERLIN).isoformat()[:16] == then


def test_the_same_hour_means_no_quiet_hours():
    moment = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)
    at_eight = dt.time(8)

    assert (
        next_allowed(moment, zone=BERLIN, quiet_from=at_eight, quiet_until=at_eight)
        == moment
    )


def test_a_country_has_its_own_clock():
    zones = [zone_of_country(code, firm=BERLIN).key for code in ("JP", "DE", "", "XX")]

    assert zones == ["Asia/Tokyo", *["Europe/Berlin"] * 3]
