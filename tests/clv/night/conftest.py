"""Runs commit and use threads of their own, so these tests need real transactions."""

import pytest
from django.db import connection

from clv.policy import SHARD_ACCOUNTS
from tests.clv.night import firm

SPREAD = SHARD_ACCOUNTS // 16  # between ids, so that few accounts make several blocks


@pytest.fixture
def committed(transactional_db):
    """A database that commits, with what the migrations have filled in."""


@pytest.fixture
def blocks(committed):
    """A firm of 60 accounts in four blocks."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE crm_account_id_seq RESTART %s" % SPREAD)  # noqa: UP031
        cursor.execute("ALTER SEQUENCE crm_account_id_seq INCREMENT %s" % SPREAD)  # noqa: UP031
    try:
        yield firm.build(55, prospects=5)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER SEQUENCE crm_account_id_seq INCREMENT 1 RESTART 1")
