"""Runs commit, so tests need real transactions; the day is that of the firm."""

import datetime as dt

import pytest

from clv.views import accuracy
from tests.clv.night import firm


@pytest.fixture
def committed(transactional_db):
    """A database that commits, with what the migrations have filled in."""


@pytest.fixture(autouse=True)
def day_after(monkeypatch):
    """Look at the page on the day after the firm's last day."""
    today = firm.TODAY + dt.timedelta(days=1)
    monkeypatch.setattr(accuracy, "business_today", lambda: today)
