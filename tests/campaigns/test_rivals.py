"""Competitors of deals: the catalogue, the report, Today and the timeline."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.queries.rivals import Period, deals_against, last_year, rival_report
from campaigns.queries.timeline import deals_moved
from campaigns.queries.today import todo
from campaigns.services import agenda
from common.clock import business_today
from crm.models import Competitor, Deal, DealLossReason, DealStage
from crm.services import deal_moves, deals, wallet
from tests import make


@pytest.fixture
def rival(manager):
    return wallet.create_competitor(actor=manager, name="Kontorland")


def test_words_that_mean_a_competitor_know_it(rep, manager, rival):
    account = make.account(owner=rep)
    deal = deals.create_deal(
        actor=rep, account=account, title="Chairs", competitor=" kontorland "
    )
    assert (deal.competitor, deal.rival) == ("Kontorland", rival)
    deals.change_deal(actor=rep, deal=deal, competitor="Papir  A/S")
    assert (deal.competitor, deal.rival) == ("Papir A/S", None)
    other = wallet.create_competitor(actor=manager, name="PAPIR a/s")
    deal.refresh_from_db()
    assert (deal.competitor, deal.rival) == ("PAPIR a/s", other)
    wallet.change_competitor(actor=manager, competitor=other, name="Papirgården")
    deal.refresh_from_db()
    assert (deal.competitor, deal.rival) == ("Papirgården", other)
    reason = DealLossReason.objects.first()
    deal_moves.lose_deal(actor=rep, deal=deal, reason=reason, competitor="KONTORLAND")
    assert (deal.competitor, deal.rival) == ("Kontorland", rival)


def test_a_manager_adds_the_words_as_a_competitor(client, rep, manager):
    deal = make.deal(account=make.account(owner=rep), competitor="Nord & Søn")
    page, add = (
        reverse(f"campaigns:{name}", args=[deal.pk])
        for name in ("deal_detail", "rival_catalogue")
    )
    client.force_login(rep)
    assert "Add as competitor" not in client.get(page).content.decode()
    client.force_login(manager)
    assert "Add as competitor" in client.get(page).content.decode()
    client.post(add)
    deal.refresh_from_db()
    assert deal.rival == Competitor.objects.get(name="Nord & Søn")
    assert "Add as competitor" not in client.get(page).content.decode()


@pytest.fixture
def decided(rep, colleague, rival):
    """Two deals won from Kontorland at one account, one lost, one of a colleague."""
    run = make.run(as_of=business_today())
    mine, other = make.account(owner=rep), make.account(owner=rep)
    for account, clv in ((mine, "100.00"), (other, "50.00")):
        make.valuation(account=account, run=run, realised=clv)
    said = {"competitor": "Kontorland", "rival": rival}
    line = [(1, "100.00", "60.00")]
    for days in (1, 20):
        make.deal(account=mine, status="won", days=days, lines=line, **said)
    make.deal(account=mine, status="won", days=500, lines=line, **said)
    make.deal(account=other, status="lost", days=3, **said)
    make.deal(account=other, status="lost", days=3, competitor="Somebody")
    make.deal(account=make.account(owner=colleague), status="lost", days=3, **said)
    return last_year(business_today())


def test_wins_and_losses_by_competitor_with_the_clv(rep, manager, decided):
    report = rival_report(user=rep, period=decided)
    rows = [
        (r.name, r.won, r.lost, r.margin_won, r.clv_won, r.clv_lost, r.share_won)
        for r in report.rows
    ]
    assert rows == [
        ("Kontorland", 2, 1, Decimal("80.00"), Decimal(1000), Decimal(950), None),
        ("Somebody", 0, 1, Decimal("0.00"), Decimal(0), Decimal(950), None),
    ]
    assert rival_report(user=manager, period=decided).lost == 3
    key = report.rows[0].key
    assert len(deals_against(user=rep, period=decided, key=key)) == 3
    assert len(deals_against(user=rep, period=decided, key="wsomebody")) == 1
    nothing = Period(dt.date(2020, 1, 1), dt.date(2020, 1, 2))
    assert rival_report(user=rep, period=nothing).rows == []


def test_the_report_as_page_csv_and_over_the_api(
    client, rep, decided, assert_flat_queries
):
    client.force_login(rep)
    path = reverse("campaigns:rival_page")
    page = client.get(path, {"competitor": "wsomebody"}).content.decode()
    assert "not in the catalogue" in page
    assert f'value="{decided.since}"' in page
    assert "1 deal</span>" in page
    back = client.get(path, {"since": "2026-02-01", "until": "2026-01-01"})
    assert back.status_code == 422
    csv = client.post(reverse("campaigns:rival_export"))
    assert b"Kontorland,yes,2,1,80.00" in b"".join(csv.streaming_content)
    found = client.get(reverse("api:deals-by-competitor-list")).json()
    assert found["results"][0]["clv_won"] == "1000.00"
    wrong = client.get(reverse("api:deals-by-competitor-list"), {"since": "2999-01-01"})
    assert wrong.status_code == 400

    def grow():
        for n in range(3):
            make.deal(
                account=make.account(owner=rep), status="lost", competitor=f"R{n}"
            )

    assert_flat_queries(lambda: client.get(path), grow)


def test_a_deal_that_stands_still_is_in_today_until_it_moves(rep):
    today = business_today()
    deal = make.deal(account=make.account(owner=rep), title="Chairs", days=60)
    make.deal(account=make.account(owner=rep), days=1)

    def shown():
        found = todo(user=rep, today=today, owner=rep, rows=25).due
        return [one for one in found if one.source == "staledeal"]

    (one,) = shown()
    assert one.title == "Deal: Chairs"
    assert one.why.startswith("In the stage Enquiry since ")
    assert one.why.endswith("; 14 days are allowed. Move it on, or close it.")
    agenda.settle(actor=rep, marks=[agenda.Mark.read(one.mark)])
    assert shown() == []
    stage = DealStage.objects.get(position=2)
    deal_moves.move_deal(actor=rep, deal=deal, stage=stage)
    long_ago = deal.stage_since - dt.timedelta(days=90)
    Deal.objects.filter(pk=deal.pk).update(stage_since=long_ago)
    assert len(shown()) == 1


def test_moves_of_a_deal_stand_in_the_timeline(rep):
    account = make.account(owner=rep)
    deal = deals.create_deal(actor=rep, account=account, title="Chairs")
    deal_moves.move_deal(actor=rep, deal=deal, stage=DealStage.objects.get(position=2))
    deal_moves.win_deal(actor=rep, deal=deal)
    deal_moves.reopen_deal(actor=rep, deal=deal)
    entries = deals_moved([account.pk])
    said = entries.rows.order_by("pk").annotate(
        t=entries.columns["title"], x=entries.columns["text"]
    )
    assert list(said.values_list("t", "x")) == [
        ("Deal moved", "Chairs. Enquiry → Needs known"),
        ("Deal opened again", "Chairs. Needs known → Needs known"),
    ]
