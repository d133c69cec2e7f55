"""Actions: what an automation may do, and what each asks for.

How they are done stands in `services.automations.actions`.
"""

from collections.abc import Mapping
from decimal import Decimal

from campaigns.choices import BelowLine
from campaigns.queries.automations import options
from campaigns.queries.automations.base import Spec, Values
from campaigns.queries.automations.params import Kind, Param
from campaigns.queries.automations.params import Options as OptionsOf
from common.templatetags.display import cents

MERGE_HELP = "may hold merge fields such as {{ account }} or {{ first_name|there }}"


def _due(label: str = "Due in days") -> Param:
    return Param("days", label, Kind.NUMBER, default=3, least=0, most=365)


def _in_days(days: int) -> str:
    if not days:
        return "the same day"
    return f"in {days} days" if days != 1 else "the next day"


def _who(name: str, label: str, options_of: OptionsOf, default: str = "owner") -> Param:
    return Param(name, label, Kind.CHOICE, options_of, default=default)


def _judge_below(values: Values) -> Mapping[str, str]:
    if values.get("below") == BelowLine.INCLUDE and not values.get("below_reason"):
        return {"below_reason": "Say why they are included all the same."}
    return {}


def _at_cost(values: Values) -> str:
    cost = values.get("cost")
    if not cost:
        return ", once its cost is entered"
    return f" at {cents(Decimal(cost))} each"


# Should we? What a rule that spends money says in advance.
_BELOW = (
    Param(
        "below",
        "Where it does not pay",
        Kind.CHOICE,
        options.below_the_line,
        default=BelowLine.LEAVE_OUT.value,
        help="“Should we?” is asked at each account before money is spent there",
    ),
    Param(
        "below_reason",
        "Why all the same",
        Kind.TEXT,
        most=200,
        is_optional=True,
        help="needed to include them",
    ),
)
_TASK = Spec(
    "task",
    "Make a task",
    params=(
        Param("title", "Title", Kind.TEXT, most=200, merges=True, help=MERGE_HELP),
        _who("who", "For", options.responsible),
        _due(),
        _who("task_kind", "Kind", options.task_kinds, default="todo"),
        _who("priority", "Priority", options.priorities, default="normal"),
    ),
    say=lambda v: f"make the task “{v['title']}”, due {_in_days(v['days'])}",
)
_touch = Param(
    "touch",
    "Touch of the library",
    Kind.CHOICE,
    options.library_touches,
    help="one whose unit cost is known",
)
_TOUCH = Spec(
    "touch",
    "Ask for a touch outside the plan",
    "It stands in Today like a touch of a plan, and costs what the library says.",
    params=(_touch, _due(), *_BELOW),
    say=lambda v: (
        f"ask for the touch “{_touch.said(v['touch'])}” {_in_days(v['days'])}"
    ),
    judge=_judge_below,
)
_plan = Param("plan", "Plan", Kind.CHOICE, options.plans)
_PLAN = Spec(
    "plan",
    "Put on a plan",
    "By hand, so it goes before the plan of the class.",
    params=(
        _plan,
        Param(
            "days",
            "For so many days",
            Kind.NUMBER,
            least=1,
            most=3_650,
            is_optional=True,
            help="empty: until the class changes",
        ),
        *_BELOW,
    ),
    say=lambda v: f"put it on the plan “{_plan.said(v['plan'])}”",
    judge=_judge_below,
)
_EMAIL = Spec(
    "email",
    "Write an e-mail",
    "To the most influential person there who may be written to, outside quiet hours.",
    params=(
        Param("subject", "Subject", Kind.TEXT, most=150, merges=True, help=MERGE_HELP),
        Param("body", "Text", Kind.LONG_TEXT, most=20_000, merges=True),
        Param(
            "topic",
            "Topic",
            Kind.TEXT,
            most=60,
            is_optional=True,
            help="with a topic, only who agreed to it gets the mail",
        ),
        Param(
            "cost",
            "What one mail costs",
            Kind.AMOUNT,
            most=10_000,
            help="charged when a server has taken it, and weighed by “Should we?”; 0 is"
            " never below the line",
            missing="Say what one mail costs, such as 0.30; 0 if it costs nothing.",
        ),
        *_BELOW,
    ),
    say=lambda v: f"write the e-mail “{v['subject']}”{_at_cost(v)}",
    judge=_judge_below,
)
_told = _who("who", "Whom", options.told)
_NOTIFY = Spec(
    "notify",
    "Tell somebody",
    "A notification in the product; only to people who may see the account.",
    params=(
        _told,
        Param("text", "Text", Kind.TEXT, most=300, merges=True, help=MERGE_HELP),
    ),
    say=lambda v: f"tell {_told.said(v['who'])}: “{v['text']}”",
)
_endpoint = Param(
    "endpoint",
    "Which system",
    Kind.CHOICE,
    options.endpoints,
    help="administrators enter them under Other systems",
)
_WEBHOOK = Spec(
    "webhook",
    "Call another system",
    "A signed message, sent again until it is answered, for up to 72 hours.",
    params=(_endpoint,),
    say=lambda v: f"call {_endpoint.said(v['endpoint'])}",
)
ACTIONS: Mapping[str, Spec] = {
    one.key: one for one in (_TASK, _TOUCH, _PLAN, _EMAIL, _NOTIFY, _WEBHOOK)
}
