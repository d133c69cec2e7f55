"""Futures are drawn once for a run: blocks and helpers look the same ones up."""

import dataclasses
import json

import numpy as np
import pytest
from django.db import connection

from clv.choices import RunStatus
from clv.engine.seasons import Seasons
from clv.errors import RunFailedError
from clv.models import RunShard, Valuation, ValuationRun
from clv.queries.contracts import ContractInputs
from clv.queries.inputs import staged_inputs
from clv.services import leases, pairs, partitions, runs, shards, sharing, steps
from clv.services.fitting import fit_models
from clv.services.guidance import Guidance
from clv.services.learnt import Models
from clv.services.pairs import pairs_of
from clv.services.results import Terms
from clv.services.valuing import common_of, value_inputs
from config import night
from tests.clv.night import firm
from tests.clv.night.test_guided import QUIET_SUMMER, TWO
from tests.clv.night.test_shards import help_with_all, valued
from tests.clv.night.test_valuing import TERMS, random_firm

FOUND = ("future_value", "future_low", "future_high", "future_spread")


def found(results):
    return np.stack([getattr(results, name) for name in FOUND])


# Without a database


@pytest.mark.parametrize("seasons", [Seasons, lambda: QUIET_SUMMER])
def test_a_firm_in_blocks_has_the_values_of_the_whole(seasons):
    accounts = random_firm()
    guided = dataclasses.replace(TWO, seasons=seasons())
    models = fit_models(accounts, terms=TERMS, guidance=guided)
    common = common_of(pairs_of(accounts, models, TERMS), models, TERMS)

    whole = found(value_inputs(accounts, models, TERMS, common=common))

    for size in (400, 131, 50):
        parts = [
            value_inputs(
                accounts.between(first, first + size - 1), models, TERMS, None, common
            )
            for first in range(1, 401, size)
        ]
        assert np.array_equal(np.concatenate([found(p) for p in parts], axis=1), whole)
    assert np.array_equal(found(value_inputs(accounts, models, TERMS)), whole)


def test_pairs_are_those_of_accounts_without_contract():
    accounts = random_firm()
    models = fit_models(accounts, terms=TERMS, guidance=TWO)
    agreed = np.arange(1, 300)
    names = [field.name for field in dataclasses.fields(ContractInputs)]
    contracts = ContractInputs(
        **{name: np.ones_like(agreed) for name in names} | {"account_id": agreed}
    )

    got = pairs_of(dataclasses.replace(accounts, contracts=contracts), models, TERMS)

    rest = pairs_of(accounts.between(300, 400), models, TERMS)
    assert got.frequency.tolist() == rest.frequency.tolist()
    assert got.age_days.tolist() == rest.age_days.tolist()
    assert 0 < len(rest) < len(pairs_of(accounts, models, TERMS))


def test_runs_from_before_and_firms_of_very_many_pairs_draw_block_by_block(
    monkeypatch,
):
    accounts = random_firm()
    models = fit_models(accounts, terms=TERMS, guidance=TWO)
    stored = json.loads(json.dumps(models.as_parameters()))
    known = pairs_of(accounts, models, TERMS)
    again = common_of(known, Models.from_parameters(stored), TERMS)
    assert again.futures is not None

    del stored["common_futures"]
    before = common_of(known, Models.from_parameters(stored), TERMS)
    assert before.futures is None

    monkeypatch.setattr(
        "clv.services.valuing.MOST_COMMON_PAIRS", len(known.by_week()) - 1
    )
    assert common_of(known, models, TERMS).futures is None


def test_without_common_expectations_no_digit_changes(monkeypatch):
    accounts = random_firm()
    models = fit_models(accounts, terms=TERMS, guidance=TWO)
    known = pairs_of(accounts, models, TERMS)
    common = common_of(known, models, TERMS)
    monkeypatch.setattr("clv.services.valuing.MOST_COMMON_OUTLOOKS", len(known) - 1)

    without = common_of(known, models, TERMS)

    assert (common.outlook is None, without.outlook is None) == (False, True)
    digest = value_inputs(accounts, models, TERMS, common=common).digest(accounts)
    again = value_inputs(accounts, models, TERMS, common=without).digest(accounts)
    assert again == digest


# With a database


def fit_without(*names):
    """Return a fit as it was before runs knew of something."""

    def fit(*given, **named):
        return dataclasses.replace(
            fit_models(*given, **named), **dict.fromkeys(names, False)
        )

    return fit


def stored_values(run):
    values = Valuation.objects.of_run(run).order_by("account_id")
    return [
        [round(100 * float(value)) for value in column]
        for column in zip(*values.values_list(*FOUND[:3]), strict=True)
    ]


def pair_tables():
    names = connection.introspection.table_names()
    return [name for name in names if name.startswith("clv_pair")]


def test_a_night_in_four_blocks_has_the_values_of_one(blocks):
    run = valued(help_with_all)

    stored = f"(SELECT * FROM clv_valuation WHERE run_id = {run.pk}) stored"
    inputs = staged_inputs(stored, run.as_of)
    models = steps.models_of(run)
    results = value_inputs(inputs, models, Terms.of(run.assumptions, run.as_of))
    assert RunShard.objects.filter(run=run).count() == 4
    assert run.parameters["common_futures"] is True
    assert stored_values(run) == found(results)[:3].astype(int).tolist()


