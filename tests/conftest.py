"""Fixtures that every test may use."""

import gc
import re
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.middleware import csrf
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings

from crm.choices import Role
from tests import kept_rows, make

# Property tests may take their time on a busy machine.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

COMMITTING = ("live_server", "transactional_db")


def commits(item):
    """Tell whether a test commits, so that its rows are flushed after it."""
    marker = item.get_closest_marker("django_db")
    return (
        "tests/e2e/" in item.nodeid
        or bool(marker and marker.kwargs.get("transaction"))
        or any(name in item.fixturenames for name in COMMITTING)
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests that commit before pytest-django sorts, and keep them last.

    They are the slow ones, and pytest itself would gather those that share a browser
    wherever the first one stands. Among them, the slowest come first, so that none of
    several processes waits for another's at the end.
    """
    for item in items:
        if hasattr(item, "fixturenames") and commits(item):
            item.add_marker(pytest.mark.django_db(transaction=True), append=False)
    result = yield
    items.sort(key=_place)
    return result


def _place(item):
    is_last = hasattr(item, "fixturenames") and commits(item)
    return is_last, is_last and item.get_closest_marker("slow") is None


def pytest_collection_finish():
    """Spare the collector what stays to the end: it looked through all of it often.

    What tests leave is small beside that, so it need not be looked for so often either.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def tokens_without_words():
    """Spell the tokens of forms with letters that no word has.

    They stand in every page and are drawn at random: of a hundred pages one may hold
    the two letters of an account that a test says is not there.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csrf, "CSRF_ALLOWED_CHARS", "QXqx")
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A migrated database whose first rows come back after each test that commits.

    At the end it closes what servers and browsers of the tests have left open, so that
    the database can be dropped.
    """
    with django_db_blocker.unblock():
        kept_rows.set_aside()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="module")
def shared_rows(django_db_setup, django_db_blocker):
    """Lay a transaction around the tests of a module, for rows that all of them read.

    It is for fixtures of the module, which make such rows in `with shared_rows():`.
    What a test itself changes is undone after it, as ever.
    """
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


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
