"""Deals: what they hold, how they move, and how they end."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from common.clock import business_today
from common.errors import StaleRecordError
from crm.choices import DealStatus, OrderStatus, Stage
from crm.errors import CannotMoveDealError, CannotSaveDealError, OrderRefusedError
from crm.models import AuditEvent, Deal, DealLossReason, DealStage, Order
from crm.services import deal_catalogue, deal_moves, deals
from tests import make


def line(quantity="2", price="100.00", cost=None, **fields):
    return deals.NewLine(
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        unit_cost=None if cost is None else Decimal(cost),
        **{"text": "Shelves"} | fields,
    )


@pytest.fixture
def account(rep):
    return make.account(owner=rep, stage=Stage.PROSPECT)


@pytest.fixture
def deal(rep, account):
    return deals.create_deal(
        actor=rep, account=account, title="New office", lines=[line(cost="60")]
    )


@pytest.fixture
def stages(db):
    return list(DealStage.objects.all())


def test_a_deal_begins_in_the_first_stage_with_its_history(deal, rep, stages):
    assert (deal.stage, deal.status, deal.owner) == (stages[0], "open", rep)
    (change,) = deal.changes.all()
    assert (change.stage, change.changed_by) == (stages[0], rep)
    assert AuditEvent.objects.get(subject_id=deal.pk).action == "deal.created"


def test_sums_keep_known_and_unknown_apart(rep, account):
    product = make.product(unit_cost=Decimal("30.00"))
    unknown = make.product(unit_cost=None)
    made = deals.create_deal(
        actor=rep,
        account=account,
        title="Mixed",
        lines=[
            line("2", "100.00", product=product, discount=Decimal("20.00")),
            line("1", "50.00", product=unknown),
            line("3", "10.00", cost="4.00"),
        ],
    )
    found = Deal.objects.with_sums().get(pk=made.pk)
    assert found.revenue == Decimal("260.00")
    assert found.margin_known == Decimal("138.00")  # 180 - 60 + 30 - 12
    assert found.revenue_unknown == Decimal("50.00")


def test_a_deal_without_lines_sums_to_nothing(rep, account):
    made = deals.create_deal(actor=rep, account=account, title="Vague")
    found = Deal.objects.with_sums().get(pk=made.pk)
    assert (found.revenue, found.margin_known, found.revenue_unknown) == (0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"close_on": dt.date(2020, 1, 1)}, "close_on"),
        ({"close_on": dt.date(2090, 1, 1)}, "close_on"),
        ({"source": "moon"}, "source"),
        ({"competitor": "x" * 201}, "competitor"),
        ({"lines": [line("0")]}, "lines"),
        ({"lines": [line(discount=Decimal(500))]}, "lines"),
        ({"lines": [line(price="-1")]}, "lines"),
        ({"lines": [line(text=" ")]}, "lines"),
        ({"lines": [line("999999", "9999999999")]}, "lines"),
    ],
)
def test_what_cannot_be_is_refused_and_stores_nothing(rep, account, fields, field):
    with pytest.raises(CannotSaveDealError) as refused:
        deals.create_deal(actor=rep, account=account, **{"title": "Fine"} | fields)
    assert refused.value.field == field
    assert not Deal.objects.exists()


def test_a_person_of_another_account_is_refused(rep, account):
    with pytest.raises(CannotSaveDealError):
        deals.create_deal(
            actor=rep, account=account, title="Fine", contact=make.contact()
        )


def test_a_rep_cannot_hand_a_deal_over(deal, rep, colleague, manager):
    with pytest.raises(CannotSaveDealError):
        deals.change_deal(actor=rep, deal=deal, owner=colleague)
    deals.change_deal(actor=manager, deal=deal, owner=colleague)
    deal.refresh_from_db()
    assert deal.owner == colleague


def test_two_editors_do_not_overwrite_each_other(deal, rep):
    seen = deal.version
    deals.change_deal(actor=rep, deal=deal, expected_version=seen, title="First")
    with pytest.raises(StaleRecordError):
        deals.change_deal(
            actor=rep, deal=deal, expected_version=seen, title="Second", lines=[]
        )
    deal.refresh_from_db()
    assert (deal.title, deal.lines.count()) == ("First", 1)


def test_an_old_day_may_stay_but_not_be_chosen(deal, rep):
    past = business_today() - dt.timedelta(days=3)
    Deal.objects.update(close_on=past)
    deal.refresh_from_db()
    deals.change_deal(actor=rep, deal=deal, title="Later", close_on=past)
    assert deal.title == "Later"


# -- Moves ---------------------------------------------------------------------------


def test_moving_keeps_where_it_was_and_since_when(deal, rep, stages):
    since = timezone.now() - dt.timedelta(days=9)
    Deal.objects.update(stage_since=since)
    deal.refresh_from_db()
    assert deal.days_in_stage() == 9

    change = deal_moves.move_deal(actor=rep, deal=deal, stage=stages[2])

    assert (deal.stage, deal.days_in_stage()) == (stages[2], 0)
    assert (change.was_stage, change.was_since) == (stages[0], since)
    assert deal_moves.move_deal(actor=rep, deal=deal, stage=stages[2]) is None
    assert deal.changes.count() == 2


def test_a_move_on_an_old_card_is_refused(deal, rep, stages):
    seen = deal.version
    deal_moves.move_deal(actor=rep, deal=deal, stage=stages[1], expected_version=seen)
    with pytest.raises(StaleRecordError):
        deal_moves.move_deal(
            actor=rep, deal=deal, stage=stages[3], expected_version=seen
        )
    deal.refresh_from_db()
    assert deal.stage == stages[1]


def test_undo_leaves_no_trace_but_in_the_audit(deal, rep, stages):
    since = deal.stage_since
    change = deal_moves.move_deal(actor=rep, deal=deal, stage=stages[3])
    deal = deal_moves.undo_change(actor=rep, change=change)
    assert (deal.stage, deal.stage_since) == (stages[0], since)
    assert deal.changes.count() == 1
    assert AuditEvent.objects.filter(action="deal.move_undone").exists()


def test_undo_is_for_the_own_last_recent_move(deal, rep, manager, stages):
    first = deal_moves.move_deal(actor=rep, deal=deal, stage=stages[1])
    with pytest.raises(CannotMoveDealError, match="Somebody else"):
        deal_moves.undo_change(actor=manager, change=first)
    second = deal_moves.move_deal(actor=rep, deal=deal, stage=stages[2])
    with pytest.raises(CannotMoveDealError, match="moved on"):
        deal_moves.undo_change(actor=rep, change=first)
    second.changed_at -= dt.timedelta(days=2)
    with pytest.raises(CannotMoveDealError, match="too old"):
        deal_moves.undo_change(actor=rep, change=second)
    with pytest.raises(CannotMoveDealError, match="moved on"):
        deal_moves.undo_change(actor=rep, change=deal.changes.last())
    deal.refresh_from_db()
    assert deal.stage == stages[2]


def test_losing_needs_a_reason_and_keeps_the_rival(deal, rep):
    with pytest.raises(CannotMoveDealError) as refused:
        deal_moves.lose_deal(actor=rep, deal=deal, reason=None)
    assert refused.value.field == "reason"
    deal.refresh_from_db()
    assert deal.is_open

    reason = DealLossReason.objects.get(name="Price")
    change = deal_moves.lose_deal(
        actor=rep, deal=deal, reason=reason, competitor="Rival AG", note="9 % less"
    )
    assert (deal.status, deal.loss_reason, deal.competitor, deal.closed_on) == (
        DealStatus.LOST,
        reason,
        "Rival AG",
        business_today(),
    )
    with pytest.raises(CannotMoveDealError):
        deal_moves.win_deal(actor=rep, deal=deal)
    with pytest.raises(CannotSaveDealError):
        deals.change_deal(actor=rep, deal=deal, title="Too late")
    undone = deal_moves.undo_change(actor=rep, change=change)
    assert (undone.is_open, undone.loss_reason, undone.closed_on) == (True, None, None)


def test_opening_again_is_part_of_the_history(deal, rep):
    deal_moves.lose_deal(actor=rep, deal=deal, reason=DealLossReason.objects.first())
    deal_moves.reopen_deal(actor=rep, deal=deal)
    assert [one.status for one in deal.changes.all()] == ["open", "lost", "open"]
    assert deal_moves.reopen_deal(actor=rep, deal=deal) is None


# -- Orders behind won deals ----------------------------------------------------------


def test_a_won_deal_becomes_one_order_however_often(deal, rep, account):
    deal_moves.win_deal(actor=rep, deal=deal)
    today = business_today()
    first = deal_moves.order_deal(actor=rep, deal=deal, ordered_on=today)
    again = deal_moves.order_deal(actor=rep, deal=first, ordered_on=today)
    assert first.order == again.order == Order.objects.get()
    (ordered,) = first.order.lines.all()
    assert (ordered.revenue, ordered.cost) == (Decimal(200), Decimal(120))
    account.refresh_from_db()
    assert account.stage == Stage.CUSTOMER
    with pytest.raises(CannotMoveDealError, match="order is linked"):
        deal_moves.reopen_deal(actor=rep, deal=first)


def test_an_order_that_is_there_is_linked_once(deal, rep, account):
    order = make.order(account=account)
    with pytest.raises(CannotMoveDealError, match="won deal"):
        deal_moves.link_order(actor=rep, deal=deal, order=order)
    deal_moves.win_deal(actor=rep, deal=deal)
    for wrong in (
        make.order(),
        make.order(account=account, status=OrderStatus.CANCELLED),
    ):
        with pytest.raises(CannotMoveDealError, match="same account"):
            deal_moves.link_order(actor=rep, deal=deal, order=wrong)
    deal = deal_moves.link_order(actor=rep, deal=deal, order=order)
    other = deals.create_deal(actor=rep, account=account, title="Other")
    deal_moves.win_deal(actor=rep, deal=other)
    with pytest.raises(CannotMoveDealError, match="Another deal"):
        deal_moves.link_order(actor=rep, deal=other, order=order)
    deal = deal_moves.unlink_order(actor=rep, deal=deal)
    assert (deal.order, Order.objects.filter(pk=order.pk).count()) == (None, 1)


def test_an_order_of_tomorrow_is_refused_and_links_nothing(deal, rep):
    deal_moves.win_deal(actor=rep, deal=deal)
    tomorrow = business_today() + dt.timedelta(days=1)
    with pytest.raises(OrderRefusedError):
        deal_moves.order_deal(actor=rep, deal=deal, ordered_on=tomorrow)
    deal.refresh_from_db()
    assert (deal.order, Order.objects.exists()) == (None, False)


# -- Catalogue -----------------------------------------------------------------------


def test_a_stage_with_open_deals_stays(deal, manager, stages):
    with pytest.raises(CannotSaveDealError, match="1 open deal stand"):
        deal_catalogue.change_stage(actor=manager, stage=deal.stage, is_active=False)
    deal_catalogue.change_stage(actor=manager, stage=stages[2], is_active=False)
    with pytest.raises(CannotMoveDealError, match="not used"):
        deal_moves.move_deal(actor=manager, deal=deal, stage=stages[2])


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Enquiry"},
        {"name": " "},
        {"prior_chance": Decimal(0)},
        {"prior_chance": Decimal("1.2")},
        {"stale_after_days": 0},
    ],
)
def test_a_stage_that_cannot_be_is_refused(manager, stages, values):
    known = {"name": "Pilot", "prior_chance": Decimal("0.5"), "stale_after_days": 9}
    with pytest.raises(CannotSaveDealError):
        deal_catalogue.create_stage(actor=manager, **known | values)
    assert DealStage.objects.count() == len(stages)


def test_stages_change_places(manager, stages):
    deal_catalogue.shift_stage(actor=manager, stage=stages[2], by=deal_catalogue.UP)
    deal_catalogue.shift_stage(actor=manager, stage=stages[3], by=deal_catalogue.DOWN)
    names = [stage.name for stage in DealStage.objects.all()]
    assert names == ["Enquiry", "Offer made", "Needs known", "Negotiation"]
