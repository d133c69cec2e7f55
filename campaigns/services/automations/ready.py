"""Ready automations to start from; nothing of them acts before it is switched on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns import policy


@dataclass(frozen=True, slots=True)
class Example:
    """One ready automation: what it is for, and how it is filled in."""

    key: str
    name: str
    text: str
    trigger: Mapping[str, Any]
    actions: tuple[Mapping[str, Any], ...]
    conditions: tuple[Mapping[str, Any], ...] = ()
    rest_days: int = 0


_CASE = Example(
    key="case-of-a-key",
    name="A key customer has a problem",
    text="The owner calls within a day, and the manager knows of it.",
    trigger={"kind": "case_opened", "case_kind": ""},
    conditions=(
        {"kind": "class", "op": "is", "wanted": ["current_key", "potential_key"]},
    ),
    actions=(
        {
            "kind": "task",
            "title": "Call {{ account }} about their case",
            "who": "owner",
            "days": 1,
            "task_kind": "call",
            "priority": "high",
        },
        {
            "kind": "notify",
            "who": "manager",
            "text": "{{ account }} opened a case.",
        },
    ),
)
_SILENT = Example(
    key="no-order",
    name="No order in 60 days",
    text="Of customers worth something: the owner asks how things are.",
    trigger={"kind": "silent", "days": 60},
    conditions=(
        {"kind": "class", "op": "is_not", "wanted": ["never_profitable"]},
        {"kind": "quiet", "days": 14},
    ),
    actions=(
        {
            "kind": "task",
            "title": "Ask {{ account }} how things are: no order for 60 days",
            "who": "owner",
            "days": 3,
            "task_kind": "call",
            "priority": "normal",
        },
    ),
)
_FELL = Example(
    key="class-fell",
    name="A customer’s class fell",
    text="The owner finds out why, and is told at once.",
    trigger={
        "kind": "class_changed",
        "direction": "fell",
        "from_class": "",
        "to_class": "",
    },
    actions=(
        {
            "kind": "notify",
            "who": "owner",
            "text": "The class of {{ account }} fell.",
        },
        {
            "kind": "task",
            "title": "Find out why the class of {{ account }} fell",
            "who": "owner",
            "days": 5,
            "task_kind": "todo",
            "priority": "normal",
        },
    ),
    rest_days=30,
)
_WELCOME = Example(
    key="first-order",
    name="Thank for the first order",
    text="A mail to the person there, the day it comes.",
    trigger={"kind": "order_placed", "which": "first", "over": ""},
    actions=(
        {
            "kind": "email",
            "subject": "Thank you for your first order",
            "body": "Dear {{ contact }},\n\nthank you for your first order. If "
            "anything is not as it should be, call me.\n\n{{ owner }}",
            "topic": "",
            "cost": str(policy.EMAIL_UNIT_COST),
        },
    ),
)
EXAMPLES: Mapping[str, Example] = {
    one.key: one for one in (_CASE, _SILENT, _FELL, _WELCOME)
}
