"""What tests of plans need: the four ready plans, and members of classes."""

import datetime as dt
from decimal import Decimal

import pytest

from campaigns.models import PlannedTouch, PlanVersion
from campaigns.services import plans
from common.clock import business_today
from tests import make

LONG_AGO = dt.date(2020, 1, 1)


@pytest.fixture
def ready(db):
    """The four ready plans, valid for long."""
    plans.ensure_plans()
    PlanVersion.objects.update(valid_from=LONG_AGO)


@pytest.fixture
def key_plan(ready):
    """The ready plan of key customers."""
    return PlanVersion.objects.published().get(plan__worth_class="current_key").plan


@pytest.fixture
def member(db):
    """Make a member of a class, with as many contacts as it takes."""

    def member(worth_class="general", *, since=LONG_AGO, **fields):
        account = make.account(**fields)
        make.membership(account=account, worth_class=worth_class, since=since)
        return account

    return member


@pytest.fixture
def audience(ready, member, rep):
    """Rich accounts, poor ones, one that had enough already, and one not valued."""
    run = make.run()
    made = {}
    for name, year, spent in (
        ("Rich", "40000.00", "0.00"),
        ("Fair", "4000.00", "100.00"),
        ("Poor", "20.00", "0.00"),
        ("Losing", "-900.00", "0.00"),
        ("Enough", "4000.00", "500.00"),
    ):
        account = member("general", owner=rep, name=name)
        low = min(Decimal(year), 0) * 5
        make.valuation(
            run=run,
            account=account,
            expected_margin_year=year,
            expected_margin=year,
            future_low=low,
        )
        if Decimal(spent):
            make.cost(
                account=account, amount=spent, kind="marketing", on=business_today()
            )
        made[name] = account
    made["Unknown"] = member("general", owner=rep, name="Unknown")
    return made


@pytest.fixture
def magazine(audience):
    """A magazine of 4.80 that is due for everybody."""
    touches = PlanVersion.objects.published().get(plan__worth_class="general").touches
    template = touches.first()
    template.channel, template.unit_cost, template.minutes = "post", Decimal("4.80"), 0
    template.owner_role, template.title = "marketer", "Magazine"
    template.save()
    for account in audience.values():
        PlannedTouch.objects.create(
            account=account,
            template=template,
            lineage=template.lineage,
            period="1",
            due_on=business_today() - dt.timedelta(days=1),
            owner_role="marketer",
        )
    return template
