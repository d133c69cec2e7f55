"""What tests of plans need: the four ready plans, and members of classes."""

import datetime as dt

import pytest

from campaigns.models import PlanVersion
from campaigns.services import plans
from tests import make

LONG_AGO = dt.date(2020, 1, 1)


@pytest.fixture
def ready(db):
    """The four ready plans, valid for long."""
    plans.ensure_plans()
    PlanVersion.objects.update(valid_from=LONG_AGO)


@pytest.fixture
def member(db):
    """Make a member of a class, with as many contacts as it takes."""

    def member(worth_class="general", *, since=LONG_AGO, **fields):
        account = make.account(**fields)
        make.membership(account=account, worth_class=worth_class, since=since)
        return account

    return member
