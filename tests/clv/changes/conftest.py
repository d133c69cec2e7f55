"""A firm of sixty customers with two runs of which every figure is worked out."""

import pytest

from tests.clv.changes.firm import EARLIER, TODAY, valued
from tests.clv.night import firm


@pytest.fixture(autouse=True)
def quick(few_draws):
    """Every run here draws few futures."""


@pytest.fixture
def accounts(db):
    return firm.build(25)


@pytest.fixture
def runs(accounts):
    """The run of a day and, with models of its own, that of the next."""
    return valued(EARLIER, current=False), valued(TODAY)
