"""Very many keys go to the database as one array."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.among import Among
from crm.models import Account
from tests import make

pytestmark = pytest.mark.django_db


def _found(keys):
    return set(Account.objects.filter(Among("pk", keys)).values_list("pk", flat=True))


def test_only_rows_with_one_of_the_keys_are_kept():
    first, second, _ = (make.account().pk for _ in range(3))
    assert _found([second, first, second, 0]) == {first, second}
    assert _found(key for key in (first,)) == {first}
    assert _found([]) == set()


def test_it_joins_with_other_conditions_and_may_be_turned_round():
    first, second = make.account(name="Adler"), make.account(name="Birke")
    rows = Account.objects.filter(Among("pk", [first.pk, second.pk]), name="Birke")
    assert list(rows) == [second]
    assert list(Account.objects.exclude(Among("pk", [first.pk]))) == [second]


def test_rows_are_written_and_removed_by_it():
    first, second = make.account(), make.account()
    assert Account.objects.filter(Among("pk", [first.pk])).update(city="Kiel") == 1
    assert Account.objects.filter(Among("pk", [second.pk])).delete()[0] >= 1
    assert list(Account.objects.values_list("pk", "city")) == [(first.pk, "Kiel")]


def test_all_keys_are_one_parameter():
    with CaptureQueriesContext(connection) as asked:
        _found(range(1_000))
    assert "IN (" not in asked[0]["sql"]
    assert asked[0]["sql"].count("ANY(") == 1
