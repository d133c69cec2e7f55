"""How well accounts are known: a ring per facet, and key accounts with empty ones."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from crm.models import EventType, Holding, LifeEvent, Usage
from crm.queries.completeness import facets_of
from tests import make

TODAY = business_today()


def shares(account):
    return [facet.share for facet in facets_of([account.pk], TODAY)[account.pk]]


def know_everything(account):
    person = make.contact(
        account=account, decision_role="decider", attitude="supporter"
    )
    make.touchpoint(account=account, contact=person, occurred_at=timezone.now())
    make.order(account=account)
    holding = Holding.objects.create(
        account=account, product=make.product(), quantity=1, acquired_on=TODAY
    )
    Usage.objects.create(
        holding=holding, metric="Pages", month=TODAY.replace(day=1), value=9
    )
    LifeEvent.objects.create(
        account=account, type=EventType.objects.first(), occurred_on=TODAY
    )


def test_each_facet_counts_what_is_known(db):
    account = make.account()
    assert shares(account) == [0, 0, 0, 0]
    make.contact(account=account, decision_role="decider", attitude="critic")
    make.contact(account=account, left_on=TODAY)
    event = LifeEvent.objects.create(
        account=account,
        type=EventType.objects.first(),
        occurred_on=TODAY - dt.timedelta(days=500),
    )
    make.order(account=account)
    assert shares(account) == [0.5, 0, 0.75, 0.5]
    event.voided_at = timezone.now()
    event.save()
    assert shares(account)[3] == 0
    know_everything(account)
    assert shares(account) == [1, 1, 1, 1]


def test_the_header_says_what_is_missing(client, rep):
    account = make.account(owner=rep)
    client.force_login(rep)
    page = client.get(reverse("crm:account_detail", args=[account.pk]))
    words = "Events: 0 % known. Missing: what happened to them, what happened this year"
    assert words in page.content.decode()


@pytest.fixture
def keys(rep, colleague):
    """Key accounts: one known in full, one not, one of a colleague; and a small one."""
    known, unknown, foreign, small = (
        make.account(name=name, owner=owner)
        for name, owner in (
            ("Known", rep),
            ("Unknown", rep),
            ("Foreign", colleague),
            ("Small", rep),
        )
    )
    know_everything(known)
    for account in (known, unknown, foreign, small):
        make.valuation(account=account)
        worth_class = "general" if account == small else "current_key"
        make.membership(account=account, worth_class=worth_class)


def test_key_accounts_with_empty_facets_are_listed(client, rep, manager, keys):
    client.force_login(rep)
    page = client.get("/value/facets/")
    rows = page.context["found"].rows
    assert [row.account.name for row in rows] == ["Unknown"]
    assert "1 of the 2 key accounts" in page.content.decode()
    client.force_login(manager)
    rows = client.get("/value/facets/").context["found"].rows
    assert sorted(row.account.name for row in rows) == ["Foreign", "Unknown"]


def test_the_list_asks_the_same_questions_for_more(
    client, rep, keys, assert_flat_queries
):
    client.force_login(rep)

    def grow():
        for _ in range(3):
            account = make.account(owner=rep)
            make.valuation(account=account)
            make.membership(account=account, worth_class="potential_key")

    grow()
    assert_flat_queries(lambda: client.get("/value/facets/"), grow)


def test_the_list_says_its_night_and_goes_on_to_the_list_of_accounts(
    client, manager, keys
):
    client.force_login(manager)
    page = client.get(reverse("segments:facet_list"))
    night = page.context["run"].as_of
    assert f"CLV as of {night.day} {night:%b %Y}." in page.content.decode()
    names = [row.account.name for row in page.context["found"].rows]
    listed = client.get(page.context["found"].url)
    assert {row.record.name for row in listed.context["page"].rows} == set(names)
