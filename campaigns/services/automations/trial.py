"""Tries an automation on a real account: what it would do, and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from campaigns.models import Automation, AutomationVersion, Firing
from campaigns.queries.automations import finding
from campaigns.queries.automations.base import Occurrence
from campaigns.queries.automations.conditions import Verdict, verdicts
from campaigns.queries.automations.facts import facts_of
from campaigns.queries.automations.rules import Rule
from campaigns.queries.automations.triggers import TRIGGERS
from campaigns.services.automations import actions
from crm.models import Account, User
from crm.queries.merged import member_ids


@dataclass(frozen=True, slots=True)
class Trial:
    """What would happen at one account, if its newest cause came now."""

    account: Account
    occurrence: Occurrence | None
    verdicts: Sequence[Verdict]
    actions: Sequence[actions.Prepared]
    decided: Firing | None

    @property
    def conditions_hold(self) -> bool:
        return all(one.holds for one in self.verdicts)

    @property
    def fires(self) -> bool:
        return self.occurrence is not None and self.conditions_hold

    @property
    def sentence(self) -> str:
        """Say the outcome first."""
        if self.occurrence is None:
            return "It would not fire: its trigger has not happened here."
        if not self.conditions_hold:
            return "It would not fire: a condition does not hold."
        if self.decided is not None:
            return "It has decided this cause already, and does not again."
        return "It would fire."


def try_on(
    *, actor: User, rule: Rule, account: Account, automation: Automation | None = None
) -> Trial:
    """Return what a rule would do at `account` for its newest cause there.

    The rule need not be stored. Where the trigger never happened, conditions and
    actions are shown as they would be if it did now. Writes nothing.
    """
    facts = facts_of([account.pk])[account.pk]
    trigger = TRIGGERS[rule.trigger["kind"]]
    occurrence = finding.latest(
        trigger=trigger, values=rule.trigger, account_ids=member_ids(account)
    )
    shown = automation or Automation(name=rule.name)
    version = AutomationVersion(automation=shown, number=0, **rule.stored)
    supposed = occurrence or Occurrence(account.pk, "trial", timezone.now(), "A trial.")
    setting = actions.Setting(version, facts, supposed, actor)
    decided = None
    if automation is not None and occurrence is not None:
        decided = Firing.objects.filter(
            automation=automation, account=account, cause=occurrence.cause
        ).first()
    return Trial(
        account=account,
        occurrence=occurrence,
        verdicts=verdicts(list(rule.conditions), facts),
        actions=[actions.prepare(setting, values) for values in rule.actions],
        decided=decided,
    )
