"""When touches fall: the rule in versions, days off, hours, absences."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.errors import CannotSaveRuleError, StaleRuleError
from campaigns.models import Absence, ClosedDay, PlannedTouch, PlanningRule, RepCapacity
from campaigns.queries.open_days import open_days
from campaigns.services import planning_rules as services
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.models import AuditEvent

PAGE = reverse("campaigns:planning_rules")
RULE = {
    "country": "DE",
    "region": "BY",
    "quiet_from": dt.time(20),
    "quiet_until": dt.time(7),
    "collision_days": 5,
    "touches_a_week": 2,
    "hours_a_week": Decimal(20),
}


def test_open_days_know_weekends_regions_and_our_own_days(db):
    ClosedDay.objects.create(day=dt.date(2026, 11, 25), name="Inventory")
    bavaria = PlanningRule(country="DE", region="BY")
    nowhere = PlanningRule(country="")
    epiphany = dt.date(2027, 1, 6)
    days = open_days(dt.date(2026, 11, 1), epiphany, rule=bavaria)

    assert days.closed[epiphany] == "Epiphany"
    assert not days.is_open(dt.date(2026, 11, 25))
    assert not days.is_open(dt.date(2026, 11, 22))  # a Sunday
    assert days.next_open(dt.date(2026, 12, 25)) == dt.date(2026, 12, 28)
    assert days.previous_open(dt.date(2026, 12, 26)) == dt.date(2026, 12, 24)
    assert open_days(epiphany, epiphany, rule=nowhere).is_open(epiphany)


def test_a_new_version_counts_and_the_old_one_stays(manager):
    first = services.publish_rule(actor=manager, reason="To begin with", **RULE)
    second = services.publish_rule(
        actor=manager,
        reason="Less often",
        based_on=first.pk,
        **RULE | {"touches_a_week": 1},
    )

    assert PlanningRule.objects.current() == second
    assert list(PlanningRule.objects.values_list("touches_a_week", flat=True)) == [1, 2]
    with pytest.raises(StaleRuleError):
        services.publish_rule(actor=manager, reason="Older", based_on=first.pk, **RULE)
    assert PlanningRule.objects.count() == 2


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"country": "ZZ"}, "country"),
        ({"region": "XX"}, "region"),
        ({"touches_a_week": 0}, "touches_a_week"),
        ({"hours_a_week": Decimal(81)}, "hours_a_week"),
    ],
)
def test_impossible_rules_change_nothing(manager, changed, field):
    with pytest.raises(CannotSaveRuleError) as refused:
        services.publish_rule(actor=manager, **{"reason": "Why", **RULE, **changed})

    assert refused.value.field == field
    assert not PlanningRule.objects.exists()
    assert not AuditEvent.objects.exists()


def test_touches_leave_a_day_that_is_closed_and_days_away(
    ready, member, manager, rep, colleague
):
    for _ in range(6):
        member("current_key", owner=rep)
    today = business_today()
    plan_touches(as_of=today, horizon_days=92)
    visit = PlannedTouch.objects.filter(
        template__title="Sales visit", due_on__gt=today
    ).earliest("due_on")

    services.close_day(actor=manager, day=visit.due_on, name="Inventory")
    was = visit.due_on
    visit.refresh_from_db()
    assert visit.due_on != was
    assert not PlannedTouch.objects.filter(due_on=was).exists()

    with pytest.raises(CannotSaveRuleError):
        services.add_absence(
            actor=colleague, user=rep, starts_on=today, ends_on=visit.due_on
        )
    services.add_absence(
        actor=rep, user=rep, starts_on=visit.due_on, ends_on=visit.due_on
    )

    away_on = visit.due_on
    mine = PlannedTouch.objects.filter(
        owner_role="rep", assigned_to=None, due_on=away_on
    )
    assert not mine.exists()
    visit.refresh_from_db()
    assert visit.due_on != away_on
    with pytest.raises(CannotSaveRuleError):
        services.add_absence(actor=rep, user=rep, starts_on=away_on, ends_on=away_on)
    assert Absence.objects.count() == 1


def test_page_shows_the_year_and_keeps_changes(client, manager, rep):
    client.force_login(manager)
    text = client.get(PAGE).content.decode()
    assert "no holiday in Germany" in text
    assert "Christmas Day" in text
    assert rep.name in text

    form = {
        **RULE,
        "quiet_from": "20:00",
        "quiet_until": "07:00",
        "reason": "We are in Bavaria",
    }
    edit = reverse("campaigns:planning_rule_edit")
    refused = client.post(edit, form | {"region": "XX"})
    assert refused.status_code == 422
    assert client.post(edit, form).status_code == 302
    day = business_today() + dt.timedelta(30)
    client.post(reverse("campaigns:closed_day_add"), {"day": day, "name": "Moving"})
    client.post(reverse("campaigns:rep_hours"), {"user": rep.pk, "hours_a_week": "8"})
    text = client.get(PAGE).content.decode()

    assert "Germany (BY)" in text
    assert "We are in Bavaria" in text
    assert "Moving" in text
    assert RepCapacity.objects.get().hours_a_week == 8
    again = client.post(
        reverse("campaigns:closed_day_add"), {"day": day, "name": "Moving"}
    )
    assert (again.status_code, ClosedDay.objects.count()) == (422, 1)


def test_a_rep_enters_own_absences_only(client, rep, colleague):
    client.force_login(rep)
    day = business_today() + dt.timedelta(3)
    add = reverse("campaigns:absence_add")

    theirs = client.post(add, {"user": colleague.pk, "starts_on": day, "ends_on": day})
    mine = client.post(add, {"user": rep.pk, "starts_on": day, "ends_on": day})

    assert (theirs.status_code, mine.status_code) == (422, 302)
    assert Absence.objects.get().user == rep
    assert client.get(reverse("campaigns:planning_rule_edit")).status_code == 403


def test_api_publishes_and_closes(client, manager):
    client.force_login(manager)
    body = {
        **RULE,
        "quiet_from": "20:00",
        "quiet_until": "07:00",
        "hours_a_week": "20.0",
        "reason": "Bavaria",
    }
    made = client.post(
        reverse("api:planning-rule-list"),
        json.dumps(body),
        content_type="application/json",
    )
    assert (made.status_code, made.json()["region"]) == (201, "BY")
    day = (business_today() + dt.timedelta(9)).isoformat()
    closed = client.post(
        reverse("api:closed-day-list"),
        json.dumps({"day": day, "name": "Moving"}),
        content_type="application/json",
    )
    assert closed.status_code == 201
    detail = reverse("api:closed-day-detail", args=[closed.json()["id"]])
    assert client.delete(detail).status_code == 204
    assert not ClosedDay.objects.exists()
