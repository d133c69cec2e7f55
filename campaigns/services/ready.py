"""Ready plans: what each class gets when nobody has planned yet, or on request."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from campaigns import policy
from campaigns.choices import BudgetHead, Cadence, OwnerRole
from crm.choices import Care, Channel
from segments.choices import WorthClass

MAGAZINE_AND_VISITS = "magazine-and-visits"

# Ready touches keep their lineage wherever they are loaded, so that an account that
# rises from potential to current key is not sent the same magazine twice.
_NAMESPACE = uuid.UUID("6f1d5c56-53f0-4c55-8f3c-0a4d6f7f9b11")


@dataclass(frozen=True, slots=True)
class ReadyTouch:
    """One touch of a ready plan, with its cost stated."""

    key: str
    title: str
    channel: Channel
    cadence: Cadence
    unit_cost: Decimal
    owner_role: OwnerRole
    head: BudgetHead
    care: Care
    content: str
    times: int = 1
    every: int = 1
    minutes: int = 0

    @property
    def lineage(self) -> uuid.UUID:
        return uuid.uuid5(_NAMESPACE, self.key)


@dataclass(frozen=True, slots=True)
class ReadyPlan:
    """A ready plan: the same idea, costed for each class."""

    key: str
    name: str
    text: str
    touches: Mapping[WorthClass, tuple[ReadyTouch, ...]]


MAGAZINE = ReadyTouch(
    key="printed-magazine",
    title="Printed magazine",
    channel=Channel.POST,
    cadence=Cadence.QUARTER,
    unit_cost=policy.MAGAZINE_UNIT_COST,
    owner_role=OwnerRole.MARKETER,
    head=BudgetHead.MARKETING,
    care=Care.RETAIN,
    content="The printed issue of the quarter, with a card signed by the owner.",
)
VISIT = ReadyTouch(
    key="sales-visit",
    title="Sales visit",
    channel=Channel.VISIT,
    cadence=Cadence.QUARTER,
    unit_cost=policy.VISIT_UNIT_COST,
    minutes=policy.VISIT_MINUTES,
    owner_role=OwnerRole.REP,
    head=BudgetHead.ACCOUNT_MANAGEMENT,
    care=Care.EXPAND,
    content="See how they work now, what they need next, and what we can do better.",
)
ONLINE_ISSUE = ReadyTouch(
    key="online-issue",
    title="Online issue",
    channel=Channel.EMAIL,
    cadence=Cadence.MONTH,
    unit_cost=policy.EMAIL_UNIT_COST,
    owner_role=OwnerRole.MARKETER,
    head=BudgetHead.MARKETING,
    care=Care.RETAIN,
    content="The month's online issue: three articles and one offer.",
)
FOLLOW_UP = ReadyTouch(
    key="phone-follow-up",
    title="Phone follow-up",
    channel=Channel.PHONE,
    cadence=Cadence.QUARTER,
    unit_cost=policy.CALL_UNIT_COST,
    minutes=policy.CALL_MINUTES,
    owner_role=OwnerRole.REP,
    head=BudgetHead.ACCOUNT_MANAGEMENT,
    care=Care.RETAIN,
    content="Ask what they thought of the last issue and what they need this quarter.",
)
YEARLY_MAIL = ReadyTouch(
    key="yearly-e-mail",
    title="Yearly e-mail",
    channel=Channel.EMAIL,
    cadence=Cadence.YEAR,
    unit_cost=policy.EMAIL_UNIT_COST,
    owner_role=OwnerRole.MARKETER,
    head=BudgetHead.MARKETING,
    care=Care.RETAIN,
    content="Thanks for the year, how to order, and how to reach us. No rep time.",
)

READY_PLANS: Mapping[str, ReadyPlan] = {
    MAGAZINE_AND_VISITS: ReadyPlan(
        key=MAGAZINE_AND_VISITS,
        name="Magazine and visits",
        text=(
            "Key and potential key customers get the printed magazine and a sales "
            "visit each quarter; the others get the online issue and a phone "
            "follow-up, and those who never pay back one e-mail a year."
        ),
        touches={
            WorthClass.CURRENT_KEY: (MAGAZINE, VISIT),
            WorthClass.POTENTIAL_KEY: (MAGAZINE, VISIT),
            WorthClass.GENERAL: (ONLINE_ISSUE, FOLLOW_UP),
            WorthClass.NEVER_PROFITABLE: (YEARLY_MAIL,),
        },
    )
}

PLAN_NAMES: Mapping[WorthClass, str] = {
    WorthClass.CURRENT_KEY: "Magazine and visits",
    WorthClass.POTENTIAL_KEY: "Magazine and visits, to grow",
    WorthClass.GENERAL: "Online issue and follow-up",
    WorthClass.NEVER_PROFITABLE: "One e-mail a year",
}
