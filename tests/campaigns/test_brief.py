"""The pre-call brief: everything known on one page, and what to speak about."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from crm.models import Holding, Task
from tests import make


def url(account):
    return reverse("campaigns:account_brief", args=[account.pk])


@pytest.fixture
def account(rep):
    account = make.account(name="Kontor Nord", owner=rep)
    run = make.run()
    make.valuation(account=account, run=run, realised="900.00", expected_margin="0.00")
    make.membership(account=account, worth_class="current_key")
    contact = make.contact(account=account, name="Anna Berg", decision_role="user")
    make.touchpoint(account=account, user=rep, contact=contact, note="asked for prices")
    return account


def test_it_tells_worth_contacts_people_and_promises(client, rep, account):
    Task.objects.create(
        account=account, owner=rep, title="send offer", due_on=business_today()
    )
    client.force_login(rep)
    page = client.get(url(account)).content.decode()
    for words in (
        "900",
        "Current key",
        "asked for prices",
        "Anna Berg",
        "send offer",
    ):
        assert words in page


def test_what_ends_soon_is_spoken_about_and_says_why(client, rep, account):
    today = business_today()
    Holding.objects.create(
        account=account,
        product=make.product(name="Service contract", term_months=12),
        quantity=1,
        acquired_on=today - dt.timedelta(days=345),
        ends_on=today + dt.timedelta(days=20),
    )
    client.force_login(rep)
    points = client.get(url(account)).context["brief"].points
    (point,) = [p for p in points if "Service contract" in p.text]
    assert point.why


def test_an_account_of_which_nothing_is_known_says_so(client, rep):
    account = make.account(name="Blank", owner=rep)
    client.force_login(rep)
    page = client.get(url(account)).content.decode()
    for words in ("Not valued yet", "Nobody has logged", "No person is known"):
        assert words in page


def test_a_colleagues_account_is_not_found(client, colleague, account):
    client.force_login(colleague)
    assert client.get(url(account)).status_code == 404


def test_the_account_page_offers_it_by_key(client, rep, account):
    client.force_login(rep)
    page = client.get(reverse("crm:account_detail", args=[account.pk])).content.decode()
    assert f'href="{url(account)}" data-key="b"' in page


def test_more_rows_ask_no_more_questions(client, rep, account, assert_flat_queries):
    client.force_login(rep)

    def grow():
        for number in range(3):
            contact = make.contact(account=account, name=f"Person {number}")
            make.touchpoint(account=account, user=rep, contact=contact)

    assert_flat_queries(lambda: client.get(url(account)), grow)
