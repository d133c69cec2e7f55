"""The plan board: tallies, spend against budget, names behind every figure."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from campaigns.choices import TouchStatus
from campaigns.models import (
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    RetentionPlan,
    TouchException,
    TouchTemplate,
)
from campaigns.queries.board import board
from campaigns.services import plans
from campaigns.services.standings import write_standings
from campaigns.views import board as board_views
from clv.models import ValuationRun
from common.clock import business_today
from crm.models import Account, LedgerEntry
from tests import make

URL = reverse("campaigns:plan_board")
TOUCHES = reverse("campaigns:board_touches")
TODAY = business_today()


def days(number):
    return TODAY + dt.timedelta(days=number)


def template(owner_role="rep", worth_class="current_key"):
    return TouchTemplate.objects.filter(
        version__plan__worth_class=worth_class,
        version__status="published",
        owner_role=owner_role,
    ).first()


def touch(account, on, status="due", kind=None, **fields):
    kind = kind or template()
    if status != "due":
        fields["closed_at"] = dt.datetime.now(dt.UTC)
    return PlannedTouch.objects.create(
        account=account,
        template=kind,
        lineage=kind.lineage,
        period=str(PlannedTouch.objects.count()),
        due_on=on,
        owner_role=kind.owner_role,
        status=status,
        **fields,
    )


@pytest.fixture
def firm(db, rep, colleague):
    """Two accounts on the plan of current keys, a class mate on none."""
    plans.ensure_plans()
    make.run(as_of=TODAY)
    plan = RetentionPlan.objects.get(worth_class="current_key")
    accounts = [
        make.account(name="Alpha", owner=rep),
        make.account(name="Beta", owner=colleague),
        make.account(name="Gamma", owner=rep),
    ]
    for account in accounts:
        make.membership(account=account, worth_class="current_key")
    for account in accounts[:2]:
        PlanAssignment.objects.create(account=account, plan=plan, since=days(-400))
    return accounts


@pytest.fixture
def column(firm):
    def find():
        found = board(today=TODAY).columns[0]
        return found, found.plans[0]

    return find


def test_touches_are_told_by_what_became_of_them(firm, column):
    alpha, beta, _ = firm
    touch(alpha, days(-5), "done")
    touch(alpha, days(-4), "done")
    touch(beta, days(-3))
    touch(beta, days(-2), "skipped", reason="On holiday")
    touch(beta, days(-2), "expired", reason="Nobody did it in time.")
    touch(beta, days(-1), "cancelled", reason="The class changed.")
    touch(alpha, days(0))
    touch(alpha, days(6))
    touch(alpha, days(7))  # beyond the week
    touch(alpha, days(-91), "done")  # before the window
    touch(alpha, days(3), "done")  # done early: told when its day has come
    of_class, plan = column()
    tally = plan.lines.tally
    assert (tally.done, tally.due, tally.late, tally.ahead) == (2, 5, 1, 2)
    assert tally.share == pytest.approx(0.4)
    assert tally.exceptions == 3
    assert [(r.status, r.reason) for r in plan.reasons] == [
        (TouchStatus.CANCELLED, "The class changed."),
        (TouchStatus.EXPIRED, "Nobody did it in time."),
        (TouchStatus.SKIPPED, "On holiday"),
    ]
    assert (of_class.members, of_class.without, plan.followers) == (3, 1, 2)


def test_people_and_touches_sum_to_the_whole(firm, rep, colleague):
    alpha, beta, gamma = firm
    touch(alpha, days(-5), "done")
    touch(alpha, days(-5), assigned_to=colleague)
    touch(beta, days(-4))
    touch(gamma, days(-3), "done", kind=template("marketer"))
    found = board(today=TODAY)
    people = {
        row.label: (row.lines.tally.done, row.lines.tally.due) for row in found.people
    }
    assert people == {
        "Rita Rep": (1, 1),
        "Carl Colleague": (0, 2),
        "Marketing": (1, 1),
    }
    for rows in (found.people, found.touches):
        assert sum(row.lines.tally.due for row in rows) == found.tally.due == 4
    assert found.people[0].label == "Carl Colleague"


def test_spend_is_what_plans_posted_and_budget_counts_days_followed(firm, rep, column):
    alpha, beta, _ = firm
    version = PlanVersion.objects.published().get(plan__worth_class="current_key")
    first = dt.date(TODAY.year, 1, 1)
    version.valid_from = first
    version.save()
    PlanAssignment.objects.filter(account=beta).update(since=TODAY)
    contact = make.touchpoint(account=alpha, user=rep)
    touch(alpha, days(-2), "done", touchpoint=contact)
    for amount, kind in (("30.00", "account_management"), ("4.80", "marketing")):
        LedgerEntry.objects.create(
            account=alpha,
            kind=kind,
            amount=Decimal(amount),
            incurred_on=TODAY,
            touchpoint=contact,
            source="plan",
            external_id=kind,
        )
    make.cost(account=alpha, amount="999.00", on=TODAY)  # no plan's
    _, plan = column()
    assert plan.spent == Decimal("34.80")
    followed = (TODAY - first).days + 1 + 1  # Alpha since January, Beta today
    assert plan.budget == (Decimal("499.20") * followed / 365).quantize(Decimal("0.01"))


def test_every_figure_opens_its_touches_and_accounts(client, manager, firm):
    alpha, beta, _ = firm
    touch(alpha, days(-5), "done")
    touch(beta, days(-2), "skipped", reason="On holiday")
    touch(beta, days(2))
    client.force_login(manager)
    page = client.get(URL)
    assert "1 of 2 touches were done" in page.content.decode()
    of_class = page.context["board"].columns[0]
    urls = of_class.plans[0].lines.urls
    expected = {"done": ["Alpha"], "due": ["Beta", "Alpha"], "ahead": ["Beta"]}
    expected |= {"skipped": ["Beta"], "late": [], "expired": []}
    for state, names in expected.items():
        rows = client.get(urls[state]).context["page"].rows
        assert [row.account.name for row in rows] == names
    answer = client.get(urls["skipped"])
    assert "On holiday" in answer.content.decode()
    listed = client.get(answer.context["accounts_url"]).content.decode()
    assert "Beta" in listed
    assert "Alpha" not in listed
    assert "Gamma" in client.get(of_class.without_url).content.decode()
    followers = client.get(of_class.plans[0].url).content.decode()
    assert "Alpha" in followers
    assert "Gamma" not in followers


def test_touches_stand_by_day_then_worth(client, manager, firm):
    alpha, beta, gamma = firm
    run = ValuationRun.objects.current()
    for account, worth in ((alpha, "10.00"), (beta, "900.00")):
        make.valuation(run=run, account=account, realised=worth)
    write_standings(run)
    touch(gamma, days(-9))
    touch(alpha, days(-4))
    touch(gamma, days(-4))
    touch(beta, days(-4))
    client.force_login(manager)

    def names(state):
        rows = client.get(TOUCHES, {"state": state}).context["page"].rows
        return [row.account.name for row in rows]

    assert names("late") == ["Gamma", "Beta", "Alpha", "Gamma"]
    assert names("due") == ["Beta", "Alpha", "Gamma", "Gamma"]


@pytest.mark.parametrize(
    ("state", "expected"), [("late", [-80, -80, -9, -2]), ("due", [-2, -9, -80, -80])]
)
def test_days_without_touches_are_passed_over_both_ways(
    client, manager, firm, monkeypatch, state, expected
):
    monkeypatch.setattr(board_views, "PER_PAGE", 1)
    for number in (-9, -80, -2, -80):
        touch(firm[0], days(number))
    client.force_login(manager)
    seen, cursor, back = [], "", ""
    for _ in expected:
        page = client.get(TOUCHES, {"state": state, "cursor": cursor}).context["page"]
        seen += [(row.due_on - TODAY).days for row in page]
        cursor, back = page.next, page.previous
    assert (seen, cursor) == (expected, "")
    for number in reversed(expected[:-1]):
        page = client.get(TOUCHES, {"state": state, "cursor": back}).context["page"]
        assert [(row.due_on - TODAY).days for row in page] == [number]
        back = page.previous
    assert back == ""


def test_empty_days_are_not_asked_for(client, manager, firm):
    client.force_login(manager)
    counts = []
    for number in (-3, -60):
        one = touch(firm[0], days(number))
        with CaptureQueriesContext(connection) as captured:
            assert list(client.get(TOUCHES).context["page"]) == [one]
        counts.append(len(captured))
        one.delete()
    assert counts[0] == counts[1] < 20


def test_a_rows_person_opens_exactly_their_touches(client, manager, firm, colleague):
    alpha, beta, _ = firm
    touch(alpha, days(-5))
    touch(alpha, days(-4), assigned_to=colleague)
    touch(beta, days(-3))
    client.force_login(manager)
    for row in board(today=TODAY).people:
        rows = client.get(row.lines.urls["late"]).context["page"].rows
        assert len(rows) == row.lines.tally.late


@pytest.mark.parametrize(
    "query", ["?state=", "?state=royal", "?state=done&person=x", "?state=done&plan=0"]
)
def test_what_cannot_be_read_is_refused(client, manager, firm, query):
    client.force_login(manager)
    assert client.get(f"{TOUCHES}{query}").status_code == 422


def test_who_asks_for_no_state_gets_what_was_due(client, manager, firm):
    was_due = touch(firm[0], days(-5))
    touch(firm[0], days(3))
    client.force_login(manager)
    response = client.get(TOUCHES)
    assert response.status_code == 200
    assert list(response.context["page"]) == [was_due]
    assert response.context["form"]["state"].value() == "due"


def test_a_former_customer_needs_no_plan(client, manager, firm, column):
    Account.objects.filter(pk=firm[2].pk).update(stage="former")
    of_class, _ = column()
    assert (of_class.members, of_class.without) == (3, 0)
    client.force_login(manager)
    assert "Gamma" not in client.get(of_class.without_url).content.decode()


def test_a_class_without_a_plan_is_warned_of(client, manager, firm, marketer):
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    plans.archive(actor=marketer, version=version)
    client.force_login(manager)
    page = client.get(URL)
    assert [one.key for one in page.context["board"].without_plan] == ["general"]
    assert "has no published plan" in page.content.decode()


def test_an_empty_firm_is_told_what_to_do(client, manager, db):
    RetentionPlan.objects.all().delete()
    client.force_login(manager)
    assert "No plans yet" in client.get(URL).content.decode()


def test_several_plans_of_a_class_stand_apart(firm, column):
    """A refined plan has a column entry and followers of its own."""
    refined = RetentionPlan.objects.create(
        worth_class="current_key", name="Partners", relationship_type="partner"
    )
    PlanAssignment.objects.create(account=firm[2], plan=refined, since=TODAY)
    of_class, _ = column()
    assert [one.plan.name for one in of_class.plans][1:] == ["Partners"]
    assert [one.followers for one in of_class.plans] == [2, 1]
    assert of_class.without == 0
    assert of_class.plans[1].budget is None


def test_what_was_not_planned_is_told_with_its_reason(client, manager, firm, column):
    kind = template()
    TouchException.objects.create(
        account=firm[1],
        template=kind,
        lineage=kind.lineage,
        period="2026-Q4/1",
        due_on=days(2),
        kind="no_consent",
        reason="Nobody there allows it.",
    )
    _, plan = column()
    assert plan.exceptions == 1
    assert plan.lines.tally.due == 0
    client.force_login(manager)
    listed = client.get(plan.withheld[0].url).content.decode()
    assert "Beta" in listed
    assert "Alpha" not in listed
    assert "1 not planned" in client.get(URL).content.decode()


def test_questions_stay_flat(client, manager, firm, assert_flat_queries):
    alpha, beta, _ = firm
    client.force_login(manager)
    touch(alpha, days(-2), "skipped", reason="Ill")
    touch(beta, days(-2))

    def add():
        for number in range(3):
            touch(beta, days(-3 - number), "expired", reason=f"Reason {number}")
            touch(make.account(owner=make.user()), days(-2))

    assert_flat_queries(lambda: client.get(URL), add)
    url = f"{TOUCHES}?state=due"
    assert_flat_queries(lambda: client.get(url), add)


def test_the_api_and_csv_say_the_same(client, manager, firm):
    touch(firm[0], days(-5), "done")
    api = APIClient()
    api.force_authenticate(manager)
    row = api.get("/api/v1/plan-board/").data[0]
    assert (row["followers"], row["touches"]["done"]) == (2, 1)
    assert api.get("/api/v1/plan-board/people/").data[0]["name"] == "Rita Rep"
    assert api.get("/api/v1/plan-board/touches/").data[0]["touches"]["due"] == 1
    client.force_login(manager)
    export = b"".join(client.get(reverse("campaigns:board_export"))).decode()
    assert "Rita Rep" in export


def test_a_draft_is_counted_and_takes_no_room(client, firm, manager):
    drafted = RetentionPlan.objects.create(
        name="Tried out", worth_class="current_key", is_automatic=False
    )
    PlanVersion.objects.create(plan=drafted, number=1, status="draft")
    client.force_login(manager)

    page = client.get(URL).text

    assert "Tried out" not in page
    assert ">1 draft</a>" in page
    PlanAssignment.objects.create(account=firm[2], plan=drafted, since=TODAY)
    assert "Tried out" in client.get(URL).text
