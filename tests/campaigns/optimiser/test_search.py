"""The optimiser: the best plans, searches that are kept, and drafts made of them."""

import json
from decimal import Decimal

import numpy as np
import pytest
from django.urls import reverse

from campaigns.choices import VersionStatus
from campaigns.engine.response import secured
from campaigns.errors import CannotApplyError
from campaigns.models import (
    KeptSearch,
    MeasuredEffect,
    PlanAssignment,
    PlanVersion,
    RetentionPlan,
    TouchTemplate,
)
from campaigns.queries.best_plans import Ask
from campaigns.queries.costs import hourly_costs, plan_cost
from campaigns.queries.optimiser import CELLS_KEPT, cell_rows
from campaigns.queries.plan_search import best_plans, usual_ask
from campaigns.services import optimiser
from common.errors import StaleRecordError
from crm.models import Account, AuditEvent
from segments.models import StoredFigures
from tests import make
from tests.campaigns.optimiser.conftest import DAY

URL = reverse("campaigns:optimiser")
PLENTY = Ask(money=Decimal(10**6), hours=Decimal(1000))


def _yearly(worth_class):
    version = PlanVersion.objects.published().get(plan__worth_class=worth_class)
    return plan_cost(version.touches.all(), hourly=hourly_costs()).per_customer


def _gain(cost, *margins):
    """Return the net gain of one plan for accounts, worked out one by one."""
    each = secured(spend=float(cost), margin_year=np.array(margins), **RESPONSE)
    return float(each.sum()) - float(cost) * len(margins)


RESPONSE = {"effect": 0.15, "scale": 0.05}


