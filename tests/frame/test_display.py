"""How shares and counts are written."""

import pytest

from common.templatetags.display import MINUS, THIN_SPACE, UNKNOWN, counted, share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, UNKNOWN),
        (0.214, f"21{THIN_SPACE}%"),
        (-0.31, f"{MINUS}31{THIN_SPACE}%"),
        (-0.001, f"0{THIN_SPACE}%"),
        (12.5, f"1{THIN_SPACE}250{THIN_SPACE}%"),
    ],
)
def test_a_share_has_a_true_minus_and_no_minus_before_nothing(value, text):
    assert share(value) == text


@pytest.mark.parametrize(
    ("value", "noun", "text"),
    [
        (0, "account", "0 accounts"),
        (1, "account", "1 account"),
        (1204, "account", f"1{THIN_SPACE}204 accounts"),
        (1, "touch,touches", "1 touch"),
        (3, "touch,touches", "3 touches"),
        (None, "day", f"{UNKNOWN} days"),
    ],
)
def test_one_of_something_is_said_in_the_singular(value, noun, text):
    assert counted(value, noun) == text
