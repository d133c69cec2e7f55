"""My objective: CLV gained, speed, what effort was for, coverage, what helps."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.queries.objective import Quarter, objective
from common.clock import business_today
from crm.models import Task
from tests import make

URL = reverse("campaigns:my_objective")
API = "/api/v1/objective/"
QUARTER = Quarter(2026, 1)
NOON = dt.datetime(2026, 2, 10, 11, tzinfo=dt.UTC)


@pytest.fixture
def account(rep, ready, member):
    return member("current_key", owner=rep)


def found(rep, quarter=QUARTER):
    return objective(owner=rep, quarter=quarter, user=rep)


def test_quarters_begin_and_end_with_their_months():
    fourth = Quarter.of(dt.date(2026, 12, 31))
    assert (fourth.label, fourth.starts_on, fourth.ends_on) == (
        "2026-Q4",
        dt.date(2026, 10, 1),
        dt.date(2026, 12, 31),
    )
    assert Quarter(2026, 1).before() == Quarter(2025, 4)
    assert Quarter.read("2026-Q2") == Quarter(2026, 2)
    assert [Quarter.read(text) for text in ("", "2026-Q5", "x-Q1", "2026")] == [
        None
    ] * 4


def test_clv_gained_is_margin_costs_and_expectation(account, rep, colleague):
    new, theirs = make.account(owner=rep), make.account(owner=colleague)
    before, run = make.run(as_of=dt.date(2025, 12, 30)), make.run(as_of=QUARTER.ends_on)
    was = {"run": before, "realised": "100.00", "margin": Decimal("150.00")}
    was["cost_to_win"] = Decimal("50.00")
    now = {"run": run, "realised": "180.00", "margin": Decimal("260.00")}
    now["cost_to_win"] = Decimal("80.00")
    for one in (account, theirs):
        make.valuation(account=one, expected_margin="900.00", **was)
        make.valuation(account=one, expected_margin="950.00", **now)
    make.valuation(
        cost_to_win=Decimal("20.00"),
        account=new,
        run=run,
        realised="-20.00",
        margin=Decimal(0),
        expected_margin="70",
    )

    gained = found(rep).gained

    assert (gained.accounts, gained.clv_before, gained.clv_after) == (2, 1000, 1180)
    assert (gained.margin, gained.costs, gained.expected) == (110, -50, 120)
    assert gained.margin + gained.costs + gained.expected == gained.total == 180


def test_without_two_nights_nothing_is_claimed(account, rep):
    make.run(as_of=QUARTER.ends_on)
    assert found(rep).gained is None


def touch(account, rep, *, due_on, closed_at=None, period="2026-Q1/1"):
    template = TouchTemplate.objects.filter(title="Sales visit").first()
    return PlannedTouch.objects.create(
        account=account,
        template=template,
        lineage=template.lineage,
        period=period,
        due_on=due_on,
        owner_role="rep",
        status="done" if closed_at else "due",
        closed_at=closed_at,
        closed_by=rep if closed_at else None,
    )


def test_speed_and_coverage(account, rep, member):
    for days in (1, 3, 9):
        touch(
            account,
            rep,
            due_on=NOON.date() - dt.timedelta(days=days),
            closed_at=NOON,
            period=f"2026-Q1/{days}",
        )
    touch(member("potential_key", owner=rep), rep, due_on=NOON.date())
    touch(member("general", owner=rep), rep, due_on=NOON.date())
    letter = {"account": account, "channel": "email", "direction": "in"}
    make.touchpoint(occurred_at=NOON, **letter)
    make.touchpoint(
        account=account, direction="out", occurred_at=NOON + dt.timedelta(hours=5)
    )
    make.touchpoint(occurred_at=NOON + dt.timedelta(hours=6), **letter)

    seen = found(rep)

    assert (seen.speed.touches, seen.speed.days) == (3, 3)
    speed = seen.speed
    assert (speed.letters, speed.answered, speed.hours) == (2, 1, 5)
    assert (seen.coverage.asked, seen.coverage.touched) == (2, 1)


def test_effort_is_told_by_what_it_was_for(account, rep, colleague):
    for care, minutes in (("R", 30), ("R", None), ("E", 60), ("", 30)):
        make.touchpoint(
            account=account, user=rep, care=care, minutes=minutes, occurred_at=NOON
        )
    make.touchpoint(account=account, user=colleague, care="A", occurred_at=NOON)
    seen = found(rep)
    told = {one.care: (one.contacts, one.minutes, one.share) for one in seen.care}
    assert told["R"] == (2, 30, 0.5)
    assert told["E"] == (1, 60, 0.25)
    assert told["A"] == (0, 0, 0)
    assert seen.hours == 2


def test_what_would_help_most_names_three_accounts(client, rep, ready, member):
    for n in range(1, 5):
        account = member("general", owner=rep, name=f"Account-{n}")
        make.valuation(account=account, expected_margin_year=Decimal(1000 * n))
        for _ in range(2):
            Task.objects.create(
                owner=rep, account=account, title="Offer", due_on=dt.date(2026, 1, 1)
            )
    client.force_login(rep)
    page = client.get(URL)
    helpful = [item.account.name for item in page.context["objective"].helpful]
    assert helpful == ["Account-4", "Account-3", "Account-2"]
    past = client.get(URL, {"quarter": Quarter.of(business_today()).before().label})
    assert past.context["objective"].helpful == []


def test_who_may_look_at_whose(client, rep, colleague, manager):
    def whose(user, **query):
        client.force_login(user)
        return client.get(URL, query).context["objective"].owner

    assert whose(rep, owner=colleague.pk) == rep
    assert whose(manager, owner=rep.pk) == rep
    assert whose(manager) == manager
    assert "<html" not in client.get(URL, headers={"HX-Request": "true"}).text


def test_no_link_leads_where_a_rep_may_not_go(client, rep, manager):
    to_experience = f'href="{reverse("campaigns:experience")}">Experience</a>'
    for user, leads in ((rep, False), (manager, True)):
        client.force_login(user)
        text = client.get(URL).text
        assert (to_experience in text[text.index("How contacts went") :]) is leads


def test_the_api_says_the_same(client, rep, manager, account):
    client.force_login(manager)
    answer = client.get(API, {"owner": rep.email, "quarter": "2026-Q1"}).json()
    assert (answer["owner"], answer["quarter"]) == (rep.email, "2026-Q1")
    assert answer["gained"] is None
    assert client.get(API, {"quarter": "soon"}).status_code == 400
    client.force_login(rep)
    assert client.get(API, {"owner": manager.email}).json()["owner"] == rep.email


def test_ratings_and_former_quarters_stand_beside_it(client, account, rep, colleague):
    for people, information in ((5, 5), (1, None)):
        make.touchpoint(
            account=account,
            user=rep,
            occurred_at=NOON,
            minutes=30,
            rating_people=people,
            rating_information=information,
        )
    make.touchpoint(account=account, user=colleague, occurred_at=NOON, rating_people=2)

    said = found(rep)

    rated = said.rated
    assert (rated.contacts, rated.mean, rated.worst_tenth) == (2, 3.0, 1.0)
    assert (rated.people, rated.information, rated.deliverables) == (3.0, 5.0, None)
    assert [pace.quarter.label for pace in said.paces] == [
        "2026-Q1",
        "2025-Q4",
        "2025-Q3",
        "2025-Q2",
    ]
    assert [pace.hours for pace in said.paces] == [1.0, 0, 0, 0]
    assert said.paces[0].gained_per_hour is None  # nothing was valued twice
    client.force_login(rep)
    answer = client.get(API, {"quarter": "2026-Q1"}).json()
    assert (answer["rated"]["mean"], answer["quarters"][0]["contact_hours"]) == (3, 1)
