"""The metrics of an account: each with its formula, its age, and unknown as unknown."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.queries.metrics import metrics_of
from common.clock import business_today
from common.templatetags.display import cents
from tests import make


def named(account):
    return {m.key: m for group in metrics_of(account) for m in group.metrics}


@pytest.fixture
def valued(db, rep):
    run = make.run(as_of=business_today())
    account = make.account(name="Acme", owner=rep)
    make.valuation(
        account=account, run=run, realised="1000.10", expected_margin="500.00"
    )
    return account


def test_every_metric_says_how_it_comes_about_and_as_of_when(valued):
    for metric in named(valued).values():
        assert metric.formula, metric.key
        assert metric.fresh, metric.key


def test_values_are_those_of_the_night(valued):
    found = named(valued)
    assert found["realised"].value == cents(Decimal("1000.10"))
    assert found["clv"].value == cents(Decimal("1500.10"))


def test_what_nobody_knows_is_unknown_not_nothing(valued):
    found = named(valued)
    for key in ("adherence", "satisfaction", "worst-tenth", "class"):
        assert found[key].is_unknown, key


def test_ratings_and_contacts_of_the_last_year_count(valued):
    now = dt.datetime.now(tz=dt.UTC)
    for ratings, ago in (((5, 5), 1), ((3, 1), 2), ((1, 1), 400)):
        make.touchpoint(
            account=valued,
            occurred_at=now - dt.timedelta(days=ago),
            minutes=30,
            rating_people=ratings[0],
            rating_information=ratings[1],
        )
    found = named(valued)
    assert found["satisfaction"].value == "3.5 (People 4.0, Information 3.0)"
    assert found["worst-tenth"].value == "2.0"
    assert (found["contacts"].value, found["hours"].value) == ("2", "1.0")


def test_before_the_first_night_the_page_says_that_worth_comes_later(db, rep, client):
    account = make.account(owner=rep)
    client.force_login(rep)
    page = client.get(reverse("campaigns:account_metrics", args=[account.pk]))
    assert "no night has valued this account yet" in page.content.decode()


def test_a_colleagues_account_has_no_metrics_page(valued, colleague, client):
    client.force_login(colleague)
    url = reverse("campaigns:account_metrics", args=[valued.pk])
    assert client.get(url).status_code == 404