def test_a_run_from_before_comes_out_the_same_when_it_is_repeated(blocks, monkeypatch):
    now = valued()
    monkeypatch.setattr(
        steps, "fit_models", fit_without("common_futures", "common_phases")
    )
    before = valued(help_with_all)
    del before.parameters["common_futures"], before.parameters["common_phases"]
    before.save()

    again = runs.rerun_from_stored(actor=None, run_id=before.pk)
    night.execute(again.pk)

    again.refresh_from_db()
    assert (again.status, again.digest) == (RunStatus.CHECKED, before.digest)
    assert before.digest != now.digest
    assert stored_values(before)[0] == stored_values(now)[0]
    before.parameters["common_futures"] = True
    before.save()
    other = runs.rerun_from_stored(actor=None, run_id=before.pk)
    night.execute(other.pk)
    other.refresh_from_db()
    assert other.status == RunStatus.FAILED
    assert "from what run" in other.failure


def test_a_run_from_before_phases_comes_out_the_same_when_it_is_repeated(
    blocks, monkeypatch
):
    weights = {"bgnbd": 0.5, "mbg_cnbd": 0.5}
    guided = Guidance(judged_on=TWO.judged_on, weights=weights, regularity=2)
    monkeypatch.setattr(steps, "guidance_for", lambda _run: guided)
    now = valued()
    monkeypatch.setattr(steps, "fit_models", fit_without("common_phases"))
    before = valued(help_with_all)
    del before.parameters["common_phases"]
    before.save()

    again = runs.rerun_from_stored(actor=None, run_id=before.pk)
    night.execute(again.pk)

    again.refresh_from_db()
    assert (again.status, again.digest) == (RunStatus.CHECKED, before.digest)
    assert before.digest != now.digest
    assert stored_values(before)[0] == stored_values(now)[0]


def test_where_pairs_and_phases_are_too_many_futures_are_drawn_at_hand(monkeypatch):
    accounts = random_firm(120)
    guided = Guidance(judged_on=TWO.judged_on, weights={"mbg_cnbd": 1.0}, regularity=3)
    models = fit_models(accounts, terms=TERMS, guidance=guided)
    known = pairs_of(accounts, models, TERMS)
    by_phase = common_of(known, models, TERMS)
    monkeypatch.setattr(
        "clv.services.valuing.MOST_COMMON_PAIRS", 3 * len(known.by_week()) - 1
    )

    at_hand = common_of(known, models, TERMS)

    assert len(by_phase.futures.phases.drawn) == 3
    assert at_hand.futures.phases is None


@pytest.mark.parametrize(
    "weights", [{"mbg_cnbd": 1.0}, {"bgnbd": 0.5, "mbg_cnbd": 0.5}]
)
def test_futures_that_recency_shapes_are_the_same_whoever_helps(
    blocks, monkeypatch, weights
):
    guided = Guidance(judged_on=TWO.judged_on, weights=weights, regularity=2)
    monkeypatch.setattr(steps, "guidance_for", lambda _run: guided)
    alone = valued()
    assert alone.parameters["weights"] == [list(one) for one in weights.items()]

    helped = valued(help_with_all)

    assert helped.digest == alone.digest
    again = runs.rerun_from_stored(actor=None, run_id=alone.pk)
    night.execute(again.pk)
    again.refresh_from_db()
    assert (again.status, again.digest) == (RunStatus.CHECKED, alone.digest)


def test_a_helper_without_the_pairs_leaves_the_block(blocks, monkeypatch):
    alone, came = valued(), []

    def help_without(run_id, numbers):
        run = ValuationRun.objects.get(pk=run_id)
        table = partitions.pair_table(leases.Lease(run_id, run.token))
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} RENAME TO kept_aside")
        came.extend(sharing.help_with(run_id, number) for number in numbers[1:])
        waiting = RunShard.objects.filter(run=run_id, number__in=numbers[1:])
        came.append(set(waiting.values_list("lease_until", "finished_at", "token")))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM "
                + partitions.value_table(leases.Lease(run_id, run.token))
            )
            came.append(cursor.fetchone()[0])
            cursor.execute(f"ALTER TABLE kept_aside RENAME TO {table}")

    run = valued(help_without)

    assert came == [False, False, False, {(None, None, 1)}, 0]
    assert run.digest == alone.digest


def test_pairs_come_back_in_their_order_and_are_dropped(committed):
    lease = leases.claim(runs.request_run(actor=None, as_of=firm.TODAY).pk)
    known = pairs_of(random_firm(), fit_models(random_firm()), TERMS)
    assert pairs.staged_pairs(lease) is None

    with lease.fenced():
        pairs.stage(lease, known)

    read = pairs.staged_pairs(lease)
    assert read.frequency.tolist() == known.frequency.tolist()
    assert read.age_days.tolist() == known.age_days.tolist()
    partitions.drop_staged(lease)
    assert pair_tables() == []


def test_the_pairs_of_a_run_are_gone_once_it_is_published_or_compared(blocks):
    run = valued(help_with_all)
    assert pair_tables() == []

    again = runs.rerun_from_stored(actor=None, run_id=run.pk)
    night.execute(again.pk)

    assert pair_tables() == []


def test_the_pairs_of_a_run_that_failed_are_dropped_by_the_sweep(blocks, monkeypatch):
    def refuse(*_):
        raise RunFailedError("There is no room.")

    monkeypatch.setattr(sharing, "_store", refuse)
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    night.execute(run.pk)
    assert pair_tables() == [f"clv_pair_r{run.pk}_1"]

    dropped = partitions.drop_orphans()

    assert f"clv_pair_r{run.pk}_1" in dropped
    assert pair_tables() == []


def test_who_takes_a_run_over_drops_the_pairs_of_the_attempt_before(blocks):
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    lost = leases.claim(run.pk)
    with lost.fenced():
        pairs.stage(lost, pairs_of(random_firm(), fit_models(random_firm()), TERMS))
    leases.let_go(lost)

    night.execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.token) == (RunStatus.PUBLISHED, 2)
    assert pair_tables() == []
    assert shards.are_finished(leases.Lease(run.pk, 2))
