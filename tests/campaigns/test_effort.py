"""Allocation: what is spent is spread anew, sums stay, gaps open tasks."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from campaigns.queries.effort import ALLOCATION, effort_in, effort_rows
from campaigns.queries.effort_within import effort_rows_within
from crm.models import Account, Territory
from segments.models import StoredFigures
from segments.queries.scope import Scope
from segments.queries.stored import timed_parts
from tests import make

URL = reverse("campaigns:allocation")
DAY = dt.date(2026, 11, 20)
LATELY = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def firm(db, rep, colleague):
    """Two customers: all the hours go to the one who is worth a tenth of the other."""
    run = make.run(as_of=DAY)
    rich = make.account(name="Rich GmbH", owner=rep)
    poor = make.account(name="Poor GmbH", owner=colleague)
    make.valuation(account=rich, run=run, expected_margin="9000.00")
    make.valuation(account=poor, run=run, expected_margin="900.00")
    make.membership(account=rich, worth_class="current_key", run=run)
    make.membership(account=poor, worth_class="general", run=run)
    contact = {"account": poor, "user": rep, "occurred_at": LATELY}
    make.touchpoint(minutes=660, **contact)
    make.touchpoint(minutes=60, voided_at=LATELY, **contact)
    make.touchpoint(minutes=60, **contact | {"occurred_at": LATELY.replace(year=2024)})
    make.cost(account=poor, amount="110.00", kind="service", on=dt.date(2026, 9, 1))
    make.cost(account=poor, amount="99.00", kind="delivery", on=dt.date(2026, 9, 1))
    return run


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


def test_effort_is_spread_in_proportion_to_what_care_can_secure(firm, manager):
    found = effort_in(Scope.read({}, manager))
    rich, poor = found.classes
    assert (rich.hours, poor.hours) == (0, 11)
    assert rich.hours_recommended == pytest.approx(10, rel=1e-4)
    assert poor.hours_recommended == pytest.approx(1, rel=1e-4)
    assert rich.money_recommended == pytest.approx(100, rel=1e-4)
    assert poor.per_hour == pytest.approx(poor.justified / 11)
    assert rich.per_hour is None
    assert "91" in found.sentence


def test_classes_and_reps_sum_to_the_whole(firm, manager):
    found = effort_in(Scope.read({}, manager))
    for rows in (found.classes, found.owners):
        for name in ("customers", "hours", "money", "justified"):
            whole = getattr(found.whole, name)
            assert sum(getattr(row, name) for row in rows) == pytest.approx(whole)
        assert sum(row.hours_gap for row in rows) == pytest.approx(0)


def test_the_gap_list_opens_tasks(firm, as_manager, read_only):
    with read_only():
        response = as_manager.get(URL)
    found = response.context["effort"]
    assert [gap.account.name for gap in found.too_little] == ["Rich GmbH"]
    assert [gap.account.name for gap in found.too_much] == ["Poor GmbH"]
    link = reverse("crm:task_create", args=[found.too_little[0].account.pk])
    assert f"{link}?title=Give%20more%20care" in response.content.decode()
    form = as_manager.get(link, {"title": found.too_little[0].task})
    assert "Give more care: about 10.0 hours a year" in form.content.decode()


def test_a_task_of_the_gap_list_is_for_the_owner(firm, as_manager):
    short = as_manager.get(URL).context["effort"].too_little[0].account
    owner = make.user(name="Rita Gap")
    Account.objects.filter(pk=short.pk).update(owner=owner)
    link = reverse("crm:task_create", args=[short.pk])
    page = as_manager.get(URL).content.decode()
    href = next(part for part in page.split('"') if part.startswith(f"{link}?title="))
    form = as_manager.get(href.replace("&amp;", "&")).content.decode()
    assert f'<option value="{owner.pk}" selected>Rita Gap</option>' in form
    type(owner).objects.filter(pk=owner.pk).update(is_active=False)
    page = as_manager.get(URL).content.decode()
    href = next(part for part in page.split('"') if part.startswith(f"{link}?title="))
    assert "owner=" not in href


def test_prospects_stand_by_gain_per_hour(firm, manager):
    prospect = make.account(name="New", industry="Harbour")
    make.touchpoint(account=prospect, minutes=120, occurred_at=LATELY)
    make.valuation(account=prospect, run=firm, order_days=0, first_on=None)
    assert effort_in(Scope.read({}, manager)).prospects == []  # no like group yet


def test_a_period_and_a_rep_narrow_it(firm, manager, colleague):
    early = {"from": "2026-01-01", "to": "2026-03-01"}
    assert effort_in(Scope.read(early, manager)).whole.hours == 0
    mine = effort_in(Scope.read({"owner": str(colleague.pk)}, manager))
    assert (mine.whole.customers, mine.whole.hours) == (1, 11)


def test_nothing_valued_and_nobody_say_what_to_do(as_manager, db):
    assert "Nothing is valued yet" in as_manager.get(URL).content.decode()
    make.run(as_of=DAY)
    assert "No customer here" in as_manager.get(URL).content.decode()


def test_export_and_api_say_the_same(firm, as_manager, manager, rep):
    rows = b"".join(as_manager.get(reverse("campaigns:allocation_export"))).decode()
    assert "Class,Current key,1,0.0,10.0" in rows
    caller = APIClient()
    caller.force_authenticate(manager)
    assert caller.get("/api/v1/effort/").json()[1]["hours"] == pytest.approx(11)
    caller.force_authenticate(rep)
    assert caller.get("/api/v1/effort/").status_code == 403


def test_what_the_night_keeps_counts_until_something_is_entered(firm, manager, rep):
    scope = {"owner": ""}
    live = effort_in(Scope.read(scope, manager))
    rows = json.loads(json.dumps(effort_rows(firm)))
    StoredFigures.objects.create(run=firm, block=ALLOCATION, rows=rows)
    with CaptureQueriesContext(connection) as asked:
        kept = effort_in(Scope.read(scope, manager))
    assert kept == live
    assert not any("crm_touchpoint\n" in one["sql"] for one in asked)
    account = make.account(owner=rep)
    make.valuation(account=account, run=firm, expected_margin="900.00")
    make.touchpoint(account=account, minutes=60, user=rep, occurred_at=LATELY)
    assert effort_in(Scope.read(scope, manager)).whole.hours == live.whole.hours + 1


def test_the_night_keeps_what_each_part_of_the_firm_shows(
    firm, manager, rep, colleague
):
    """Prospects, an account of nobody and one that was merged away among them."""
    north = Territory.objects.create(name="North")
    Account.objects.filter(name="Rich GmbH").update(territory=north, industry="Food")
    Account.objects.filter(name="Poor GmbH").update(industry="Food", owner=rep)
    third = make.account(name="Third GmbH", owner=None, industry="Steel")
    make.valuation(account=third, run=firm, expected_margin="500.00")
    make.touchpoint(account=third, user=rep, minutes=90, occurred_at=LATELY)
    parts = [
        {"class": "current_key"},
        {"class": "general"},
        {"owner": str(rep.pk)},
        {"territory": str(north.pk)},
        {"industry": "Food"},
        {"industry": "Steel"},
    ]
    live = [effort_in(Scope.read(one, manager)) for one in parts]
    assert all(live)
    StoredFigures.objects.bulk_create(timed_parts(firm, effort_rows_within))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        kept = [effort_in(Scope.read(one, manager)) for one in parts]
    assert not any("justified" in one["sql"] for one in asked.captured_queries)
    for was, now in zip(live, kept, strict=True):
        assert now.whole == was.whole
        assert (now.classes, now.owners) == (was.classes, was.owners)
        assert (now.too_little, now.too_much) == (was.too_little, was.too_much)
        assert now.prospects == was.prospects
    narrower = Scope.read({"industry": "Food", "class": "general"}, manager)
    assert effort_in(narrower).whole.customers == 1
    assert effort_in(Scope.read({"owner": str(colleague.pk)}, manager)) is None
