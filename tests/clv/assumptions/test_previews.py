"""The effect of other numbers, worked out by the worker's chain and thrown away."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from campaigns.engine.justified import justified_spend
from clv.choices import RunStatus
from clv.errors import NothingToValueError
from clv.models import (
    Assumptions,
    AssumptionsPreview,
    ChangeRollup,
    Judgement,
    RunStep,
    Valuation,
    ValuationRun,
)
from clv.services import assumptions, leases, partitions, previews, runs
from config import night
from segments.models import ClassTotal, Membership
from segments.services import policy
from tests import make
from tests.clv.assumptions.conftest import execute, numbers
from tests.clv.night import firm


def preview_of(manager, **changes):
    """Have the effect of changed numbers worked out."""
    current = Assumptions.objects.current()
    preview = assumptions.request_preview(
        actor=manager, numbers=numbers(**changes), based_on=current.pk
    )
    execute(preview.run)
    preview.refresh_from_db()
    return preview


def stored():
    """Everything that previews must leave alone."""
    return (
        list(Membership.objects.order_by("pk").values()),
        list(ClassTotal.objects.order_by("pk").values()),
        list(ValuationRun.objects.for_everybody().order_by("pk").values()),
        list(ChangeRollup.objects.order_by("pk").values()),
        list(Judgement.objects.values_list("pk")),
        Valuation.objects.aggregate(Sum("clv")),
    )


def left_over():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relname ~ '^clv_(input|valuation)_r' AND NOT EXISTS"
            " (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid)"
        )
        return cursor.fetchall()


def amount(pair, side):
    return Decimal(pair[side])


def test_a_preview_is_what_the_next_run_will_say(manager, valued):
    preview = preview_of(
        manager,
        annual_rate=Decimal("0.2500"),
        horizon_months=18,
        margin_rate_if_cost_unknown=Decimal("0.1000"),
        prior_orders_per_year=Decimal("12.00"),
    )
    said = preview.result
    assumptions.publish(
        actor=manager, numbers=preview.numbers, based_on=1, reason="For the test"
    )

    after = execute(runs.request_run(actor=None, as_of=firm.TODAY))

    sums = Valuation.objects.of_run(after).aggregate(
        clv=Sum("clv"),
        future_value=Sum("future_value"),
        realised_profit=Sum("realised_profit"),
    )
    for name, total in sums.items():
        assert amount(said["totals"][name], 1) == total
    assert said["totals"]["equity"] == [
        valued.metrics["equity"],
        after.metrics["equity"],
    ]
    for total, row in zip(
        ClassTotal.objects.filter(run=after).order_by("worth_class"),
        sorted(said["classes"], key=lambda row: row["key"]),
        strict=True,
    ):
        assert (total.accounts, total.clv) == (
            row["accounts"][1],
            amount(row["clv"], 1),
        )
    moved = ClassTotal.objects.filter(run=after)
    assert sum(t.accounts for t in moved) == 33
    assert sum(one["accounts"] for one in said["moves"]) > 0


def test_sums_of_classes_are_the_totals_to_the_cent(manager, valued):
    said = preview_of(manager, annual_rate=Decimal("0.2000")).result
    for side in (0, 1):
        for name in ("clv", "future_value", "realised_profit", "equity"):
            parts = sum(amount(row[name], side) for row in said["classes"])
            assert parts == amount(said["totals"][name], side)
        assert sum(row["accounts"][side] for row in said["classes"]) == 33
    before = Valuation.objects.of_run(valued).aggregate(Sum("clv"))["clv__sum"]
    assert amount(said["totals"]["clv"], 0) == before
    largest = [amount(r["clv"], 1) - amount(r["clv"], 0) for r in said["moved_most"]]
    assert len(largest) == 20
    assert [abs(one) for one in largest] == sorted(map(abs, largest), reverse=True)


def test_nothing_but_the_preview_itself_is_left(manager, valued):
    before = stored()
    preview = preview_of(manager, horizon_months=12)
    assert stored() == before
    assert left_over() == []
    assert preview.run.status == RunStatus.PREVIEWED
    assert not Valuation.objects.filter(run_id=preview.run_id).exists()
    assert ValuationRun.objects.current() == valued
    previews.throw_away(author=manager)
    assert not AssumptionsPreview.objects.exists()
    assert not RunStep.objects.filter(run_id=preview.run_id).exists()
    assert stored() == before


def test_before_is_the_same_rule_on_both_sides(manager, administrator, valued):
    """A rule that no run has used yet is no effect of the assumptions."""
    policy.publish_policy(
        actor=administrator,
        realised_threshold=Decimal("1.00"),
        expected_threshold=Decimal("1.00"),
        reason="Everybody is key",
    )
    said = preview_of(manager, retention_effect=Decimal("0.5000")).result
    assert (said["moves"], said["changed_class"], said["moved_most"]) == ([], [], [])
    assert all(row["clv"][0] == row["clv"][1] for row in said["classes"])
    assert (said["break_even"], said["break_even_dates"]) == (
        [],
        {"earlier": 0, "later": 0},
    )
    customers = Valuation.objects.of_run(valued).filter(order_days__gt=0)
    limits = [
        [justified(one, effect) for effect in ("0.15", "0.50")] for one in customers
    ]
    moved = sum(before < after for before, after in limits)
    assert moved > 0
    assert said["justified"] == {
        "more": moved,
        "less": 0,
        "total": [str(sum(side)) for side in zip(*limits, strict=True)],
    }


def justified(value, effect):
    return justified_spend(
        expected_margin_year=value.expected_margin_year,
        expected_margin=value.expected_margin,
        effect_share=Decimal(effect),
        scale_share=Decimal("0.05"),
        used=Decimal(0),
    ).limit


def test_only_what_is_learnt_from_numbers_is_learnt_anew(manager, valued):
    preview = preview_of(manager, annual_rate=Decimal("0.2000"))
    assert "kept" in preview.run.steps.get(name="fit").detail
    preview = preview_of(manager, prior_share_leaving=Decimal("0.9000"))
    assert "reason" in preview.run.steps.get(name="fit").detail
    assert preview.run.parameters["prior"]["share_leaving"] == 0.9


def test_a_margin_rate_moves_what_is_realised_and_the_payback(manager, valued):
    said = preview_of(manager, margin_rate_if_cost_unknown=Decimal(0)).result
    realised = said["totals"]["realised_profit"]
    unknown = Valuation.objects.of_run(valued).aggregate(
        sum=Sum("revenue_cost_unknown")
    )["sum"]
    # Rounded per account: thirty of them, half a cent each at most.
    lost = amount(realised, 0) - amount(realised, 1)
    assert lost == pytest.approx(unknown * Decimal("0.3"), abs=Decimal("0.15"))
    assert lost > 100


def test_the_ends_of_what_can_be_assumed_are_worked_out(manager, valued):
    for changes in (
        {"annual_rate": Decimal(0), "horizon_months": 120},
        {"annual_rate": Decimal(1), "horizon_months": 1},
        {"margin_rate_if_cost_unknown": Decimal(1)},
        {"prior_orders_per_year": Decimal(365), "prior_strength": 16},
        {"prior_share_leaving": Decimal("0.95"), "prior_strength": 16},
        {"prior_margin_per_order": Decimal("0.01"), "prior_strength": 16},
    ):
        said = preview_of(manager, **changes).result
        assert said["totals"]["accounts"] == 33
        assert said["totals"]["clv"][0] != said["totals"]["clv"][1]


def test_an_empty_firm_has_no_effect_to_show(manager):
    with pytest.raises(NothingToValueError):
        assumptions.request_preview(
            actor=manager, numbers={"horizon_months": 12}, based_on=1
        )
    assert not ValuationRun.objects.exists()


def test_one_account_is_enough(manager, db):
    account = make.account(name="The only one")
    make.order(account=account, on=firm.TODAY)
    execute(runs.request_run(actor=None, as_of=firm.TODAY))
    said = preview_of(manager, horizon_months=12).result
    assert said["totals"]["accounts"] == 1
    assert [row["name"] for row in said["moved_most"]] == ["The only one"]


def test_a_firm_of_prospects_has_no_equity(manager, db):
    firm.build(0, prospects=2)
    execute(runs.request_run(actor=None, as_of=firm.TODAY))
    said = preview_of(manager, prior_margin_per_order=Decimal("50.00")).result
    assert said["totals"]["equity"] == ["0.00", "0.00"]
    assert amount(said["totals"]["clv"], 1) > amount(said["totals"]["clv"], 0)


def test_a_later_preview_takes_the_place_of_an_earlier_one(manager, colleague, valued):
    first = preview_of(manager, horizon_months=12)
    theirs = assumptions.request_preview(
        actor=colleague, numbers={"horizon_months": 6}, based_on=1
    )
    second = preview_of(manager, horizon_months=24)
    assert set(AssumptionsPreview.objects.all()) == {second, theirs}
    assert not ValuationRun.objects.filter(pk=first.run_id).exists()


def test_a_worker_on_a_preview_that_was_thrown_away_stops(manager, valued):
    preview = assumptions.request_preview(
        actor=manager, numbers={"horizon_months": 12}, based_on=1
    )
    lease = leases.claim(preview.run_id)
    with lease.fenced(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {partitions.input_table(lease)} ()")
    previews.throw_away(author=manager)
    with pytest.raises(leases.LostLeaseError), lease.fenced():
        pass
    assert partitions.drop_orphans() == [partitions.input_table(lease)]


def test_waiting_previews_are_no_run_that_is_asked_for(manager, valued):
    preview = assumptions.request_preview(
        actor=manager, numbers={"horizon_months": 12}, based_on=1
    )
    asked = runs.request_run(actor=manager, as_of=firm.TODAY)
    assert asked.pk != preview.run_id
    assert list(ValuationRun.objects.open()) == [asked]
    assert runs.takeable() == (preview.run_id,)
    assert night.execute(preview.run_id)
