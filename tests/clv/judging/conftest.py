"""Logs simulated once for all tests of judging."""

import numpy as np
import pytest

from clv.engine.judging.backtest import run_backtest
from clv.engine.judging.purchases import PurchaseLog
from tests.clv.judging.logs import AS_OF, simulated_log


@pytest.fixture(scope="session")
def log():
    return simulated_log(np.random.default_rng(3), 1500)


@pytest.fixture(scope="session")
def looked(log):
    """The back-test of the log, and what it worked with."""
    seen = []
    return run_backtest(log, AS_OF, look=seen.append), seen


@pytest.fixture(scope="session")
def judged(looked):
    return looked[0]


@pytest.fixture(scope="session")
def seen(looked):
    return looked[1][0]


@pytest.fixture
def tiny():
    """Account 7 buys on days 100 (twice), 110 and 130; account 9 on day 105."""
    return PurchaseLog.check(
        [9, 7, 7, 7, 7], [105, 110, 100, 100, 130], [5.0, 2.0, 1.0, 3.0, -4.0]
    )
