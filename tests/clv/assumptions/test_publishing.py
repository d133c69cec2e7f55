"""Publishing: who is second is refused, and what it changes stands in its own bar."""

import threading
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.db.models import Sum

from clv.choices import RunStatus
from clv.engine.change import PARTS
from clv.errors import (
    AssumptionsOutdatedError,
    AssumptionsRefusedError,
    NothingToPublishError,
)
from clv.models import Assumptions, ChangeRollup, Valuation, ValuationRun
from clv.services import assumptions, changes, runs
from common.errors import StaleRecordError
from crm.choices import Role
from crm.models import AuditEvent
from tests import make
from tests.clv.assumptions.conftest import YESTERDAY, execute, numbers
from tests.clv.night import firm


def publish(actor, **changed):
    return assumptions.publish(
        actor=actor,
        numbers=changed,
        based_on=Assumptions.objects.current().pk,
        reason="For the test",
    )


def clv_of(run):
    return Valuation.objects.of_run(run).aggregate(s=Sum("clv"))["s"]


def bars(change):
    return {bar.key: bar.amount for bar in change.bars}


def test_the_whole_change_lands_in_assumptions_to_the_cent(manager, valued):
    before = valued
    for changed in (
        {"annual_rate": Decimal("0.1500")},
        {"horizon_months": 1, "annual_rate": Decimal(0)},
        {"horizon_months": 120},
        {"margin_rate_if_cost_unknown": Decimal("0.1000")},
        {"cost_drivers": {"service": "order", "delivery": "year"}},
        {"prior_orders_per_year": Decimal("50.00"), "prior_strength": 16},
    ):
        publish(manager, **changed)
        after = execute(runs.request_run(actor=None, as_of=firm.TODAY))
        before.refresh_from_db()
        assert before.status == RunStatus.SUPERSEDED
        change = changes.change_of_firm(run=after, before=before)
        moved = {key: amount for key, amount in bars(change).items() if amount}
        assert moved == {"assumptions": clv_of(after) - clv_of(before)}
        # Not only in sum: nobody has a cent in another bar.
        parts = changes.split_runs(run=after, before=before).changes.parts
        assert not np.delete(parts, PARTS.index("assumptions"), axis=1).any()
        before = after


def test_overnight_time_and_assumptions_are_told_apart(manager, db):
    """The same night with and without the change differ by the bar of assumptions."""
    firm.build(30, prospects=3)
    before = execute(runs.request_run(actor=None, as_of=YESTERDAY))
    plain = execute(runs.request_run(actor=None, as_of=firm.TODAY))
    quiet = ChangeRollup.objects.get(run=plain, before=before, worth_class="")
    assert quiet.assumptions == 0
    publish(manager, annual_rate=Decimal("0.1500"))
    run = execute(runs.request_run(actor=None, as_of=firm.TODAY))
    kept = ChangeRollup.objects.get(run=run, before=before, worth_class="")
    assert kept.assumptions < 0
    # The order of causes is averaged, so a small joint effect goes to time.
    assert kept.assumptions == pytest.approx(
        clv_of(run) - clv_of(plain), rel=Decimal("0.02")
    )
    assert kept.clv_after - kept.clv_before == clv_of(run) - clv_of(before)


def test_a_rerun_of_an_old_run_is_unchanged(manager, valued):
    publish(
        manager,
        annual_rate=Decimal("0.1500"),
        prior_orders_per_year=Decimal(50),
        prior_strength=16,
        cost_drivers={"delivery": "year"},
    )
    again = execute(runs.rerun_from_stored(actor=None, run_id=valued.pk))
    assert again.status == RunStatus.CHECKED
    assert again.digest == valued.digest


def test_what_is_said_of_customers_moves_a_small_firm_and_is_kept(manager, valued):
    assert valued.parameters["step"] == "pooled"
    publish(manager, prior_orders_per_year=Decimal("50.00"), prior_strength=16)
    after = execute(runs.request_run(actor=None, as_of=firm.TODAY))
    assert after.parameters["prior"] == {
        "orders_per_year": 50.0,
        "share_leaving": None,
        "margin_per_order": None,
        "strength": 16.0,
    }
    assert clv_of(after) > clv_of(valued)


def test_other_drivers_move_cost_and_only_cost(manager, valued):
    publish(manager, cost_drivers={"service": "order", "delivery": "year"})
    after = execute(runs.request_run(actor=None, as_of=firm.TODAY))
    sums = [
        Valuation.objects.of_run(run).aggregate(
            m=Sum("expected_margin"), r=Sum("realised_profit"), c=Sum("expected_cost")
        )
        for run in (valued, after)
    ]
    assert sums[0]["m"] == sums[1]["m"]
    assert sums[0]["r"] == sums[1]["r"]
    assert sums[0]["c"] != sums[1]["c"]


def test_the_second_of_two_is_refused_and_nothing_changes(manager, administrator):
    publish(manager, horizon_months=24)
    events = AuditEvent.objects.count()
    with pytest.raises(AssumptionsOutdatedError, match="Mia Manager published"):
        assumptions.publish(
            actor=administrator,
            numbers=numbers(annual_rate=Decimal("0.2000")),
            based_on=1,
            reason="Late",
            run_now=True,
        )
    assert Assumptions.objects.count() == 2
    assert AuditEvent.objects.count() == events
    assert not ValuationRun.objects.exists()


@pytest.mark.parametrize(
    ("changed", "reason", "error"),
    [
        ({}, "Same", NothingToPublishError),
        ({"annual_rate": Decimal("0.1")}, "Same", NothingToPublishError),
        ({"horizon_months": 12}, "  ", AssumptionsRefusedError),
        ({"horizon_months": 0}, "Why", AssumptionsRefusedError),
        ({"horizon_months": None}, "Why", AssumptionsRefusedError),
        ({"prior_orders_per_year": Decimal(-1)}, "Why", AssumptionsRefusedError),
        ({"cost_drivers": {"moon": "year"}}, "Why", AssumptionsRefusedError),
    ],
)
def test_refusals_publish_nothing(manager, changed, reason, error):
    with pytest.raises(error):
        assumptions.publish(actor=manager, numbers=changed, based_on=1, reason=reason)
    assert Assumptions.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_a_draft_that_is_gone_is_not_published(manager):
    with pytest.raises(StaleRecordError):
        assumptions.publish_draft(
            actor=manager, reason="Why", run_now=False, expected_version=1
        )


def test_runs_that_wait_take_what_counts_now(manager, valued):
    waiting = runs.request_run(actor=None, as_of=firm.TODAY)
    made = publish(manager, horizon_months=24)
    waiting.refresh_from_db()
    assert waiting.assumptions == made
    valued.refresh_from_db()
    assert valued.assumptions_id == 1


def test_of_two_at_once_one_wins(transactional_db):
    people = [make.user(Role.MANAGER, name=name) for name in ("Ada", "Bea")]
    start, ended = threading.Barrier(2), []

    def act(actor, months):
        try:
            start.wait()
            assumptions.publish(
                actor=actor,
                numbers={"horizon_months": months},
                based_on=1,
                reason="At once",
            )
            ended.append("published")
        except AssumptionsOutdatedError:
            ended.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=act, args=(actor, months))
        for actor, months in zip(people, (12, 24), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["published", "refused"]
    assert Assumptions.objects.count() == 2
    assert AuditEvent.objects.filter(action="assumptions.published").count() == 1
