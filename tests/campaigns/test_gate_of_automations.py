"""Should we? Automations leave out where it does not pay, or say why they do not."""

from campaigns.models import Delivery, Firing, PlanAssignment
from campaigns.queries.automations.rules import checked
from campaigns.services.automations import firing, rules
from campaigns.services.sent_touches import close_touch_of
from common.clock import business_today
from crm.models import LedgerEntry
from tests import make
from tests.campaigns.automations.conftest import ORDER, switch

WHY = "Anniversary year"


def rule_of(marketer, *actions):
    made = rules.create_automation(
        actor=marketer, name="A rule", trigger=ORDER, actions=list(actions)
    )
    switch(made, actor=marketer)
    return made


def test_an_automation_leaves_out_where_it_does_not_pay(audience, key_plan, marketer):
    rule = rule_of(marketer, {"kind": "plan", "plan": str(key_plan.pk), "days": ""})
    for name in ("Rich", "Poor"):
        make.order(account=audience[name], on=business_today())

    assert firing.run_one(rule.pk) == 1

    rows = {row.account.name: row for row in Firing.objects.all()}
    assert (rows["Rich"].status, rows["Poor"].status) == ("fired", "not_met")
    assert rows["Poor"].results[0]["said"].startswith("Left out: ")
    follows = PlanAssignment.objects.open().get(plan=key_plan)
    assert follows.account == audience["Rich"]
    assert firing.run_one(rule.pk) == 0


def test_a_mail_of_an_automation_is_weighed_and_charged(audience, marketer):
    for name in ("Rich", "Poor"):
        make.contact(account=audience[name], email=f"{name}@example.test")
    mail = {"kind": "email", "subject": "Thanks", "body": "Hello", "cost": "4.80"}
    rule = rule_of(marketer, mail)
    for name in ("Rich", "Poor"):
        make.order(account=audience[name], on=business_today())
    firing.run_one(rule.pk)

    written = Delivery.objects.get()
    assert written.account == audience["Rich"]
    close_touch_of(written)
    charged = LedgerEntry.objects.get(source="automation")
    assert (charged.account, str(charged.amount)) == (audience["Rich"], "4.80")


def test_what_a_mail_costs_is_asked_for_and_never_nothing(audience, marketer):
    mail = {"kind": "email", "subject": "Thanks", "body": "Hello"}
    judged = checked(name="A", trigger=ORDER, conditions=[], actions=[mail])
    asks = "Say what one mail costs, such as 0.30; 0 if it costs nothing."
    assert judged.errors == {"actions.0.cost": asks}
    make.contact(account=audience["Poor"], email="poor@example.test")
    rule = rule_of(marketer, mail | {"cost": "0"})
    version = rule.versions.get()
    said = version.actions[0].pop("cost")
    version.save()
    make.order(account=audience["Poor"], on=business_today())
    firing.run_one(rule.pk)

    assert said == "0.00"
    assert not Delivery.objects.exists()
    fired = Firing.objects.get()
    assert fired.status == "failed"
    assert "does not say what one mail costs" in fired.results[0]["said"]


def test_including_everybody_needs_a_reason(audience, marketer):
    mail = {
        "kind": "email",
        "subject": "Thanks",
        "body": "Hello",
        "cost": "4.80",
        "below": "include",
    }
    judged = checked(name="A", trigger=ORDER, conditions=[], actions=[mail])
    assert list(judged.errors) == ["actions.0.below_reason"]
    make.contact(account=audience["Poor"], email="poor@example.test")
    rule = rule_of(marketer, mail | {"below_reason": WHY})
    make.order(account=audience["Poor"], on=business_today())
    assert firing.run_one(rule.pk) == 1
    assert WHY in Firing.objects.get().results[0]["said"]
