"""GET never writes, and every page without arguments opens."""

import pytest
from django.db import connection

from tests import make
from tests.architecture.callers import Caller
from tests.architecture.routes import PLAIN


@pytest.fixture(scope="module")
def signed_in(shared_rows):
    """An administrator with a customer: one for all pages, which only read."""
    with shared_rows():
        user = make.user("administrator")
        make.order(account=make.account(owner=user))
        return Caller(user)


@pytest.mark.parametrize("path", PLAIN)
def test_no_get_changes_a_row(db, signed_in, read_only, path):
    with read_only():
        assert signed_in.ask("GET", f"/{path}").status_code < 500


def test_the_guard_refuses_a_write(administrator, read_only):
    with read_only(), connection.cursor() as cursor, pytest.raises(AssertionError):
        cursor.execute("UPDATE crm_user SET name = name")
