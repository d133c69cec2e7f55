"""GET never writes, and every page without arguments opens."""

import pytest
from django.db import connection

from tests import make
from tests.architecture.routes import OURS

PLAIN = sorted({route.path for route in OURS if route.is_plain})


@pytest.mark.parametrize("path", PLAIN)
def test_no_get_changes_a_row(client, administrator, read_only, path):
    make.order(account=make.account(owner=administrator))
    client.force_login(administrator)
    with read_only():
        assert client.get(f"/{path}").status_code < 500


@pytest.mark.parametrize("path", PLAIN)
def test_no_get_changes_a_row_before_the_first_night_and_user(
    client, db, read_only, path
):
    with read_only():
        assert client.get(f"/{path}").status_code < 500


def test_the_guard_refuses_a_write(administrator, read_only):
    with read_only(), connection.cursor() as cursor, pytest.raises(AssertionError):
        cursor.execute("UPDATE crm_user SET name = name")
