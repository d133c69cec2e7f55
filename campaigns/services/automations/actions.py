"""What an automation does at one account: prepared for a look, or done.

Every action is first prepared, which changes nothing and says what it would do or why
it cannot; a trial shows that, a firing then does it.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.urls import reverse

from campaigns.choices import DeliveryStatus
from campaigns.engine.merge import merge
from campaigns.models import (
    AutomationVersion,
    Firing,
    LibraryTouch,
    RetentionPlan,
    WebhookEndpoint,
)
from campaigns.queries.automations.base import Occurrence, Values
from campaigns.queries.automations.facts import Facts
from campaigns.queries.automations.mails import occasion_of
from campaigns.queries.gate import Gate
from campaigns.queries.merging import values_of
from campaigns.queries.recipients import recipients
from campaigns.services import assignments, deliveries
from campaigns.services.automations import outside, spending, webhooks
from common.clock import business_today
from common.templatetags.display import day as write_day
from crm.choices import Channel, NotificationKind, Role
from crm.models import Contact, User
from crm.queries.responsible import managers_of
from crm.services import notifications, tasks

LONGEST_TITLE = 300
LONGEST_NOTICE = 600
NOBODY = "Nobody is responsible for the account."
MAIL_COST_MISSING = (
    "The rule does not say what one mail costs. Enter it there: 0 if it costs nothing."
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an action is done: the account, why, and in whose name."""

    version: AutomationVersion
    facts: Facts
    occurrence: Occurrence
    actor: User

    @property
    def reason(self) -> str:
        """Return why, for records that keep a reason."""
        return f"Automation “{self.version.automation.name}”: {self.occurrence.text}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an action would do, or the problem that keeps it from being done.

    `is_left_out` says that the problem is none: the rule does not spend where it does
    not pay.
    """

    words: str
    problem: str = ""
    subject: str = ""
    text: str = ""
    contact: Contact | None = None
    people: tuple[User, ...] = ()
    record: Any = None
    is_left_out: bool = False

    @property
    def said(self) -> str:
        return self.problem or self.words


@dataclass(frozen=True, slots=True)
class Action:
    """How one kind of action is prepared and done; `perform` returns what was done."""

    prepare: Callable[[Setting, Values], Prepared]
    perform: Callable[[Setting, Values, Prepared, Firing, int], str]


def prepare(setting: Setting, values: Values) -> Prepared:
    """Say what one action would do at this account; changes nothing."""
    return ACTIONS[values["kind"]].prepare(setting, values)


def perform(
    setting: Setting, values: Values, prepared: Prepared, firing: Firing, number: int
) -> str:
    """Do it and return what was done; a DomainError says why not."""
    action = ACTIONS[values["kind"]]
    return action.perform(setting, values, prepared, firing, number)


# -- Tasks -----------------------------------------------------------------------------


def _prepare_task(setting: Setting, values: Values) -> Prepared:
    title = _merged(setting, values["title"])[:LONGEST_TITLE]
    owner = _responsible(setting, values["who"])
    if owner is None:
        return Prepared("", NOBODY)
    due = write_day(_in_days(values["days"]))
    words = f"Task “{title}” for {owner}, due {due}"
    return Prepared(words, subject=title, people=(owner,))


def _do_task(
    setting: Setting, values: Values, ready: Prepared, _firing: Firing, _number: int
) -> str:
    tasks.create_task(
        actor=setting.actor,
        account=setting.facts.account,
        title=ready.subject,
        due_on=_in_days(values["days"]),
        owner=ready.people[0],
        kind=values["task_kind"],
        priority=values["priority"],
    )
    return ready.words


# -- Touches and plans -----------------------------------------------------------------


def _prepare_touch(setting: Setting, values: Values) -> Prepared:
    touch = LibraryTouch.objects.filter(pk=values["touch"], is_active=True).first()
    if touch is None:
        return Prepared("", "The touch is not in the library any more.")
    if problem := outside.problem_with(setting.facts.account, touch):
        return Prepared("", problem)
    words = f"Touch “{touch}”, due {write_day(_in_days(values['days']))}"
    weighed = spending.of_touch(setting.facts.account, setting.actor, touch)
    return _weighed(Prepared(words, record=touch), weighed, values)


def _do_touch(
    setting: Setting, values: Values, ready: Prepared, firing: Firing, _number: int
) -> str:
    outside.ask_for(
        account=setting.facts.account,
        touch=ready.record,
        due_on=_in_days(values["days"]),
        number=firing.pk,
    )
    return ready.words


def _prepare_plan(setting: Setting, values: Values) -> Prepared:
    plan = RetentionPlan.objects.filter(pk=values["plan"]).first()
    if plan is None:
        return Prepared("", "The plan is not there any more.")
    until = f" until {write_day(_in_days(values['days']))}" if values["days"] else ""
    weighed = spending.of_plan(setting.facts.account, setting.actor, plan)
    ready = Prepared(f"On the plan “{plan}”{until}", record=plan)
    return _weighed(ready, weighed, values)


def _do_plan(
    setting: Setting, values: Values, ready: Prepared, _firing: Firing, _number: int
) -> str:
    assignments.assign_by_hand(
        actor=None,
        account_ids=[setting.facts.account.pk],
        plan=ready.record,
        reason=setting.reason[:300],
        ends_on=_in_days(values["days"]) if values["days"] else None,
    )
    return ready.words


# -- Messages --------------------------------------------------------------------------


def _prepare_email(setting: Setting, values: Values) -> Prepared:
    account = setting.facts.account
    found = recipients([account], channel=Channel.EMAIL, topic=values["topic"])
    recipient = found[account.pk]
    contact = recipient.contact
    subject = _merged(setting, values["subject"], contact)
    text = _merged(setting, values["body"], contact)
    if contact is None:
        why = recipient.refusal.message if recipient.refusal else "Nobody is known."
        return Prepared("", why, subject=subject, text=text)
    if not values.get("cost"):
        return Prepared("", MAIL_COST_MISSING, subject=subject, text=text)
    words = f"E-mail “{subject}” to {contact} ({contact.email})"
    if not Decimal(values["cost"]):
        words += ", which costs nothing, so that it is never below the line"
    ready = Prepared(words, subject=subject, text=text, contact=contact)
    weighed = spending.of_email(account, setting.actor, values)
    return _weighed(ready, weighed, values)


def _do_email(
    setting: Setting, values: Values, ready: Prepared, firing: Firing, number: int
) -> str:
    delivery = deliveries.enqueue(
        actor=setting.actor,
        account=setting.facts.account,
        contact=ready.contact,
        occasion=occasion_of(firing, number),
        subject=ready.subject,
        body=ready.text,
        topic=values["topic"],
    )
    if delivery.status == DeliveryStatus.SUPPRESSED:
        return f"Not written: {delivery.answer}"
    return ready.words


def _prepare_notice(setting: Setting, values: Values) -> Prepared:
    account = setting.facts.account
    people = tuple(
        person
        for person in _told(setting, values["who"])
        if notifications.may_see(person, account)
    )
    if not people:
        return Prepared("", "There is nobody to tell.")
    text = _merged(setting, values["text"])
    names = ", ".join(str(person) for person in people)
    return Prepared(f"Tell {names}: “{text}”", text=text, people=people)


def _do_notice(
    setting: Setting, _values: Values, ready: Prepared, _firing: Firing, _number: int
) -> str:
    account = setting.facts.account
    for person in ready.people:
        notifications.tell(
            user=person,
            kind=NotificationKind.AUTOMATION,
            text=f"{setting.version.automation.name}: {ready.text}"[:LONGEST_NOTICE],
            url=reverse("crm:account_detail", args=[account.pk]),
            account=account,
        )
    return ready.words


def _prepare_webhook(setting: Setting, values: Values) -> Prepared:
    endpoint = WebhookEndpoint.objects.filter(
        pk=values["endpoint"], is_active=True
    ).first()
    if endpoint is None:
        return Prepared("", "The other system was switched off.")
    body = json.dumps(_payload(setting), indent=2, ensure_ascii=False)
    return Prepared(f"Call {endpoint}", text=body, record=endpoint)


def _do_webhook(
    setting: Setting, _values: Values, ready: Prepared, firing: Firing, _number: int
) -> str:
    call = webhooks.plan_call(
        endpoint=ready.record,
        account=setting.facts.account,
        firing=firing,
        payload=_payload(setting),
    )
    return f"{ready.words}, message {call.sequence} about this account"


def _payload(setting: Setting) -> Mapping[str, Any]:
    account, facts = setting.facts.account, setting.facts
    return {
        "type": "automation.fired",
        "automation": {
            "id": setting.version.automation_id,
            "name": setting.version.automation.name,
            "version": setting.version.number,
        },
        "trigger": {
            "kind": setting.version.trigger["kind"],
            "cause": setting.occurrence.cause,
            "text": setting.occurrence.text,
            "at": setting.occurrence.at.astimezone(dt.UTC).isoformat(),
        },
        "account": {
            "id": account.pk,
            "external_id": account.external_id,
            "name": account.name,
            "worth_class": facts.worth_class or None,
            "clv": None if facts.clv is None else str(facts.clv),
        },
    }


# -- Should we? ------------------------------------------------------------------------


def _weighed(ready: Prepared, weighed: Gate, values: Values) -> Prepared:
    """Leave out where it does not pay, unless the rule includes everybody."""
    if why := spending.why_left_out(weighed, values):
        return replace(ready, problem=why, is_left_out=True)
    return replace(ready, words=ready.words + spending.remark(weighed, values))


# -- People and texts ------------------------------------------------------------------


def _merged(setting: Setting, text: str, contact: Contact | None = None) -> str:
    return merge(text, values_of(setting.facts.account, contact))


def _responsible(setting: Setting, who: str) -> User | None:
    """Return who gets it; where the owner left, the manager does."""
    account = setting.facts.account
    if who == "author" and setting.actor.is_active:
        return setting.actor
    if who == "owner" and account.owner and account.owner.is_active:
        return account.owner
    managers = managers_of(account.territory)
    return managers[0] if managers else None


def _told(setting: Setting, who: str) -> list[User]:
    if who == "marketer":
        people = User.objects.filter(is_active=True, groups__name=Role.MARKETER)
        return list(people.order_by("name", "pk"))
    person = _responsible(setting, who)
    return [person] if person else []


def _in_days(days: int) -> dt.date:
    return business_today() + dt.timedelta(days=days)


ACTIONS: Mapping[str, Action] = {
    "task": Action(_prepare_task, _do_task),
    "touch": Action(_prepare_touch, _do_touch),
    "plan": Action(_prepare_plan, _do_plan),
    "email": Action(_prepare_email, _do_email),
    "notify": Action(_prepare_notice, _do_notice),
    "webhook": Action(_prepare_webhook, _do_webhook),
}
