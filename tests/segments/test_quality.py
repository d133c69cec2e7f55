"""Data quality: doubt in money; a gap that is filled shrinks it by what was said."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from crm.models import OrderLine, User
from segments.engine.doubt import Doubt, Like, doubt_of
from segments.models import StoredFigures
from segments.queries.picked import Picked
from segments.queries.quality import quality_in
from segments.queries.quality_facts import QUALITY, quality_rows
from segments.queries.scope import Scope
from tests import make

URL = reverse("segments:quality")
DAY = dt.date(2026, 11, 20)
AT = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


def sell(account, product, *, price, cost):
    order = make.order(account=account, lines=[(1, price, cost)])
    order.lines.update(product=product)


@pytest.fixture
def firm(db, rep, colleague):
    """Margins of five like products from 20 to 60 %; 1,000 of a sixth are unknown."""
    run = make.run(as_of=DAY)
    known = make.account(name="Known", owner=colleague, industry="Food")
    gappy = make.account(name="Gappy", owner=rep)
    for number in range(5):
        sell(
            known,
            make.product(category="Shelves"),
            price=100,
            cost=80 - 10 * number,
        )
    unknown = make.product(name="Mystery", category="Shelves", unit_cost=None)
    sell(gappy, unknown, price=1000, cost=None)
    make.valuation(account=known, run=run, cost_to_win=Decimal(100), margin=200)
    make.valuation(account=gappy, run=run, revenue_cost_unknown=Decimal(1000))
    return unknown


def quality(user, **asked):
    return quality_in(Scope.read(asked, user))


def by_key(found):
    return {row.fact.key: row for row in found.rows}


def test_a_doubt_spans_like_cases_and_what_is_counted():
    like = Like(9, 0.2, 0.5)
    margin = doubt_of(amount=1000, counted=0.3, like=like, is_cost=False)
    assert (margin.low, margin.high) == pytest.approx((-100, 200))
    cost = doubt_of(amount=10, counted=0, like=Like(9, 5, 50), is_cost=True)
    assert cost == Doubt(-500, 0)
    assert (margin + cost).width == pytest.approx(800)
    assert not Like(4, 1, 2).is_enough


def test_unknown_unit_costs_take_the_margins_of_like_products(firm, manager):
    row = by_key(quality(manager))["unit_cost"]
    # Rates 20 to 60 %: their 10th and 90th hundredth are 24 and 56 %; 30 % is assumed.
    rate = float(Scope.read({}, manager).run.assumptions.margin_rate_if_cost_unknown)
    assert float(row.low) == pytest.approx(min(240 - 1000 * rate, 0))
    assert float(row.high) == pytest.approx(max(560 - 1000 * rate, 0))
    assert (row.things, row.accounts) == (1, 1)
    assert [one.name for one in row.products] == ["Mystery"]


def test_filling_a_gap_shrinks_the_range_by_what_was_said(firm, manager):
    before = quality(manager)
    said = by_key(before)["unit_cost"].width
    assert said > 0
    assert before.high - before.low == before.width
    OrderLine.objects.filter(product=firm).update(unit_cost=Decimal(500))
    after = quality(manager)
    assert before.width - after.width == said


def test_too_few_like_cases_are_not_measured(firm, manager):
    row = by_key(quality(manager))["cost_to_win"]
    assert (row.doubt, row.things, row.unmeasured) == (None, 1, 1)
    body = quality(manager)
    assert row in body.rows
    assert row not in body.measured


def test_minutes_and_hours_are_priced_as_like_ones(firm, manager, rep):
    gappy = make.account(name="Visited", owner=rep)
    make.valuation(account=gappy)
    User.objects.filter(pk=rep.pk).update(hourly_cost=60)
    for minutes in (10, 20, 30, 40, 50):
        make.touchpoint(account=gappy, user=rep, minutes=minutes, occurred_at=AT)
    make.touchpoint(account=gappy, user=rep, occurred_at=AT)
    make.touchpoint(account=gappy, user=rep, occurred_at=AT, outcome="no_answer")
    make.touchpoint(account=gappy, user=rep, occurred_at=AT, voided_at=AT)
    row = by_key(quality(manager))["minutes"]
    assert (row.things, row.accounts) == (1, 1)
    assert (row.low, row.high) == (Decimal("-46.00"), Decimal("0.00"))
    User.objects.filter(pk=rep.pk).update(hourly_cost=0)
    for cost in (30, 40, 50, 60, 70):
        make.user(hourly_cost=cost)
    free = by_key(quality(manager))["hourly_cost"]
    assert free.fact.unit == "hours"
    assert free.accounts == 1
    assert free.low < 0


def test_every_count_opens_its_names(firm, client, manager):
    make.account(name="Merged", merged_into=make.account(name="Never ordered"))
    client.force_login(manager)
    for row in quality(manager).rows:
        listed = client.get(row.url)
        assert listed.status_code == 200, row.fact.key
        assert len(listed.context["page"].rows) == row.accounts, row.fact.key
    (product,) = by_key(quality(manager))["unit_cost"].products
    assert "Gappy" in client.get(product.url).content.decode()
    assert "Known" not in client.get(product.url).content.decode()


def test_the_night_keeps_what_would_be_counted(firm, manager):
    counted = quality(manager)
    run = counted.run
    rows = quality_rows(Picked(run))
    StoredFigures.objects.create(run=run, block=QUALITY, rows=rows)
    assert quality(manager) == counted
    OrderLine.objects.filter(product=firm).update(unit_cost=Decimal(500))
    assert quality(manager) == counted  # until the next night
    narrowed = quality(manager, industry="Food")
    assert "unit_cost" not in by_key(narrowed)


def test_page_export_and_api_say_the_same(firm, client, manager, rep, read_only):
    client.force_login(manager)
    with read_only():
        body = client.get(URL).content.decode()
    assert "Unit costs of what was sold come first" in body
    assert "not measured" in body
    csv = b"".join(client.get(reverse("segments:quality_export"))).decode()
    width = by_key(quality(manager))["unit_cost"].width
    assert f",{width}," in csv
    caller = APIClient()
    caller.force_authenticate(manager)
    first = caller.get("/api/v1/data-quality/").json()[0]
    assert (first["key"], first["width"]) == ("unit_cost", str(width))
    assert first["products"][0]["name"] == "Mystery"
    caller.force_authenticate(rep)
    assert caller.get("/api/v1/data-quality/").status_code == 403


def test_nothing_valued_and_a_wrong_filter_are_said(client, manager, db):
    client.force_login(manager)
    assert "Nothing is valued yet" in client.get(URL).content.decode()
    make.run(as_of=DAY)
    assert "No account here" in client.get(URL).content.decode()
    assert client.get(URL, {"as_of": "soon"}).status_code == 422
