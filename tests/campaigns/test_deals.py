"""Deals on the board, in the list, on their own page; what moves them and who may."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from clv.models import Assumptions
from common.clock import business_today
from crm.choices import Stage
from crm.models import AuditEvent, Deal, DealLossReason, DealStage, Order, Task
from tests import make
from tests.campaigns.test_prospects import like, prospect

BOARD = reverse("campaigns:deal_board")
LIST = reverse("campaigns:deal_list")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def url(name, deal):
    return reverse(f"campaigns:deal_{name}", args=[deal.pk])


@pytest.fixture
def firm(db, rep, colleague):
    """A customer with two deals, a prospect with one, a colleague's customer."""
    run = make.run()
    like(run, 1, worth="2000.00", won="100.00")
    customer = make.account(name="Elm", owner=rep)
    make.valuation(account=customer, run=run)
    make.membership(account=customer, worth_class="current_key")
    hoped_for = prospect(run, 1, name="Alder", owner=rep, used="50.00")
    foreign = make.account(name="Oak", owner=colleague)
    return {
        "big": make.deal(account=customer, stage=3, lines=[("10", "100", "60")]),
        "vague": make.deal(account=customer, stage=3),
        "hoped": make.deal(account=hoped_for, stage=2, lines=[("1", "300", None)]),
        "foreign": make.deal(account=foreign, lines=[("1", "100", "50")]),
    }


def board(client, user, **query):
    client.force_login(user)
    return client.get(BOARD, query)


def test_columns_sum_margin_and_weigh_it(client, firm, manager):
    columns = board(client, manager).context["board"].columns
    assert [column.stage.name for column in columns] == [
        "Enquiry",
        "Needs known",
        "Offer made",
        "Negotiation",
    ]
    assert [column.total.count for column in columns] == [1, 1, 2, 0]
    rate = Assumptions.objects.current().margin_rate_if_cost_unknown
    assert columns[1].total.margin == 300 * rate
    assert columns[2].total.margin == Decimal("400.00")
    assert columns[2].total.expected_margin == Decimal("180.00")  # 45 % stated
    assert board(client, manager).context["board"].expected_margin == sum(
        column.total.expected_margin for column in columns
    )


def test_cards_carry_the_customers_worth_not_only_the_amount(client, firm, rep):
    columns = board(client, rep).context["board"].columns
    big, vague = columns[2].cards
    assert (big.deal, big.clv, big.worth_class) == (
        firm["big"],
        Decimal("1000.00"),
        "current_key",
    )
    assert big.one.margin == Decimal("400.00")
    assert (vague.one.margin, vague.one.expected_margin) == (None, None)
    (hoped,) = columns[1].cards
    assert hoped.one.is_assumed
    assert hoped.clv is None
    assert hoped.prospect.worth_once_won == Decimal("2000.00")
    assert hoped.prospect.pay_at_most == Decimal("450.00")  # 25 % of 2000, less 50


def test_a_rep_sees_deals_of_the_own_accounts(client, firm, rep):
    shown = board(client, rep)
    assert shown.context["board"].count == 3
    assert "Oak" not in shown.text
    assert client.get(url("detail", firm["foreign"])).status_code == 404
    assert client.get(f"{LIST}?status=all").context["count"] == 3


def test_stale_is_said_in_words(client, firm, rep, manager):
    Deal.objects.filter(pk=firm["big"].pk).update(
        stage_since=timezone.now() - dt.timedelta(days=22)
    )
    text = board(client, rep).text
    assert "Stale: 22 days here, 21 allowed" in text
    found = board(client, rep, stale="on").context["board"]
    assert [c.cards[0].deal for c in found.columns if c.cards] == [firm["big"]]
    assert list(Deal.objects.stale()) == [firm["big"]]
    on_the_day = timezone.now() - dt.timedelta(days=21)
    Deal.objects.update(stage_since=on_the_day)
    assert not Deal.objects.stale().filter(stage__position=3).exists()


def test_filters_narrow_board_and_list(client, firm, manager, rep):
    assert board(client, manager, search="alder").context["board"].count == 1
    assert board(client, manager, owner=rep.pk).context["board"].count == 3
    assert client.get(LIST, {"stage": firm["big"].stage_id}).context["count"] == 2
    assert client.get(LIST, {"status": "won"}).context["count"] == 0
    assert "No deal matches" in client.get(LIST, {"search": "nobody"}).text


@pytest.mark.parametrize(
    ("sort", "order"), [("-margin", "EAOE"), ("account", "AEEO"), ("since", "EEAO")]
)
def test_sorting(client, firm, manager, sort, order):
    Deal.objects.filter(pk=firm["foreign"].pk).update(stage_since=timezone.now())
    client.force_login(manager)
    page = client.get(LIST, {"sort": sort}).context["page"]
    names = [card.deal.account.name[0] for card in page]
    if sort == "-margin":
        rate = Assumptions.objects.current().margin_rate_if_cost_unknown
        assert 300 * rate > 50
    assert "".join(names) == order


