"""What time it is in a country, as far as its code tells."""

import datetime as dt

import pytest

from common.zones import time_there

WINTER = dt.datetime(2026, 1, 15, 14, 30, 59, tzinfo=dt.UTC)  # 15:30 at the firm


@pytest.mark.parametrize(
    ("country", "time"),
    [
        ("JP", dt.time(23, 30)),
        ("GB", dt.time(14, 30)),
        ("gb", dt.time(14, 30)),
        ("IN", dt.time(20, 0)),
        ("DE", None),  # our own; it has two zones with the same clocks
        ("DK", None),
        ("US", None),  # several clocks
        ("XX", None),
        ("", None),
    ],
)
def test_the_clocks_of_a_country(country, time):
    assert time_there(country, WINTER) == time


def test_days_on_which_one_has_summer_time_and_the_other_has_not():
    """Namibia has none: its clocks are ahead of the firm's in winter alone."""
    summer = dt.datetime(2026, 7, 15, 14, 30, tzinfo=dt.UTC)
    assert time_there("KE", WINTER) == dt.time(17, 30)
    assert time_there("KE", summer) == dt.time(17, 30)
    assert time_there("NA", WINTER) == dt.time(16, 30)
    assert time_there("NA", summer) is None  # then the clocks are the firm's
