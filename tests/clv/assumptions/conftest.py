"""A firm whose values were really worked out by the chain of the night."""

import datetime as dt

import pytest

from clv.models import Assumptions
from clv.services import runs
from config import night
from tests.clv.night import firm


@pytest.fixture(autouse=True)
def quick(few_draws):
    """Every run here draws few futures."""


def execute(run):
    """Work through a run inside the test's transaction; return it as it ended."""
    assert night.execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    return run


@pytest.fixture
def valued(db):
    """Thirty customers, three prospects, and the run that valued and classed them."""
    firm.build(30, prospects=3)
    return execute(runs.request_run(actor=None, as_of=firm.TODAY))


@pytest.fixture
def current(valued):
    return Assumptions.objects.current()


def numbers(**changes):
    """Return the current numbers with some of them changed."""
    return {**Assumptions.objects.current().numbers, **changes}


YESTERDAY = firm.TODAY - dt.timedelta(days=1)
