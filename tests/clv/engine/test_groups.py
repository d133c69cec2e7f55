import numpy as np
import pytest

from clv.engine.errors import BadHistoryError
from clv.engine.groups import Groups

NAMES = {"a": "First", "b": "Second"}


def test_groups_are_found_in_any_order():
    groups = Groups.check(NAMES, [9, 2, 5], [1, 0, 1])

    assert groups.accounts.tolist() == [2, 5, 9]
    assert groups.of([5, 4, 9, 100, 2]).tolist() == [1, -1, 1, -1, 0]
    assert (groups.keys, groups.names) == (("a", "b"), ("First", "Second"))


def test_without_accounts_nobody_stands_anywhere():
    groups = Groups.check(NAMES, [], [])

    assert len(groups) == 0
    assert groups.of(np.array([1, 2])).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("account", "number", "piece"),
    [
        ([1, 1], [0, 1], "two groups"),
        ([1], [2], "no group"),
        ([1], [-1], "no group"),
        ([1, 2], [0], "length"),
    ],
)
def test_nonsense_is_refused(account, number, piece):
    with pytest.raises(BadHistoryError, match=piece):
        Groups.check(NAMES, account, number)
