"""Goals of customers: evidence, worth to them, next step, reviews."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from common.clock import business_today
from common.errors import DomainError
from crm import policy
from crm.models import AuditEvent, ClientGoal, GoalEvidence, Task
from crm.queries.goals import delivered, goals_to_review
from crm.services import goals
from tests import make

HTMX = {"HX-Request": "true"}
TODAY = business_today()
DAY = dt.timedelta(days=1)


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord")


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def url(name, record):
    return reverse(f"crm:{name}", args=[record.pk])


def body(response):
    return response.content.decode()


def tab(client, account):
    page = client.get(url("account_detail", account) + "?tab=goals")
    assert page.status_code == 200
    return body(page)


def test_a_goal_is_noted_in_the_dialog_and_shown(signed_in, rep, account):
    assert "No goals are known" in tab(signed_in, account)
    line = signed_in.get(url("goal_create", account), headers=HTMX)
    assert "<html" not in body(line)
    data = {"title": "Half the paper", "status": "open"}
    answer = signed_in.post(url("goal_create", account), data, headers=HTMX)
    assert "account-changed" in answer["HX-Trigger"]
    goal = ClientGoal.objects.get()
    assert (goal.owner, goal.review_on) == (rep, TODAY + policy.REVIEW_AFTER)
    page = tab(signed_in, account)
    assert "Half the paper" in page
    assert "not known" in page


def test_evidence_adds_up_to_what_it_is_worth_to_them(signed_in, account):
    goal = make.goal(account)
    for amount in ("1200.00", "-200.00", ""):
        data = {"text": "Seen", "noted_on": TODAY, "amount": amount}
        assert signed_in.post(url("goal_evidence", goal), data).status_code == 302
    assert delivered(account.pk) == Decimal("1000.00")
    assert "1\u202f000 EUR" in tab(signed_in, account)

    wrong = GoalEvidence.objects.get(amount=-200)
    signed_in.post(url("goal_evidence_withdraw", wrong), headers=HTMX)
    signed_in.post(url("goal_evidence_withdraw", wrong), headers=HTMX)
    assert delivered(account.pk) == Decimal("1200.00")
    acts = AuditEvent.objects.filter(action="goal.evidence_withdrawn")
    assert acts.count() == 1
    timeline = url("account_detail", account) + "?tab=timeline"
    assert "Fewer suppliers" in body(signed_in.get(timeline))


def test_what_nobody_noted_is_not_nothing(account):
    make.evidence(goal=make.goal(account))
    assert delivered(account.pk) is None


def test_the_next_step_is_a_task(signed_in, rep, account):
    goal = make.goal(account)
    data = {"title": "Send the plan", "due_on": TODAY}
    assert signed_in.post(url("goal_step", goal), data).status_code == 302
    task = Task.objects.get()
    assert (task.account, task.owner, task.title) == (account, rep, "Send the plan")
    assert "Send the plan" in tab(signed_in, account)

    late = data | {"due_on": TODAY - DAY}
    assert signed_in.post(url("goal_step", goal), late).status_code == 422
    assert Task.objects.count() == 1


def test_a_change_on_old_knowledge_shows_both(signed_in, account):
    goal = make.goal(account)
    ClientGoal.objects.update(status="at_risk", version=2)
    data = {"title": "Fewer suppliers", "status": "reached", "version": 1}
    answer = signed_in.post(url("goal_edit", goal), data, headers=HTMX)
    assert answer.status_code == 409
    assert "Status: now “At risk”" in body(answer)
    assert ClientGoal.objects.get().status == "at_risk"
    again = data | {"version": 2}
    assert signed_in.post(url("goal_edit", goal), again).status_code == 302
    assert ClientGoal.objects.get().status == "reached"


def test_goals_are_reviewed_by_who_looks_after_them(rep, colleague, account):
    due = make.goal(account, review_on=TODAY)
    make.goal(account, review_on=TODAY + DAY)
    make.goal(account, review_on=TODAY, status="reached")
    make.goal(make.account(owner=colleague), review_on=TODAY)
    assert list(goals_to_review(rep, TODAY)) == [due]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"status": "won"}, "status"),
        ({"contact": "foreign"}, "contact"),
        ({"owner": "colleague"}, "owner"),
    ],
)
def test_goals_that_do_not_fit_are_refused(rep, colleague, account, wrong, field):
    made = {"foreign": make.contact, "colleague": lambda: colleague}
    fields = {k: made[v]() if v in made else v for k, v in wrong.items()}
    with pytest.raises(DomainError) as refused:
        goals.create_goal(actor=rep, account=account, **{"title": "A"} | fields)
    assert refused.value.field == field
    assert not ClientGoal.objects.exists()


def test_the_tab_asks_the_same_questions_for_more_goals(
    signed_in, account, assert_flat_queries
):
    def grow():
        for _ in range(3):
            goal = make.goal(account, contact=make.contact(account=account))
            make.evidence(goal=goal, amount=5)

    grow()
    assert_flat_queries(lambda: tab(signed_in, account), grow)


def test_both_sides_stand_side_by_side_and_blanks_are_flagged(signed_in, account):
    panel = reverse("clv:account_both_sides", args=[account.pk])
    empty = body(signed_in.get(panel))
    assert empty.count("Blank:") == 2
    make.valuation(account=account)
    make.evidence(goal=make.goal(account), amount=750)
    full = body(signed_in.get(panel))
    assert "Blank:" not in full
    assert "750" in full