@pytest.mark.parametrize("address", [BOARD, LIST])
def test_queries_do_not_grow_with_deals(
    client, firm, manager, assert_flat_queries, address
):
    client.force_login(manager)

    def grow():
        for account in (make.account(owner=manager) for _ in range(3)):
            made = make.deal(account=account, stage=2, lines=[("1", "10", "5")])
            Task.objects.create(
                account=account,
                deal=made,
                owner=manager,
                title="Call",
                due_on=business_today(),
            )

    assert_flat_queries(lambda: client.get(address), grow)


@pytest.mark.parametrize("address", [BOARD, LIST])
def test_fragment_and_page(client, firm, manager, address):
    client.force_login(manager)
    assert "<html" in client.get(address).text
    assert "<html" not in client.get(address, headers=HTMX).text


def test_an_empty_firm_is_told_what_to_do(client, manager):
    assert "No open deals" in board(client, manager).text
    assert "No open deals" in client.get(LIST).text


def test_names_of_any_script_stay_text(client, firm, manager):
    wild = "<b>O'Brien</b> مرحبا " + "x" * 170
    Deal.objects.filter(pk=firm["big"].pk).update(title=wild)
    for address in (BOARD, LIST, url("detail", firm["big"])):
        client.force_login(manager)
        text = client.get(address).text
        assert "&lt;b&gt;O&#x27;Brien" in text
        assert "<b>O'" not in text


# -- Moving -------------------------------------------------------------------------


def move(client, deal, position, **more):
    stage = DealStage.objects.get(position=position)
    data = {"stage": stage.pk, "version": deal.version} | more
    return client.post(url("move", deal), data, headers=HTMX)


def test_a_dragged_card_gets_the_board_and_an_undo(client, firm, rep):
    client.force_login(rep)
    answer = move(client, firm["big"], 4)
    assert answer.status_code == 200
    assert [c.total.count for c in answer.context["board"].columns] == [0, 1, 1, 1]
    assert answer.context["undo_url"] in answer.text

    undone = client.post(answer.context["undo_url"], headers=HTMX)
    assert "Taken back" in undone.text
    assert undone.headers["HX-Trigger"] == '{"deal-moved": {"target": "body"}}'
    firm["big"].refresh_from_db()
    assert firm["big"].stage.position == 3
    assert client.post(answer.context["undo_url"]).status_code == 404


def test_an_old_card_is_refused_with_the_board_as_it_is(client, firm, rep):
    client.force_login(rep)
    move(client, firm["big"], 4)
    answer = move(client, firm["big"], 1)
    assert answer.status_code == 409
    assert "Somebody else changed this record" in answer.text
    firm["big"].refresh_from_db()
    assert firm["big"].stage.position == 4


def test_without_scripts_a_move_leads_back(client, firm, rep):
    client.force_login(rep)
    data = {"stage": DealStage.objects.get(position=1).pk, "then": "board"}
    assert client.post(url("move", firm["big"]), data).url == BOARD
    toast = client.get(BOARD).text
    assert "now in Enquiry" in toast
    assert (
        reverse("campaigns:deal_undo", args=[firm["big"].changes.first().pk]) in toast
    )


def test_a_colleagues_deal_cannot_be_moved(client, firm, rep):
    client.force_login(rep)
    assert move(client, firm["foreign"], 4).status_code == 404
    change = firm["foreign"].changes.get()
    undo = reverse("campaigns:deal_undo", args=[change.pk])
    assert client.post(undo).status_code == 404
    firm["foreign"].refresh_from_db()
    assert firm["foreign"].stage.position == 1


# -- Forms --------------------------------------------------------------------------


def rows(*lines, initial=0):
    data = {"line-TOTAL_FORMS": len(lines), "line-INITIAL_FORMS": initial}
    for number, line in enumerate(lines):
        for name, value in line.items():
            data[f"line-{number}-{name}"] = value
    return data


def test_the_account_is_asked_for_and_colleagues_accounts_are_not_found(
    client, firm, rep
):
    client.force_login(rep)
    address = reverse("campaigns:deal_create")
    assert "With which account?" in client.get(address).text
    assert "Elm" in client.get(address, {"search": "elm"}).text
    assert "No account of yours" in client.get(address, {"search": "oak"}).text
    foreign = firm["foreign"].account_id
    assert "With which account?" in client.get(address, {"account": foreign}).text


def test_an_edit_in_between_shows_both(client, firm, rep):
    client.force_login(rep)
    deal = firm["vague"]
    old = {"title": "Mine", "version": deal.version} | rows()
    Deal.objects.filter(pk=deal.pk).update(title="Theirs", version=deal.version + 1)
    answer = client.post(url("edit", deal), old)
    assert answer.status_code == 409
    assert "now “Theirs”" in answer.text
    deal.refresh_from_db()
    assert deal.title == "Theirs"
    again = old | {"version": deal.version}
    assert client.post(url("edit", deal), again).url == url("detail", deal)


# -- The end ------------------------------------------------------------------------


