"""The whole night inside a test's transaction, with few draws for its intervals."""

import pytest

from clv.services import runs, valuing
from config import night


@pytest.fixture
def few_draws(monkeypatch):
    """Nothing here rests on intervals, which take most of a run's time."""
    monkeypatch.setattr(valuing, "INTERVAL_DRAWS", 10)


@pytest.fixture
def run_night(db, few_draws):
    """Value the firm as of a day; return the published run."""

    def run(as_of):
        asked = runs.request_run(actor=None, as_of=as_of)
        assert night.execute(asked.pk)
        asked.refresh_from_db()
        assert asked.failure == ""
        return asked

    return run
