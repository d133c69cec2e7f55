"""What tests of automations need: a rule that is on, and its outcome."""

import datetime as dt

import pytest
from django.utils import timezone

from campaigns.models import AutomationCursor, Firing
from campaigns.services.automations import firing, rules
from common.clock import business_today, day_ends_at

TASK = {
    "kind": "task",
    "title": "Call {{ account }}",
    "who": "owner",
    "days": 2,
    "task_kind": "call",
    "priority": "high",
}
ORDER = {"kind": "order_placed", "which": "", "over": ""}
CASE = {"kind": "case_opened", "case_kind": ""}


@pytest.fixture
def make_rule(marketer):
    """Make an automation: on since an hour ago, unless the test says otherwise."""

    def make_rule(trigger=ORDER, *, actions=(TASK,), is_on=True, **fields):
        made = rules.create_automation(
            actor=marketer,
            name=fields.pop("name", "A rule"),
            trigger=trigger,
            actions=list(actions),
            **fields,
        )
        if is_on:
            switch(made, actor=marketer)
        return made

    return make_rule


def switch(automation, *, actor, hours=None):
    """Switch on as of an hour ago, but today: rows of one test are stamped alike."""
    rules.switch_on(actor=actor, automation=automation)
    ago = timezone.now() - dt.timedelta(hours=hours or 1)
    if hours is None:
        ago = max(ago, day_ends_at(business_today() - dt.timedelta(days=1)))
    AutomationCursor.objects.filter(automation=automation).update(
        started_at=ago, seen_until=ago
    )


def run(automation):
    return firing.run_one(automation.pk)


def outcomes(automation):
    rows = Firing.objects.filter(automation=automation).order_by("pk")
    return [(row.account.name, row.status) for row in rows]