def test_losing_asks_why(client, firm, rep):
    client.force_login(rep)
    deal = firm["big"]
    refused = client.post(url("lose", deal), {"version": deal.version})
    assert refused.status_code == 422
    assert "Say why it was lost." in refused.text
    reason = DealLossReason.objects.get(name="Price")
    data = {"reason": reason.pk, "competitor": "Rival", "version": deal.version}
    assert client.post(url("lose", deal), data).url == BOARD
    deal.refresh_from_db()
    assert (deal.status, deal.loss_reason, deal.competitor) == ("lost", reason, "Rival")
    assert "Lost to" in client.get(url("detail", deal)).text


def test_winning_places_the_order_once(client, firm, rep):
    client.force_login(rep)
    deal = firm["hoped"]
    assert 'value="place"' in client.get(url("win", deal)).text
    data = {
        "how": "place",
        "ordered_on": business_today(),
        "competitor": "Rival",
        "version": deal.version,
    }
    assert client.post(url("win", deal), data).url == url("detail", deal)
    deal.refresh_from_db()
    assert (deal.status, deal.competitor) == ("won", "Rival")
    assert deal.order.lines.get().revenue == Decimal(300)
    assert deal.account.stage == Stage.CUSTOMER
    assert client.post(url("win", deal), data).status_code == 422
    assert Order.objects.count() == 1


def test_winning_links_what_is_entered_or_waits(client, firm, rep):
    client.force_login(rep)
    deal = firm["vague"]
    order = make.order(account=deal.account)
    later = {"how": "later", "version": deal.version}
    client.post(url("win", deal), later)
    assert "no revenue is counted" in client.get(url("detail", deal)).text
    refused = client.post(url("order", deal), {"how": "link"})
    assert refused.status_code == 422
    client.post(url("order", deal), {"how": "link", "order": order.pk})
    deal.refresh_from_db()
    assert deal.order == order
    client.post(url("unlink", deal))
    client.post(url("reopen", deal))
    deal.refresh_from_db()
    assert (deal.status, deal.order) == ("open", None)


def test_a_refused_order_leaves_the_deal_open(client, firm, rep):
    client.force_login(rep)
    deal = firm["big"]
    tomorrow = business_today() + dt.timedelta(days=1)
    data = {"how": "place", "ordered_on": tomorrow, "version": deal.version}
    answer = client.post(url("win", deal), data)
    assert answer.status_code == 422
    assert "lies in the future" in answer.text
    deal.refresh_from_db()
    assert (deal.status, Order.objects.count()) == ("open", 0)
    assert not AuditEvent.objects.filter(action="deal.won").exists()


# -- Stages -------------------------------------------------------------------------


def test_the_chance_comes_from_the_firms_own_deals(client, firm, manager):
    for status in ("won", "won", "won", "lost"):
        make.deal(stage=3, status=status)
    client.force_login(manager)
    chances = client.get(reverse("campaigns:deal_stages")).context["chances"]
    third = chances[2]
    assert (third.won, third.lost) == (3, 1)
    assert third.chance == pytest.approx((4.5 + 3) / (10 + 4))
    assert third.low < third.chance < third.high
    assert (chances[3].won, chances[3].lost) == (0, 0)


def test_a_deal_that_jumped_passed_what_lies_between(client, firm, rep, manager):
    client.force_login(rep)
    move(client, firm["foreign"], 4)  # not the rep's
    move(client, firm["hoped"], 4)
    firm["hoped"].refresh_from_db()
    client.post(url("win", firm["hoped"]), {"how": "later"})
    client.force_login(manager)
    chances = client.get(reverse("campaigns:deal_stages")).context["chances"]
    assert [one.won for one in chances] == [0, 1, 1, 1]


def test_a_manager_keeps_the_catalogue(client, manager, rep):
    client.force_login(manager)
    data = {"name": "Pilot", "prior_chance": "0.6", "stale_after_days": "30"}
    new = reverse("campaigns:stage_create")
    assert client.post(new, data | {"is_active": "on"}).status_code == 302
    assert DealStage.objects.get(name="Pilot").position == 5
    assert client.post(new, data | {"is_active": "on"}).status_code == 422
    client.post(reverse("campaigns:reason_create"), {"name": "Colour"})
    assert DealLossReason.objects.filter(name="Colour").exists()
    client.force_login(rep)
    assert client.post(new, data).status_code == 403


def test_the_account_page_lists_its_open_deals(client, firm, rep):
    client.force_login(rep)
    account = firm["big"].account
    text = client.get(reverse("campaigns:account_deals", args=[account.pk])).text
    assert firm["big"].title in text
    assert firm["hoped"].title not in text


def test_the_timeline_tells_of_deals_begun_and_closed(client, firm, rep):
    deal = firm["big"]
    make.deal(account=deal.account, title="Gone", status="lost", competitor="Rival")
    client.force_login(rep)
    page = reverse("crm:account_detail", args=[deal.account_id])
    text = client.get(page, {"tab": "timeline"}).text
    assert deal.title in text
    assert "Deal lost" in text
    assert "Rival" in text
    assert url("detail", deal) in text
