"""Goals and hypotheses whose day has come stand in Today."""

import datetime as dt

from django.urls import reverse

from common.agendas import Asking
from common.clock import business_today
from crm.queries.reviews import goals_to_review, hypotheses_to_check
from tests import make

TODAY = business_today()


def titles(items):
    return [row.title if hasattr(row, "title") else str(row) for row in items.rows]


def test_reviews_are_for_who_looks_after_them(client, rep, colleague, manager):
    account = make.account(owner=rep)
    make.goal(account, title="Half the paper", review_on=TODAY)
    make.goal(account, title="Reached", review_on=TODAY, status="reached")
    make.hypothesis(account, statement="They grow", review_on=TODAY)
    make.hypothesis(account, status="refuted", concluded_on=TODAY)
    make.goal(make.account(owner=colleague), title="Theirs", review_on=TODAY)
    asking = Asking(user=rep, owner=rep, today=TODAY)
    assert titles(goals_to_review(asking)) == ["Half the paper"]
    assert titles(hypotheses_to_check(asking)) == ["They grow"]
    team = Asking(user=manager, owner=None, today=TODAY)
    assert sorted(titles(goals_to_review(team))) == ["Half the paper", "Theirs"]

    client.force_login(rep)
    page = client.get(reverse("campaigns:today")).content.decode()
    assert "Half the paper" in page
    assert "They grow" in page
    assert "Goal to review" in page
    assert "Theirs" not in page


def test_a_review_put_off_is_another_item(rep):
    goal = make.goal(make.account(owner=rep), review_on=TODAY)
    asking = Asking(user=rep, owner=rep, today=TODAY)

    def key():
        items = goals_to_review(asking)
        return items.rows.annotate(key=items.item).get().key

    first = key()
    goal.review_on = TODAY + dt.timedelta(days=7)
    goal.save()
    assert first == f"{goal.pk}:{TODAY}"
    assert key() != first
