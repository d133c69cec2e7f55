"""Share of wallet by category, and competitors at an account."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from common.clock import business_today
from common.errors import StaleRecordError
from crm.errors import CannotSaveWalletError
from crm.models import (
    AuditEvent,
    Competitor,
    CompetitorPresence,
    WalletEstimate,
)
from crm.queries.wallet import competitors, wallet
from crm.services import wallet as service
from tests import make

TODAY = business_today()


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def rival(db):
    return Competitor.objects.create(name="Kontorland")


def buy(account, category, revenue, days_ago=10):
    product = make.product(category=category)
    on = TODAY - dt.timedelta(days=days_ago)
    order = make.order(account=account, on=on, lines=[(1, revenue, "1")])
    order.lines.update(product=product)
    return order.lines.get()


def estimate(account, category="Paper", amount="1000", **fields):
    return service.estimate_wallet(
        actor=None,
        account=account,
        category=category,
        amount=None if amount is None else Decimal(amount),
        source=fields.pop("source", "guess"),
        **fields,
    )


def test_our_share_is_the_last_year_less_refunds(account):
    line = buy(account, "Paper", "300")
    buy(account, "Paper", "999", days_ago=366)
    buy(account, "Toner", "50")
    line.returns.create(
        account=account, returned_on=TODAY, quantity=1, refund=Decimal(50)
    )
    assert wallet(account).share is None
    estimate(account)
    found = wallet(account)
    paper, toner = found.lines
    assert (paper.ours, paper.amount, paper.share) == (250, 1000, 0.25)
    assert (toner.ours, toner.amount, toner.share) == (50, None, None)
    assert (found.ours, found.amount, found.share) == (250, 1000, 0.25)


def test_the_newest_estimate_counts_and_may_say_unknown_again(account):
    buy(account, "Paper", "300")
    estimate(account, amount="200", estimated_on=TODAY - dt.timedelta(days=5))
    (line,) = wallet(account).lines
    assert line.is_above_all
    estimate(account, amount=None)
    assert wallet(account).share is None
    assert WalletEstimate.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"category": "Yachts"}, "category"),
        ({"source": "dream"}, "source"),
        ({"estimated_on": TODAY + dt.timedelta(days=1)}, "estimated_on"),
    ],
)
def test_impossible_estimates_change_nothing(account, fields, field):
    make.product(category="Paper")
    with pytest.raises(CannotSaveWalletError) as caught:
        estimate(account, **fields)
    assert caught.value.field == field
    assert not WalletEstimate.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_competitor_is_noted_once_and_may_go(rep, account, rival, manager):
    noted = service.note_competitor(
        actor=rep, account=account, competitor=rival, product=make.product(category="X")
    )
    assert noted.category == "X"
    with pytest.raises(CannotSaveWalletError):
        service.note_competitor(
            actor=rep, account=account, competitor=rival, product=noted.product
        )
    assert [row.accounts for row in competitors(manager)] == [1]
    service.end_presence(actor=rep, presence=noted, until=TODAY)
    assert wallet(account).competitors == []
    assert wallet(account).gone == [noted]
    with pytest.raises(CannotSaveWalletError):
        service.end_presence(actor=rep, presence=noted, until=TODAY)
    assert CompetitorPresence.objects.count() == 1


def test_names_of_competitors_are_taken_once(manager, rival):
    with pytest.raises(CannotSaveWalletError):
        service.create_competitor(actor=manager, name="KONTORLAND")
    other = service.create_competitor(actor=manager, name="Papirgården")
    with pytest.raises(CannotSaveWalletError):
        service.change_competitor(actor=manager, competitor=other, name="kontorland")
    with pytest.raises(StaleRecordError):
        service.change_competitor(
            actor=manager, competitor=other, expected_version=9, note="Dear"
        )
    other.refresh_from_db()
    assert (other.name, other.note) == ("Papirgården", "")


def test_pages_store_and_show(client, rep, manager, account, rival):
    client.force_login(manager)
    path = reverse("crm:competitor_create")
    assert client.post(path, {"name": "kontorland"}).status_code == 422
    assert client.post(path, {"name": "Büro & Söhne"}).status_code == 302
    page = client.get(reverse("crm:competitor_list")).content.decode()
    assert "Büro &amp; Söhne" in page
    client.force_login(rep)
    buy(account, "Paper", "300")
    path = reverse("crm:estimate_create", args=[account.pk])
    values = {"category": "Paper", "source": "customer", "estimated_on": TODAY}
    assert client.post(path, values | {"amount": "0"}).status_code == 422
    assert client.post(path, values | {"amount": "1200"}).status_code == 302
    path = reverse("crm:presence_create", args=[account.pk])
    assert client.post(path, {"competitor": rival.pk}).status_code == 302
    tab = reverse("crm:account_detail", args=[account.pk]) + "?tab=products"
    page = client.get(tab).content.decode()
    assert "We get <strong>25\u202f%</strong>" in page
    assert "Kontorland" in page
    noted = CompetitorPresence.objects.get()
    client.post(reverse("crm:presence_end", args=[noted.pk]))
    assert "gone since" in client.get(tab).content.decode()


def test_competitors_are_counted_in_one_go(client, manager, rival, assert_flat_queries):
    client.force_login(manager)

    def grow():
        for _ in range(3):
            CompetitorPresence.objects.create(account=make.account(), competitor=rival)
            Competitor.objects.create(name=make.account().name)

    assert_flat_queries(lambda: client.get(reverse("crm:competitor_list")), grow)
