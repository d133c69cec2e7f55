"""One record of each resource of `campaigns`, by the name in its address."""

import datetime as dt

from campaigns.models import (
    Absence,
    AlertRule,
    AnswerMailing,
    ClosedDay,
    Firing,
    GateDecision,
    LibraryTouch,
    PlanAssignment,
    PlannedTouch,
    PlanningRule,
    RepCapacity,
    RetentionPlan,
    SavedQuestion,
    ServiceVersion,
    TouchException,
    TouchTemplate,
    WebhookEndpoint,
)
from campaigns.services import deliveries
from campaigns.services import plans as plan_services
from campaigns.services.automations import rules, webhooks
from tests import make

DAY = dt.date(2026, 1, 15)


def of_campaigns(account, user):
    """Make the records at `account`, by `user`, and return their numbers."""
    plan_services.ensure_plans()
    return {
        **_of_plans(user),
        **_of_touches(account, user),
        **_of_planning(user),
        **_of_spending(account, user),
        **_of_automations(account, user),
        **_of_questions(user),
        **_of_campaigns(account, user),
        "service-levels": ServiceVersion.objects.current().pk,
    }


def _of_plans(user):
    plan = RetentionPlan.objects.first()
    draft = plan_services.start_draft(actor=user, plan=plan)
    return {
        "plans": plan.pk,
        "plan-versions": draft.pk,
        "plan-touches": draft.touches.first().pk,
        "touch-library": LibraryTouch.objects.first().pk,
        "optimiser-searches": make.kept_search(author=user).pk,
    }


def _of_touches(account, user):
    template = TouchTemplate.objects.filter(owner_role="rep").first()
    asked = {
        "account": account,
        "template": template,
        "lineage": template.lineage,
        "due_on": DAY,
    }
    touch = PlannedTouch.objects.create(period="2026-Q1/1", owner_role="rep", **asked)
    mail = deliveries.enqueue(
        actor=user,
        account=account,
        contact=make.contact(account=account, email="anna@example.test"),
        occasion="test:1",
        subject="News",
        body="Text",
    )
    return {
        "plan-assignments": PlanAssignment.objects.create(
            account=account, plan=RetentionPlan.objects.first(), since=DAY
        ).pk,
        "touches": touch.pk,
        "touch-exceptions": TouchException.objects.create(
            period="2026-Q2/1", kind="capped", reason="Too often.", **asked
        ).pk,
        "deliveries": mail.pk,
    }


def _of_planning(user):
    return {
        "planning-rules": PlanningRule.objects.create(reason="For the test").pk,
        "closed-days": ClosedDay.objects.create(day=DAY, name="Inventory").pk,
        "rep-capacities": RepCapacity.objects.create(user=user, hours_a_week=8).pk,
        "absences": Absence.objects.create(user=user, starts_on=DAY, ends_on=DAY).pk,
    }


def _of_spending(account, user):
    sending = TouchTemplate.objects.filter(owner_role="marketer").first()
    decision = GateDecision.objects.create(
        occasion="touch",
        subject="Magazine",
        choice="drop",
        accounts=1,
        cost_each=1,
        cost=1,
        cost_below=1,
        gain_below=-1,
        actor=user,
    )
    return {
        "wallets": account.pk,
        "measured-effects": make.effect(author=user).pk,
        "gate-decisions": decision.pk,
        "sendings": sending.pk,
    }


def _of_automations(account, user):
    automation = rules.create_automation(
        actor=user,
        name="Welcome",
        trigger={"kind": "first_contact"},
        actions=[{"kind": "notify", "who": "owner", "text": "Hello"}],
    )
    firing = Firing.objects.create(
        automation=automation,
        version=automation.versions.get(),
        account=account,
        cause="contact:1",
        status="fired",
        results=[{"kind": "notify", "done": True, "said": "Told the owner"}],
    )
    endpoint = WebhookEndpoint.objects.create(
        name="Shop", url="https://hooks.example.com/x"
    )
    call = webhooks.plan_call(
        endpoint=endpoint, account=account, firing=firing, payload={"said": "Hello"}
    )
    return {
        "automations": automation.pk,
        "automation-firings": firing.pk,
        "webhook-endpoints": endpoint.pk,
        "webhook-calls": call.pk,
    }


def _of_campaigns(account, user):
    draft = make.campaign(owner=user)
    enrolment = make.enrolment(campaign=draft, account=account)
    return {
        "campaigns": draft.pk,
        "campaign-touches": make.campaign_touch(campaign=draft).pk,
        "campaign-enrolments": enrolment.pk,
    }


def _of_questions(user):
    saved = SavedQuestion.objects.create(owner=user, question="retention", name="Mine")
    mailing = AnswerMailing.objects.create(
        saved=saved,
        recipient=user,
        ordered_by=user,
        rhythm="daily",
        begins_on=DAY,
        due_on=DAY,
    )
    rule = AlertRule.objects.create(
        name="Return", outlook="loss", first="return", window_days=90, made_by=user
    )
    return {
        "saved-questions": saved.pk,
        "answer-mailings": mailing.pk,
        "alert-rules": rule.pk,
    }
