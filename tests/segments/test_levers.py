"""Levers: sums that reconcile, the tree, scenarios with promises, another market."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.urls import reverse
from rest_framework.test import APIClient

from clv.models import Assumptions, ChangeRollup, Valuation, ValuationRun
from clv.services import valuing
from clv.services.levers import expected_of
from crm.models import AuditEvent
from segments.models import LeverBase, LeverScenario
from segments.queries.delivered import delivered
from segments.queries.levers import lever_board, lever_boards
from segments.queries.value_tree import flat, tree_of
from segments.services import levers as services
from segments.services.market import Market, future_in, ranking_in
from tests import make
from tests.clv.changes.firm import TODAY, valued
from tests.clv.night import firm

URL = reverse("segments:levers")
SAVE = reverse("segments:scenario_save")


@pytest.fixture(scope="module")
def night(shared_rows):
    """Thirty customers, a third of them in each of two classes, the others in none."""
    with shared_rows(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(valuing, "INTERVAL_DRAWS", 10)
        accounts = firm.build(30)
        run = valued(TODAY)
        for number, account in enumerate(accounts[:20]):
            key = "current_key" if number % 2 else "general"
            make.membership(account=account, worth_class=key, run=run)
        services.write_bases(run)
        return run.pk


@pytest.fixture
def run(db, night, monkeypatch):
    monkeypatch.setattr(valuing, "INTERVAL_DRAWS", 10)
    return ValuationRun.objects.get(pk=night)


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


def customers_of(run):
    return Valuation.objects.of_run(run).filter(order_days__gt=0)


def test_bases_reconcile_with_what_the_night_has_stored(run):
    whole = LeverBase.objects.get(run=run, worth_class="")
    parts = LeverBase.objects.filter(run=run).exclude(worth_class="")
    stored = customers_of(run).aggregate(
        equity=Sum("future_value"), margin=Sum("expected_margin")
    )
    cost = customers_of(run).aggregate(cost=Sum("expected_cost"))["cost"]
    assert whole.equity == stored["equity"] == sum(one.equity for one in parts)
    assert Decimal(str(round(whole.sums["margin"], 2))) == stored["margin"]
    kinds = sum(Decimal(str(k["amount"])) for k in whole.sums["costs"].values())
    assert kinds.quantize(Decimal("0.01")) == cost
    assert whole.customers == sum(one.customers for one in parts) == 30
    assert {one.worth_class for one in parts} == {"current_key", "general", "none"}


def test_writing_again_writes_the_same(run):
    before = list(LeverBase.objects.order_by("worth_class").values("equity", "sums"))
    services.write_bases(run)
    after = LeverBase.objects.order_by("worth_class").values("equity", "sums")
    assert list(after) == before


def test_nobody_is_expected_longer_than_a_customer_who_never_leaves(run):
    held = expected_of(run).held
    assert (held >= 0).all()
    assert (held > 0).mean() > 0.5


def test_every_node_of_the_tree_is_the_sum_of_its_branches(run):
    tree = tree_of(lever_board(run), lever_boards(run))

    def check(node):
        for split in node.splits:
            assert sum(one.amount for one in split.nodes) == node.amount
            for one in split.nodes:
                check(one)

    check(tree)
    assert tree.amount == customers_of(run).aggregate(n=Sum("future_value"))["n"]
    names = [path for path, *_ in flat(tree)]
    assert "Expected profit (customer equity) > Revenue > Quantity" in names


def test_levers_at_zero_show_todays_equity(as_manager, run, read_only):
    with read_only():
        response = as_manager.get(URL)
    shown = response.context["shown"]
    equity = customers_of(run).aggregate(n=Sum("future_value"))["n"]
    assert shown.before == shown.after == equity
    assert "Nothing is moved" in response.content.decode()


def test_a_moved_lever_shows_its_part_and_a_faulty_one_is_refused(as_manager, run):
    outcome = reverse("segments:lever_outcome")
    found = as_manager.get(outcome, {"frequency": "10", "saving_service": "20"})
    shown = found.context["shown"]
    assert shown.change == sum(part.amount for part in shown.parts) != 0
    assert "<html" not in found.content.decode()
    too_far = as_manager.get(outcome, {"frequency": "1000"})
    assert too_far.status_code == 422
    assert too_far.context["shown"].change == 0


def test_a_class_has_levers_of_its_own_and_wins_nobody(as_manager, run):
    response = as_manager.get(URL, {"worth_class": "current_key", "won": "10"})
    assert "won" not in response.context["form"].fields
    assert response.context["shown"].change == 0
    assert response.context["board"].base.customers == 10
    assert (
        as_manager.get(URL, {"worth_class": "potential_key"}).context["board"] is None
    )


def test_a_scenario_keeps_levers_and_promise(as_manager, run, manager):
    given = {
        "frequency": "10",
        "name": "Call earlier",
        "promised_by": manager.pk,
        "due_on": "2026-12-31",
        "promised": "500",
    }
    response = as_manager.post(SAVE, given)
    kept = LeverScenario.objects.get()
    assert response.url == reverse("segments:scenario_detail", args=[kept.pk])
    assert kept.levers == {"frequency": 10.0}
    assert kept.change * 100 == sum(kept.parts.values()) != 0
    assert (kept.promised, kept.promised_by) == (Decimal("500.00"), manager)
    assert AuditEvent.objects.filter(action="scenario.saved").exists()
    page = as_manager.get(response.url).content.decode()
    assert "promised +500 by 31 Dec 2026" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Still"}, "Move a lever first"),
        ({"name": "Half", "frequency": "5", "promised": "10"}, "who, by when"),
        ({"frequency": "5"}, "This field is required"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is(as_manager, run, given, said):
    response = as_manager.post(SAVE, given)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not LeverScenario.objects.exists()


def test_a_promise_needs_a_day_to_come(as_manager, run, manager):
    given = {
        "frequency": "5",
        "name": "Late",
        "promised_by": manager.pk,
        "due_on": str(TODAY),
        "promised": "10",
    }
    response = as_manager.post(SAVE, given)
    assert response.status_code == 422
    assert "a day after the night" in response.content.decode()
    assert not LeverScenario.objects.exists()


def test_marketers_look_and_do_not_promise(client, marketer, run):
    client.force_login(marketer)
    assert client.get(URL).context["can_save"] is False
    assert client.post(SAVE, {"frequency": "5", "name": "Mine"}).status_code == 403
    assert not LeverScenario.objects.exists()


def scenario(manager, **fields):
    known = {
        "name": "Serve for less",
        "levers": {"saving_service": 10},
        "as_of": TODAY,
        "equity_before": Decimal(1000),
        "equity_after": Decimal(1100),
        "change_low": Decimal(90),
        "change_high": Decimal(110),
        "parts": {"serving": 10_000},
        "promised_by": manager,
        "due_on": TODAY + dt.timedelta(days=60),
        "promised": Decimal(80),
        "author": manager,
    }
    return LeverScenario.objects.create(**known | fields)


def change(before, run, **parts):
    total = sum(parts.values(), Decimal(0))
    names = ("orders", "margin", "cost", "retention", "expansion", "assumptions")
    zeros = dict.fromkeys((*names, "model", "moved"), Decimal(0))
    ChangeRollup.objects.create(
        run=run,
        before=before,
        worth_class="",
        clv_before=Decimal(0),
        clv_after=total,
        **zeros | parts,
    )


def test_what_came_is_the_sum_of_the_nights_since_by_cause(run, manager):
    kept, later = scenario(manager), TODAY + dt.timedelta(days=1)
    second = make.run(as_of=later, current=False)
    third = make.run(as_of=later + dt.timedelta(days=1), current=False)
    change(run, second, cost=Decimal(30), orders=Decimal(-5))
    change(second, third, cost=Decimal(12))
    found = delivered(kept, later + dt.timedelta(days=30))
    assert found.came == Decimal(37)
    assert found.answering == Decimal(42)
    assert "+42" in found.sentence
    assert delivered(kept, later).answering == Decimal(30)


def test_a_scenario_says_what_was_moved_how_far_in_words(as_manager, run, manager):
    moved = {
        "frequency": 10.0,
        "won": 25.0,
        "minutes_visit": 2.5,
        "contacts_email": 0.3,
        "case_chat": 1.0,
        "saving_account_management": 5.0,
        "spent": 1200.0,
    }
    kept = scenario(manager, levers=moved)
    response = as_manager.get(reverse("segments:scenario_detail", args=[kept.pk]))
    assert dict(response.context["levers"]) == {
        "Orders per customer": "+10 %",
        "Customers more within a year": "25",
        "Minutes per visit": "2.5 fewer",
        "E-mails per customer and year": "0.3 fewer",
        "Chats per case": "1 fewer",
        "Account management, less": "5 %",
        "What moving them costs, once": "1\u202f200",
    }
    assert "E-mails per customer and year" in response.content.decode()


def test_a_night_that_was_not_split_leaves_it_unsaid(run, manager):
    kept, later = scenario(manager), TODAY + dt.timedelta(days=2)
    between = make.run(as_of=TODAY + dt.timedelta(days=1), current=False)
    change(between, make.run(as_of=later, current=False), cost=Decimal(12))
    found = delivered(kept, later)
    assert not found.is_known
    assert "not all split" in found.sentence


def test_scenarios_stand_side_by_side_and_can_be_put_away(as_manager, run, manager):
    one, two = scenario(manager), scenario(manager, name="<b>Second")
    listed = reverse("segments:scenario_list")
    page = as_manager.get(listed, {"compare": [one.pk, two.pk]})
    assert page.context["rows"] == [("Cost to serve", [Decimal(100), Decimal(100)])]
    assert "<b>Second" not in page.content.decode()
    as_manager.post(reverse("segments:scenario_archive", args=[one.pk]))
    assert [kept.pk for kept in as_manager.get(listed).context["scenarios"]] == [two.pk]
    rows = b"".join(as_manager.get(reverse("segments:scenario_export")))
    assert b"Second" in rows


def test_the_same_market_ranks_as_today_and_a_worse_one_is_worth_less(run):
    equity = customers_of(run).aggregate(n=Sum("future_value"))["n"]
    same = ranking_in(run, Market())
    assert same.equity == same.equity_before == equity
    assert same.moved == 0
    worse = ranking_in(run, Market(annual_rate=0.4, leaving=0.3, price=-0.05))
    assert worse.equity < equity
    ranks = sorted(one.rank for one in worse.top)
    assert ranks == list(range(1, len(ranks) + 1))


def test_another_discount_rate_is_what_a_run_at_that_rate_says(run):
    other = Assumptions.objects.current()
    other.pk, other.annual_rate = None, Decimal("0.3000")
    other.save()
    asked = expected_of(run, annual_rate=0.30)
    ValuationRun.objects.filter(pk=run.pk).update(status="superseded", is_current=False)
    really = valued(TODAY, like=run, assumptions=other)
    stored = dict(customers_of(really).values_list("account_id", "future_value"))
    ids = asked.customers.account_id.tolist()
    for pk, found in zip(ids, future_in(asked, Market()).tolist(), strict=True):
        assert found == pytest.approx(float(stored[pk]), abs=0.05)


def test_the_api_pulls_keeps_and_ranks(run, manager, rep):
    caller = APIClient()
    caller.force_authenticate(manager)
    pulled = caller.post(
        "/api/v1/levers/pull/", {"levers": {"basket": 5}}, format="json"
    )
    assert pulled.status_code == 200
    assert Decimal(pulled.json()["change"]) > 0
    unknown = caller.post(
        "/api/v1/levers/pull/", {"levers": {"magic": 5}}, format="json"
    )
    assert unknown.status_code == 400
    body = {"name": "By API", "levers": {"basket": 5}}
    kept = caller.post("/api/v1/scenarios/", body, format="json")
    assert kept.status_code == 201
    assert caller.get("/api/v1/levers/").json()[0]["name"] == "frequency"
    ranked = caller.post("/api/v1/levers/market/", {"price": -5}, format="json")
    assert ranked.json()["customers"] == 30
    caller.force_authenticate(rep)
    assert caller.get("/api/v1/scenarios/").status_code == 403
    assert caller.post("/api/v1/scenarios/", body, format="json").status_code == 403
