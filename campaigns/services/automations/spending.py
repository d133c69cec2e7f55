"""Should we? Asked at each account before an automation spends money there.

The rule says in advance what becomes of accounts for which it does not pay: they are
left out, which the log tells, or included with the reason that the rule gives.
"""

from decimal import Decimal

from campaigns.choices import BelowLine
from campaigns.models import LibraryTouch, RetentionPlan
from campaigns.queries.automations.base import Values
from campaigns.queries.costs import cost_of_touch
from campaigns.queries.gate import Gate
from campaigns.services import gate
from common.templatetags.display import cents
from crm.choices import Channel
from crm.models import Account, User


def of_plan(account: Account, actor: User, plan: RetentionPlan) -> Gate:
    """Weigh a year of a plan at this account."""
    return gate.weigh_plan(account_ids=[account.pk], plan=plan, actor=actor)


def of_touch(account: Account, actor: User, touch: LibraryTouch) -> Gate:
    """Weigh one touch at this account, its minutes included."""
    return gate.weigh(
        account_ids=[account.pk],
        cost_each=cost_of_touch(touch),
        channel=touch.channel,
        actor=actor,
    )


def of_email(account: Account, actor: User, values: Values) -> Gate:
    """Weigh one mail at this account, at what the rule says that it costs."""
    return gate.weigh(
        account_ids=[account.pk],
        cost_each=Decimal(values["cost"]),
        channel=Channel.EMAIL,
        actor=actor,
    )


def why_left_out(weighed: Gate, values: Values) -> str:
    """Say why nothing is spent at this account; empty where it is."""
    if not weighed.is_needed or includes_all(values):
        return ""
    return f"Left out: {_sums(weighed)}."


def remark(weighed: Gate, values: Values) -> str:
    """Say why money is spent at an account below the line; empty elsewhere."""
    if not weighed.is_needed or not includes_all(values):
        return ""
    return f" (all the same, {values.get('below_reason')}: {_sums(weighed)})"


def includes_all(values: Values) -> bool:
    return values.get("below") == BelowLine.INCLUDE.value


def _sums(weighed: Gate) -> str:
    return (
        f"{cents(weighed.cost_each)} spent here are expected to secure"
        f" {cents(weighed.secured_below)}"
    )
