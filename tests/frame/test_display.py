"""How shares are written."""

import pytest

from common.templatetags.display import MINUS, THIN_SPACE, UNKNOWN, share


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
