"""Runs commit and use threads of their own, so these tests need real transactions."""

import pytest


@pytest.fixture
def committed(transactional_db):
    """A database that commits, with what the migrations have filled in."""
