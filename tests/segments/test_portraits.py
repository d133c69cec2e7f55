"""Portraits: planted traits, risks and ratings are found; little is said of few."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from common.lists.sets import account_set
from crm.models import Account, Holding, Territory
from segments.choices import WorthClass
from segments.queries.portrait_words import KINDS
from segments.queries.portraits import Counted
from segments.queries.scope import Scope
from segments.services import portraits
from tests import make

DAY = dt.date(2026, 11, 20)
EARLIER = dt.date(2026, 9, 20)
OLD = dt.date(2025, 1, 20)
URL = reverse("segments:class_portrait", args=["current_key"])


@pytest.fixture
def runs(db):
    make.class_policy()
    return make.run(as_of=EARLIER), make.run(as_of=DAY)


def member(run, worth_class, *, realised="100.00", alive=0.8, **fields):
    account = make.account(**fields)
    make.membership(account=account, worth_class=worth_class, since=EARLIER, run=run)
    make.valuation(account=account, run=run, realised=realised, probability_alive=alive)
    return account


def facts(run, key=WorthClass.CURRENT_KEY):
    portraits.write_portraits(run)
    return portraits.portrait(run, key)


def test_a_planted_trait_is_found_and_a_common_one_is_not(runs):
    _, run = runs
    for n in range(40):
        industry = "Brewing" if n < 20 else "Retail"
        member(run, "current_key", industry=industry, source="event")
    for n in range(60):
        industry = "Brewing" if n < 2 else "Retail"
        member(run, "general", industry=industry, source="event")

    (trait,) = facts(run)["traits"]

    assert (trait["kind"], trait["value"]) == ("industry", "Brewing")
    assert (trait["accounts"], trait["everybody"]) == (20, 22)
    assert trait["lift"] == pytest.approx(20 / 40 / (22 / 100), abs=0.001)
    assert trait["low"] < trait["lift"] < trait["high"]


def test_spread_is_told_by_quartiles_and_bars_that_sum(runs):
    _, run = runs
    for realised in ("-1000.00", "0.00", "100.00", "600.00"):
        member(run, "current_key", realised=realised)
    found = facts(run)
    assert found["quartiles"] == ["-100.00", "900.00", "1000.00"]
    assert sum(n for _, _, n in found["bars"]) == 4


def test_risks_count_who_fades_and_whose_contract_ends(runs):
    before, run = runs
    product = make.product()
    fading, steady = (member(run, "current_key", alive=a) for a in (0.5, 0.75))
    for account in (fading, steady):
        make.valuation(account=account, run=before, probability_alive=0.8)
    Holding.objects.create(
        account=steady,
        product=product,
        quantity=1,
        acquired_on=EARLIER,
        ends_on=DAY + dt.timedelta(days=90),
    )
    found = facts(run)
    assert found["falling"] == {"accounts": 1, "expected": "900.00"}
    assert found["ending"] == {"accounts": 1, "expected": "900.00"}
    assert found["compared_with"] == EARLIER.isoformat()


def test_satisfaction_is_mean_and_worst_tenth_of_rated_contacts(runs):
    _, run = runs
    account = member(run, "current_key")
    for rating in (5, 5, 5, 1):
        make.touchpoint(
            account=account,
            occurred_at=dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC),
            rating_people=rating,
        )
    found = facts(run)["satisfaction"]
    assert found == {"contacts": 4, "accounts": 1, "mean": 4.0, "worst_tenth": 1.0}
    assert facts(run, WorthClass.GENERAL)["satisfaction"] is None


def test_the_page_says_what_little_is_known_and_what_to_do(client, manager, runs):
    member(runs[1], "current_key", realised="50.00")
    client.force_login(manager)
    text = client.get(URL).content.decode()
    assert "1 account: too few to tell" in text
    assert "Rate contacts: nobody knows how satisfied members are." in text
    empty = client.get(reverse("segments:class_portrait", args=["general"]))
    assert "Nobody stands in this class" in empty.content.decode()


def test_the_kept_portrait_is_read_not_counted(client, manager, runs, rep):
    _, run = runs
    member(run, "current_key", realised=Decimal("50.00"))
    portraits.write_portraits(run)
    member(run, "current_key")
    assert portraits.portrait(run, WorthClass.CURRENT_KEY)["accounts"] == 1
    client.force_login(rep)
    assert client.get(URL).status_code == 403


def test_a_filter_narrows_members_and_everybody(runs, manager):
    _, run = runs
    for name in ("Brewing", "Retail"):
        for realised in ("100.00", "600.00"):
            member(run, "current_key", industry=name, realised=realised)
    scope = Scope.read({"industry": "Brewing"}, manager)
    portraits.write_portraits(run)

    found = portraits.portrait_in(scope, WorthClass.CURRENT_KEY)

    assert (found["accounts"], found["everybody"]) == (2, 2)
    whole = portraits.portrait_in(Scope.read({}, manager), WorthClass.CURRENT_KEY)
    assert whole["accounts"] == 4


def test_the_api_narrows_portraits(client, runs, manager):
    _, run = runs
    for name in ("Brewing", "Retail"):
        member(run, "current_key", industry=name)
    client.force_login(manager)
    url = reverse("api:class-portrait-list")
    found = client.get(url, {"industry": "Brewing"}).json()
    assert found[0]["facts"]["accounts"] == 1
    assert client.get(url).json()[0]["facts"]["accounts"] == 2
    assert client.get(url, {"class": "general"}).status_code == 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_trait_opens_those_who_share_it(runs, manager, kind):
    _, run = runs
    territory = Territory.objects.create(name="North")
    fields = {"industry": "Brewing", "source": "event", "size_band": "1-9"}
    fields |= {"relationship_type": "partner", "stage": "customer"}
    shares = member(run, "current_key", territory=territory, **fields)
    product = make.product(name="Press")
    holding = {"product": product, "acquired_on": EARLIER, "quantity": 1}
    Holding.objects.create(account=shares, **holding)
    make.touchpoint(account=shares, channel="visit", occurred_at=noon(EARLIER))
    old = member(run, "current_key", industry="Retail", source="web", stage="prospect")
    Holding.objects.create(account=old, ends_on=EARLIER, **holding)
    make.touchpoint(account=old, channel="visit", occurred_at=noon(OLD))
    value = {"territory": "North", "product": "Press", "channel": "visit"}
    given = {"kind": kind, "value": (value | fields)[kind]}

    ids = account_set("sharing").accounts(manager, given)

    assert list(Account.objects.filter(pk__in=ids)) == [shares]
    counted = Counted(run, None).traits()
    assert counted[kind, given["value"]] == {"current_key": 1}


def noon(day):
    return dt.datetime.combine(day, dt.time(12), dt.UTC)
