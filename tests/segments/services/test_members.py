import datetime as dt

import pytest

from segments.choices import WorthClass
from segments.queries.members import classes_on
from tests import make

pytestmark = pytest.mark.django_db
FROM, THEN = dt.date(2026, 1, 1), dt.date(2026, 6, 1)


def test_each_account_stands_where_it_stood_that_day():
    moved, stayed = make.account(), make.account()
    make.membership(account=moved, since=FROM, until=THEN, worth_class="general")
    make.membership(account=moved, since=THEN, worth_class="current_key")
    make.membership(account=stayed, since=FROM, worth_class="never_profitable")

    before = classes_on(THEN - dt.timedelta(days=1))
    after = classes_on(THEN)

    assert before.keys == tuple(WorthClass.values)
    assert before.names[0] == "Current key"
    assert before.of([moved.pk, stayed.pk]).tolist() == [2, 3]
    assert after.of([moved.pk, stayed.pk]).tolist() == [0, 3]


def test_before_the_first_night_nobody_has_a_class():
    make.membership(account=make.account(), since=FROM)

    assert len(classes_on(FROM - dt.timedelta(days=1))) == 0
