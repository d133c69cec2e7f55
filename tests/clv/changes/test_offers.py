"""Offers: what stands open, taken up, dismissed, and what became of them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from clv.choices import DismissReason
from clv.errors import CannotDecideError
from clv.models import ExpansionOffer, ExpansionRate, OfferDecision
from clv.queries.expansion_board import board, lacking, outcomes
from clv.queries.offers import offers_of
from clv.services import offers
from clv.services.expansion import learn_expansion
from common.clock import business_today, months_later
from crm.choices import SizeBand
from crm.models import AuditEvent, Complement, Holding, OrderLine, Task, Usage
from crm.queries.timeline import timeline
from crm.services.tasks import complete_task
from tests import make

TODAY = business_today()
LONG_AGO, LATELY = TODAY - dt.timedelta(days=500), TODAY - dt.timedelta(days=100)


def buy(account, product, on, margin="40.00", cost="0.00"):
    order = make.order(account=account, on=on, lines=[(1, margin, cost)])
    OrderLine.objects.filter(order=order).update(product=product)


@pytest.fixture
def shop(rep, colleague):
    """Ten small accounts with paper; four of them bought toner within the year."""
    paper = make.product(name="Paper")
    toner = make.product(name="Toner")
    better = make.product(name="Better paper")
    unsold = make.product(name="Punch")
    paper.complements.add(toner, through_defaults={"reason": "Printers need both"})
    paper.complements.add(unsold)
    paper.upgrade_to, paper.upgrade_reason = better, "Jams less"
    paper.save()
    buyers = [make.account(size_band=SizeBand.SMALL, owner=rep) for _ in range(9)]
    buyers.append(make.account(size_band=SizeBand.SMALL, owner=colleague))
    for account in buyers:
        buy(account, paper, LONG_AGO)
    for account in buyers[:4]:
        buy(account, toner, LATELY)
    run = make.run(as_of=TODAY)
    for account in buyers:
        make.valuation(account=account, run=run, probability_alive=0.5)
    learn_expansion(run)
    offers.write_offers(run)
    return {
        "paper": paper,
        "toner": toner,
        "better": better,
        "unsold": unsold,
        "buyers": buyers,
        "run": run,
    }


@pytest.fixture
def account(shop):
    return shop["buyers"][8]


def rate_of(shop):
    return ExpansionRate.objects.get(
        base=shop["paper"], offered=shop["toner"], size_band=SizeBand.SMALL
    )


def open_names(account):
    return [offer.offered.name for offer in offers_of(account).open]


# -- What is offered ------------------------------------------------------------------


def test_known_offers_come_first_and_unknown_ones_say_so(shop, account):
    found = offers_of(account)
    assert [one.offered.name for one in found.open] == [
        "Toner",
        "Better paper",
        "Punch",
    ]
    toner, better, punch = found.open
    rate = rate_of(shop)
    chance = rate.probability * 0.5
    assert toner.chance == pytest.approx(chance)
    assert toner.amount == round(Decimal(repr(chance)) * 40, 2)
    assert toner.why == "Goes with Paper: Printers need both"
    assert better.why == "Instead of Paper: Jams less"
    assert toner.by_on == LONG_AGO + dt.timedelta(days=400)
    assert toner.when == "any time now"
    for unknown in (better, punch):
        assert (unknown.chance, unknown.amount) == (None, None)
        assert "not known" in unknown.seen
    assert found.next_new == toner


def test_half_of_the_buyers_took_no_longer_than_the_lag(shop):
    assert rate_of(shop).lag_days == 400
    large = ExpansionRate.objects.get(
        base=shop["paper"], offered=shop["toner"], size_band=SizeBand.LARGE
    )
    assert large.lag_days == 400


def test_before_the_first_night_gaps_are_shown_without_numbers(db):
    paper, toner = make.product(), make.product(name="Toner")
    paper.complements.add(toner)
    account = make.account()
    buy(account, paper, LONG_AGO)
    (offer,) = offers_of(account).open
    assert (offer.rate, offer.chance, offer.when) == (None, None, "not known")


def test_an_upgrade_says_how_the_old_one_is_used(shop, account):
    held = Holding.objects.create(
        account=account, product=shop["paper"], quantity=2, acquired_on=LONG_AGO
    )
    Usage.objects.create(
        holding=held, metric="sheets", month=dt.date(2026, 3, 1), value=900
    )
    better = offers_of(account).open[1]
    assert better.use == "2 on hand, 900 sheets in Mar 2026"


def test_the_next_order_is_what_is_due_soonest(shop, account):
    for days in (95, 65, 35):
        buy(account, shop["unsold"], TODAY - dt.timedelta(days=days), "10", "4")
    found = offers_of(account).next_order
    assert (found.product, found.every_days) == (shop["unsold"], 30)
    assert found.due_on == TODAY - dt.timedelta(days=5)
    assert found.is_late
    assert (found.margin, found.amount) == (Decimal("6.00"), Decimal("3.00"))
    buy(account, shop["unsold"], TODAY, "10", None)
    assert offers_of(account).next_order.amount is None


def test_what_has_been_due_for_long_is_not_expected(shop, account):
    for days in (300, 270, 240):
        buy(account, shop["unsold"], TODAY - dt.timedelta(days=days))
    assert offers_of(account).next_order is None


# -- Deciding -----------------------------------------------------------------------


def test_taking_up_makes_a_task_and_closes_the_offer(shop, account, rep):
    decision = offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    assert decision.task.title == "Offer Toner with Paper"
    assert decision.task.due_on == TODAY + dt.timedelta(days=7)
    assert decision.task.owner == rep
    assert decision.probability == pytest.approx(rate_of(shop).probability * 0.5)
    assert decision.yearly_gain == 40
    assert open_names(account) == ["Better paper", "Punch"]
    assert AuditEvent.objects.filter(action="offer.accepted").count() == 1
    with pytest.raises(CannotDecideError, match="This was taken up on"):
        offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    assert Task.objects.count() == OfferDecision.objects.count() == 1


def test_a_dismissed_product_stays_away_for_its_months(shop, account, rep, monkeypatch):
    offers.dismiss_offer(
        actor=rep, account=account, offered=shop["toner"], reason=DismissReason.PRICE
    )
    decision = OfferDecision.objects.get()
    assert decision.silent_until == months_later(TODAY, 6)
    assert "Toner" not in open_names(account)
    monkeypatch.setattr(
        "clv.queries.offers.business_today", lambda: decision.silent_until
    )
    assert "Toner" in open_names(account)


def test_what_was_decided_can_be_taken_back_and_stays_as_history(shop, account, rep):
    decision = offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    offers.withdraw_decision(actor=rep, decision=decision)
    assert "Toner" in open_names(account)
    assert decision.withdrawn_by == rep
    with pytest.raises(CannotDecideError):
        offers.withdraw_decision(actor=rep, decision=decision)
    assert OfferDecision.objects.count() == 1


@pytest.mark.parametrize("case", ["owned", "no link", "reason", "months", "merged"])
def test_impossible_decisions_change_nothing(shop, account, rep, case):
    fields = {"account": account, "offered": shop["toner"], "reason": "price"}
    fields |= {
        "owned": {"account": shop["buyers"][0]},
        "no link": {"offered": make.product()},
        "reason": {"reason": "because"},
        "months": {"months": 0},
        "merged": {"account": make.account(merged_into=account)},
    }[case]
    with pytest.raises(CannotDecideError):
        offers.dismiss_offer(actor=rep, **fields)
    assert not OfferDecision.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="offer").exists()


# -- Many accounts --------------------------------------------------------------------


def test_the_night_writes_what_accounts_with_an_owner_lack(shop):
    written = ExpansionOffer.objects.order_by("account")
    assert {one.account for one in written} == set(shop["buyers"][4:])
    one = written.first()
    expected = offers_of(one.account).open[0]
    assert (one.offered, one.amount, one.by_on) == (
        expected.offered,
        expected.amount,
        expected.by_on,
    )
    assert offers.write_offers(shop["run"]) == 6
    shop["run"].is_current = False
    assert offers.write_offers(shop["run"]) == 0
    assert ExpansionOffer.objects.count() == 6


def test_the_board_sums_by_rep_and_leaves_out_what_is_decided(
    shop, account, rep, manager
):
    offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    found = board(manager, wanted={})
    assert [(line.name, line.offers, line.accepted) for line in found.reps] == [
        ("Rita Rep", 4, 1),
        ("Carl Colleague", 1, 0),
    ]
    assert found.amount == sum(one.amount for one in found.page)
    assert board(rep, wanted={}).offers == 4
    assert board(manager, wanted={"offered": shop["better"]}).reps == []


def test_figures_of_a_rep_open_their_accounts(shop, account, rep, manager, client):
    offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    client.force_login(manager)
    mine, _ = client.get(reverse("clv:expansion_board")).context["board"].reps

    def names(state):
        text = client.get(f"{mine.url}&state={state}").content.decode()
        return {one for one in shop["buyers"] if f'/accounts/{one.pk}/"' in text}

    still = set(shop["buyers"][4:9]) - {account}
    assert mine.accounts == len(still) == 4
    assert names("open") == still
    assert names("accepted") == {account}
    assert names("dismissed") == set()
    assert names(f"open&offered={shop['toner'].pk}") == still
    assert names(f"open&offered={shop['better'].pk}") == set()


def test_who_has_one_and_lacks_the_other(shop, rep, manager):
    pair = {"base": shop["paper"], "offered": shop["toner"], "kind": "complement"}
    assert len(lacking(manager, **pair).rows) == 6
    rows = lacking(rep, **pair).rows
    assert {row.account for row in rows} == set(shop["buyers"][4:9])
    assert rows[0].amount == offers_of(rows[0].account).open[0].amount
    other = pair | {"offered": shop["unsold"]}
    assert lacking(rep, **other).rows[0].amount is None


def test_what_became_of_offers(shop, account, rep):
    def contact(outcome, days):
        make.touchpoint(
            account=account,
            outcome=outcome,
            occurred_at=timezone.now() + dt.timedelta(days=days),
        )

    offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    assert outcomes(rep).rows[0].bought_on is None
    buy(account, shop["toner"], TODAY, "100", "60")
    line = OrderLine.objects.get(account=account, product=shop["toner"])
    line.returns.create(
        account=account, returned_on=TODAY, quantity=1, refund=Decimal(10)
    )
    contact("bad", -5)
    contact("ok", -6)
    contact("ok", 5)
    offers.dismiss_offer(
        actor=rep, account=account, offered=shop["unsold"], reason="no_need"
    )
    found = outcomes(rep)
    (row,) = found.rows
    assert (row.bought_on, row.margin) == (TODAY, Decimal("30.00"))
    assert (row.satisfied_before, row.satisfied_after) == (0.5, 1.0)
    assert (found.accepted, found.bought, found.margin) == (1, 1, 30)
    assert [(r.label, r.count) for r in found.reasons] == [("They do not need it", 1)]


# -- Pages --------------------------------------------------------------------------


def test_the_panel_offers_takes_up_and_dismisses(client, shop, account, rep):
    client.force_login(rep)
    panel = reverse("clv:account_offers", args=[account.pk])
    page = client.get(panel).content.decode()
    assert page.lstrip().startswith('<section id="account-offers"')
    assert "Printers need both" in page
    assert "4 of 10 accounts of this size bought it within a year" in page
    htmx = {"HX-Request": "true"}
    path = reverse("clv:offer_accept", args=[account.pk, shop["toner"].pk])
    assert "a task is due" in client.post(path, headers=htmx).content.decode()
    assert client.post(path, headers=htmx).status_code == 422
    path = reverse("clv:offer_dismiss", args=[account.pk, shop["unsold"].pk])
    assert client.post(path, headers=htmx).status_code == 422
    assert client.post(path, {"reason": "price"}).status_code == 302
    assert [d.state for d in OfferDecision.objects.order_by("pk")] == [
        "accepted",
        "dismissed",
    ]
    complete_task(actor=rep, task=Task.objects.get())
    assert "task done" in client.get(panel).content.decode()


def test_decisions_stand_in_the_timeline(shop, account, rep):
    offers.dismiss_offer(
        actor=rep, account=account, offered=shop["toner"], reason="price"
    )
    told = [(r.item.title, r.item.text) for r in timeline(account, user=rep).rows]
    assert ("Offer dismissed", "Toner: Too dear for them") in told


def test_a_colleagues_decision_is_not_found(client, shop, account, rep, colleague):
    decision = offers.accept_offer(actor=rep, account=account, offered=shop["toner"])
    client.force_login(colleague)
    for path in (
        reverse("clv:offer_withdraw", args=[decision.pk]),
        reverse("clv:offer_accept", args=[account.pk, shop["unsold"].pk]),
    ):
        assert client.post(path).status_code == 404
    decision.refresh_from_db()
    assert decision.withdrawn_at is None
    assert OfferDecision.objects.count() == 1


@pytest.mark.parametrize("name", ["expansion_board", "expansion_outcomes", "lacking"])
def test_lists_open_whole_or_in_part_and_stay_flat(
    client, shop, rep, assert_flat_queries, read_only, name
):
    client.force_login(rep)
    pair = [shop["paper"].pk, shop["toner"].pk]
    path = (
        reverse("clv:expansion_lacking", args=pair)
        if name == "lacking"
        else reverse(f"clv:{name}")
    )
    offers.accept_offer(actor=rep, account=shop["buyers"][8], offered=shop["toner"])
    with read_only():
        assert "<html" in client.get(path).content.decode()
        fragment = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert fragment.lstrip().startswith("<section id=")

    def grow():
        for other in shop["buyers"][4:8]:
            OfferDecision.objects.filter(account=other).delete()
            offers.accept_offer(actor=rep, account=other, offered=shop["unsold"])

    assert_flat_queries(lambda: client.get(path), grow)


def test_reasons_of_links_are_kept_in_both_directions(shop):
    both = Complement.objects.filter(reason="Printers need both")
    assert both.count() == 2
