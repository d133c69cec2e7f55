"""GET never writes, neither before the first user nor before the first night."""

import pytest

from tests.architecture.routes import PLAIN


@pytest.mark.parametrize("path", PLAIN)
def test_no_get_changes_a_row_before_the_first_night_and_user(
    client, db, read_only, path
):
    with read_only():
        assert client.get(f"/{path}").status_code < 500
