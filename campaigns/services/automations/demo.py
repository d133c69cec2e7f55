"""The automations of the demo firm: two that most firms would switch on."""

from campaigns.services.automations import rules
from campaigns.services.automations.ready import EXAMPLES
from crm.choices import Role
from crm.models import User

SWITCHED_ON = ("case-of-a-key", "no-order")


def switch_on_examples() -> None:
    """Let a marketer switch them on; they begin with what happens from then on."""
    people = User.objects.filter(groups__name=Role.MARKETER).order_by("pk")
    marketer = people.first()
    if marketer is None:
        return
    for key in SWITCHED_ON:
        example = EXAMPLES[key]
        automation = rules.create_automation(
            actor=marketer,
            name=example.name,
            trigger=example.trigger,
            conditions=example.conditions,
            actions=example.actions,
            rest_days=example.rest_days,
        )
        rules.switch_on(actor=marketer, automation=automation)
