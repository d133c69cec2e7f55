"""Fixtures that every test may use."""

import re
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.choices import Role
from tests import make


@pytest.fixture
def rep(db):
    return make.user(Role.REP, name="Rita Rep")


@pytest.fixture
def colleague(db):
    return make.user(Role.REP, name="Carl Colleague")


@pytest.fixture
def manager(db):
    return make.user(Role.MANAGER, name="Mia Manager")


@pytest.fixture
def marketer(db):
    return make.user(Role.MARKETER, name="Max Marketer")


@pytest.fixture
def administrator(db):
    return make.user(Role.ADMINISTRATOR, name="Ada Administrator")


@pytest.fixture
def assert_flat_queries():
    """Assert that `act` asks no more questions after `grow` added rows."""

    def check(act, grow):
        act()  # warms what is cached per process
        before = _count(act)
        grow()
        assert _count(act) == before

    return check


def _count(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


WRITES = re.compile(
    r"^\s*(INSERT|UPDATE|DELETE|TRUNCATE|COPY .* FROM)\b", re.IGNORECASE
)
# Sessions and sign-in throttles are the framework's own book-keeping.
BOOK_KEEPING = ("django_session", "usersessions_usersession", "shared_cache")


@pytest.fixture
def read_only():
    """Refuse every statement that would change a row of ours."""

    def refuse(execute, sql, params, many, context):
        if WRITES.match(str(sql)) and not any(
            name in str(sql) for name in BOOK_KEEPING
        ):
            raise AssertionError(f"a GET wrote: {sql}")
        return execute(sql, params, many, context)

    @contextmanager
    def guard():
        with connection.execute_wrapper(refuse):
            yield

    return guard
