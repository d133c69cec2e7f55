"""The classes of the day before are inputs: stored, and the same whenever looked at."""

import datetime as dt

import pytest

from clv.models import Valuation
from clv.services import runs
from config import night
from segments.choices import WorthClass
from segments.models import Membership
from tests.clv.night import firm

YESTERDAY = firm.TODAY - dt.timedelta(days=1)


def codes(run):
    rows = Valuation.objects.of_run(run)
    return dict(rows.values_list("account_id", "group_code"))


@pytest.fixture
def two_nights(run_night):
    firm.build(80)
    return run_night(YESTERDAY), run_night(firm.TODAY)


def test_costs_are_compared_within_the_class_of_the_day_before(two_nights):
    first, second = two_nights
    assert set(codes(first).values()) == {-1}
    stood = Membership.objects.on(YESTERDAY).values_list("account", "worth_class")
    numbers = {account: WorthClass.values.index(key) for account, key in stood}
    assert codes(second) == numbers
    assert len(set(numbers.values())) > 1
    costs = second.parameters["costs"]
    assert costs["classes"] == max(numbers.values()) + 1
    means = costs["rates"]["service"]["group_means"]
    assert len(means) == (len(costs["size_bounds"]) + 1) * (costs["classes"] + 1)


def test_the_same_day_again_has_the_same_groups(two_nights, run_night):
    """Tonight's classes are no inputs of tonight."""
    _, second = two_nights
    again = run_night(firm.TODAY)
    assert codes(again) == codes(second)
    assert again.digest == second.digest


def test_a_rerun_takes_the_groups_it_has_stored(two_nights):
    first, second = two_nights
    Membership.objects.all().delete()
    for run in (first, second):
        rerun = runs.rerun_from_stored(actor=None, run_id=run.pk)
        night.execute(rerun.pk)
        rerun.refresh_from_db()
        assert (rerun.failure, rerun.digest) == ("", run.digest)


def test_a_run_from_before_there_were_kinds_says_why_it_cannot_be_repeated(two_nights):
    _, old = two_nights
    old.parameters.pop("costs")
    old.save(update_fields=["parameters"])

    rerun = runs.rerun_from_stored(actor=None, run_id=old.pk)
    night.execute(rerun.pk)

    rerun.refresh_from_db()
    assert rerun.failure == (
        f"Run {old.pk} has not stored costs by kind, so it cannot be worked out again."
    )