def test_groups_are_what_accounts_are_one_by_one(firm, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        board = optimiser.board()
        found = best_plans(board, PLENTY, with_steps=False)
    assert board.accounts == 5
    key, general = found.lines
    assert (key.accounts, general.accounts) == (2, 3)
    assert found.before.cost == 2 * _yearly("current_key") + 3 * _yearly("general")
    expected = _gain(_yearly("current_key"), 40_000, 150)
    assert float(key.before.gain) == pytest.approx(expected, abs=0.02)
    expected = _gain(_yearly("general"), 900, 900, 900)
    assert float(general.before.gain) == pytest.approx(expected, abs=0.02)


def test_what_the_night_keeps_counts_until_a_class_or_a_plan_changes(firm, rep):
    counted = optimiser.board()
    rows = json.loads(json.dumps(cell_rows(firm)))
    StoredFigures.objects.create(run=firm, block=CELLS_KEPT, rows=rows)
    assert optimiser.board().groups == counted.groups
    account = make.account(owner=rep)
    make.valuation(account=account, run=firm, expected_margin_year="900.00")
    make.membership(account=account, worth_class="general", run=firm)
    assert optimiser.board().accounts == counted.accounts + 1


def test_former_customers_get_no_plan_and_cost_nothing(firm, as_marketer):
    Account.objects.filter(name="Rich GmbH").update(stage="former")
    found = as_marketer.get(URL, {"money": "1000000", "by": "band"}).context["found"]

    keys = [line for line in found.lines if line.worth_class == "current_key"]
    names = [
        row.account.name
        for line in keys
        for _, url in line.linked_parts
        for row in as_marketer.get(url).context["page"].rows
    ]
    assert names == ["Poor GmbH"]
    assert optimiser.board().accounts == 4


def test_today_fits_into_what_is_usual_and_the_best_is_no_worse(firm):
    board = optimiser.board()
    usual = usual_ask(board)
    found = best_plans(board, Ask(usual.money, Decimal(1000)))
    assert found.today_fits
    assert found.after.gain >= found.before.gain
    assert found.after.cost <= usual.money
    coarse = found.after.gain
    fine = best_plans(board, Ask(usual.money, Decimal(1000), is_by_band=True))
    assert fine.after.gain >= coarse
    gains = [step.gain for step in found.steps]
    assert gains == sorted(gains)


def test_without_money_everybody_gets_nothing(firm):
    found = best_plans(optimiser.board(), Ask(Decimal(0), Decimal(0)))
    assert found.is_found
    assert (found.after.cost, found.after.hours, found.after.gain) == (0, 0, 0)
    assert {part.variant for line in found.lines for part in line.parts} == {"nothing"}
    assert "do not fit" in found.sentence


def test_by_band_the_rich_keep_what_the_poor_lose(firm):
    found = best_plans(
        optimiser.board(), Ask(PLENTY.money, PLENTY.hours, is_by_band=True)
    )
    poor, rich = found.lines[0].parts
    assert (poor.accounts, rich.accounts) == (1, 1)
    assert rich.sums.cents > poor.sums.cents
    assert poor.high <= rich.low or rich.low is None


def test_a_class_that_is_kept_stays_and_may_not_fit(firm):
    board = optimiser.board()
    kept = ("current_key",)
    found = best_plans(board, Ask(Decimal(10**6), Decimal(1000), kept=kept))
    assert not found.lines[0].is_changed
    none = best_plans(board, Ask(Decimal(0), Decimal(0), kept=kept))
    assert (none.is_found, none.status) == (False, "infeasible")
    assert none.sentence.startswith("Nothing fits into 0 a year")


def test_who_is_on_a_plan_by_hand_stays_there(firm, rep):
    plan = RetentionPlan.objects.get(worth_class="current_key")
    account = make.account(owner=rep)
    make.valuation(account=account, run=firm, expected_margin_year="5.00")
    make.membership(account=account, worth_class="general", run=firm)
    PlanAssignment.objects.create(
        account=account, plan=plan, since=DAY, is_by_hand=True, reason="Asked for"
    )
    found = best_plans(optimiser.board(), PLENTY)
    fixed = next(line for line in found.lines if line.is_fixed)
    assert (fixed.accounts, fixed.worth_class) == (1, "general")
    assert not fixed.is_changed
    assert fixed.before.cost == _yearly("current_key")


def test_a_measured_effect_stands_instead_of_the_assumed_one(firm, manager):
    MeasuredEffect.objects.create(
        worth_class="general",
        effect=Decimal("0.3000"),
        low=Decimal("0.2000"),
        high=Decimal("0.4000"),
        accounts=400,
        measured_from=DAY,
        measured_until=DAY,
        source="Hold-out",
        reason="First",
        author=manager,
    )
    general = best_plans(optimiser.board(), PLENTY, with_steps=False).lines[1]
    cost = _yearly("general")
    twice = 2 * (_gain(cost, 900, 900, 900) + 3 * float(cost)) - 3 * float(cost)
    assert float(general.before.gain) == pytest.approx(twice, abs=0.02)


def test_a_draft_is_a_choice_and_one_without_a_cost_is_left_out(firm, marketer):
    plan = RetentionPlan.objects.get(worth_class="general")
    draft = PlanVersion.objects.create(plan=plan, number=2, status="draft")
    touch = TouchTemplate.objects.create(
        version=draft,
        title="Call",
        channel="phone",
        cadence="year",
        unit_cost=Decimal("20.00"),
        owner_role="rep",
        head="retention",
    )
    found = best_plans(optimiser.board(), PLENTY, with_steps=False)
    assert found.unpriced == []
    keys = {one.key for one in optimiser.board().units[-1].choices}
    assert f"version:{draft.pk}" in keys
    TouchTemplate.objects.filter(pk=touch.pk).update(unit_cost=None)
    found = best_plans(optimiser.board(), PLENTY, with_steps=False)
    assert found.unpriced == [str(draft)]


# -- Kept searches and drafts ----------------------------------------------------------


def keep(actor, **fields):
    ask = {"money": Decimal(10**6), "hours": Decimal(1000)} | fields
    return optimiser.keep_search(actor=actor, name="Next year", ask=Ask(**ask))


def test_a_kept_search_reads_as_it_was(firm, manager):
    kept = keep(manager, is_by_band=True)
    then = optimiser.answer_of(kept)
    now = best_plans(optimiser.board(), then.ask)
    assert then == now
    assert (kept.gain, kept.gain_today) == (now.after.gain, now.before.gain)
    event = AuditEvent.objects.get(action="optimiser.kept")
    assert (event.actor, event.subject_id) == (manager, kept.pk)


def test_drafts_are_made_and_nothing_is_published(firm, marketer):
    """Cheaper: by class the key accounts lose their visits, and get a draft."""
    published = list(PlanVersion.objects.published().values_list("pk", flat=True))
    kept = keep(marketer, is_by_band=True)
    applied = optimiser.apply_search(actor=marketer, kept=kept)
    assert (
        list(PlanVersion.objects.published().values_list("pk", flat=True)) == published
    )
    found = optimiser.answer_of(kept)
    changed = [
        part
        for line in found.lines
        for part in line.parts
        if part.variant != line.today
    ]
    assert changed
    assert len(applied.drafts) + len(applied.left) == len(changed)
    for draft in applied.drafts:
        assert draft.status == VersionStatus.DRAFT
        assert draft.touches.exists()
    kept.refresh_from_db()
    assert kept.applied_by == marketer
    assert AuditEvent.objects.filter(action="optimiser.applied").count() == 1


def test_drafts_have_the_touches_that_were_chosen(firm, marketer):
    """Without money for visits the key plan's draft is another plan's touches."""
    kept = keep(marketer, money=Decimal(300), kept=("general",))
    line = optimiser.answer_of(kept).lines[0]
    (part,) = line.parts
    applied = optimiser.apply_search(actor=marketer, kept=kept)
    if part.variant == "nothing":
        assert [one.why for one in applied.left] == [
            "Withdraw the plan, or take these accounts off it."
        ]
        return
    (draft,) = applied.drafts
    assert draft.plan_id == line.plan_id
    cost = plan_cost(draft.touches.all(), hourly=hourly_costs()).per_customer
    assert cost * 2 == part.sums.cost


def test_a_draft_under_way_is_left_alone(firm, marketer):
    plan = RetentionPlan.objects.get(worth_class="current_key")
    draft = PlanVersion.objects.create(plan=plan, number=2, status="draft", note="Mine")
    kept = keep(marketer, money=Decimal(300), kept=("general",))
    line = optimiser.answer_of(kept).lines[0]
    applied = optimiser.apply_search(actor=marketer, kept=kept)
    draft.refresh_from_db()
    assert (draft.note, draft.touches.count()) == ("Mine", 0)
    assert len(applied.drafts) == 0
    assert len(applied.left) == len(line.parts)


def test_it_is_applied_once_and_by_one(firm, marketer):
    kept = keep(marketer, is_by_band=True)
    with pytest.raises(StaleRecordError):
        optimiser.apply_search(actor=marketer, kept=kept, expected_version=9)
    assert PlanVersion.objects.drafts().count() == 0
    optimiser.apply_search(actor=marketer, kept=kept)
    kept.refresh_from_db()
    with pytest.raises(CannotApplyError, match="already"):
        optimiser.apply_search(actor=marketer, kept=kept)


def test_what_does_not_fit_is_not_kept(firm, manager):
    with pytest.raises(CannotApplyError, match="Nothing fits"):
        keep(manager, money=Decimal(0), kept=("current_key",))
    assert KeptSearch.objects.count() == 0
