"""Touches that ready plans are made of, each with its cost and reason stated."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from campaigns import policy
from campaigns.choices import BudgetHead, Cadence, OwnerRole
from crm.choices import Care, Channel

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
    subject: str = ""
    times: int = 1
    every: int = 1
    offset_days: int = 0
    minutes: int = 0

    @property
    def lineage(self) -> uuid.UUID:
        return lineage_of(self.key)


def lineage_of(key: str) -> uuid.UUID:
    """Return the lineage of a touch that is known by a key wherever it is loaded."""
    return uuid.uuid5(_NAMESPACE, key)


class _Paid(TypedDict):
    """Who does a touch, and which budget pays for it."""

    owner_role: OwnerRole
    head: BudgetHead


_BY_REP: _Paid = {
    "owner_role": OwnerRole.REP,
    "head": BudgetHead.ACCOUNT_MANAGEMENT,
}
_BY_MARKETING: _Paid = {
    "owner_role": OwnerRole.MARKETER,
    "head": BudgetHead.MARKETING,
}
_TO_RETAIN: _Paid = {
    "owner_role": OwnerRole.MARKETER,
    "head": BudgetHead.RETENTION,
}


def _letter(text: str) -> str:
    """Return a text to one person, from who looks after them."""
    return f"Dear {{{{ contact }}}},\n\n{text}\n\n{{{{ owner|With best wishes }}}}"


MAGAZINE = ReadyTouch(
    key="printed-magazine",
    title="Printed magazine",
    channel=Channel.POST,
    cadence=Cadence.QUARTER,
    unit_cost=policy.MAGAZINE_UNIT_COST,
    care=Care.RETAIN,
    subject="The new issue",
    content=_letter(
        "here is the printed issue of this quarter. Tell me what you think of it when"
        " we see each other next."
    ),
    **_BY_MARKETING,
)
VISIT = ReadyTouch(
    key="sales-visit",
    title="Sales visit",
    channel=Channel.VISIT,
    cadence=Cadence.QUARTER,
    unit_cost=policy.VISIT_UNIT_COST,
    minutes=policy.VISIT_MINUTES,
    care=Care.EXPAND,
    content="See how they work now, what they need next, and what we can do better.",
    **_BY_REP,
)
ONLINE_ISSUE = ReadyTouch(
    key="online-issue",
    title="Online issue",
    channel=Channel.EMAIL,
    cadence=Cadence.MONTH,
    unit_cost=policy.EMAIL_UNIT_COST,
    care=Care.RETAIN,
    subject="Our issue of this month",
    content=_letter(
        "our online issue of this month is out. If something in it is of use to you,"
        " or you miss something, an answer to {{ owner_email|this mail }} reaches me."
    ),
    **_BY_MARKETING,
)
FOLLOW_UP = ReadyTouch(
    key="phone-follow-up",
    title="Phone follow-up",
    channel=Channel.PHONE,
    cadence=Cadence.QUARTER,
    unit_cost=policy.CALL_UNIT_COST,
    minutes=policy.CALL_MINUTES,
    care=Care.RETAIN,
    content="Ask what they thought of the last issue and what they need this quarter.",
    **_BY_REP,
)
YEARLY_MAIL = ReadyTouch(
    key="yearly-e-mail",
    title="Yearly e-mail",
    channel=Channel.EMAIL,
    cadence=Cadence.YEAR,
    unit_cost=policy.EMAIL_UNIT_COST,
    care=Care.RETAIN,
    subject="Thank you for this year",
    content=_letter(
        "thank you for this year. You order as before, and reach us at"
        " {{ owner_email|this address }}."
    ),
    **_BY_MARKETING,
)

WELCOME_MAIL = ReadyTouch(
    key="welcome-e-mail",
    title="Welcome e-mail",
    channel=Channel.EMAIL,
    cadence=Cadence.ONBOARDING,
    offset_days=0,
    unit_cost=policy.EMAIL_UNIT_COST,
    care=Care.CULTIVATE,
    subject="Welcome",
    content=_letter(
        "welcome. I look after you from now on: you reach me at"
        " {{ owner_email|this address }}. In the next days I call, to hear what you"
        " need first."
    ),
    **_BY_MARKETING,
)
WELCOME_CALL = ReadyTouch(
    key="welcome-call",
    title="Welcome call",
    channel=Channel.PHONE,
    cadence=Cadence.ONBOARDING,
    offset_days=3,
    unit_cost=policy.CALL_UNIT_COST,
    minutes=policy.WELCOME_CALL_MINUTES,
    care=Care.CULTIVATE,
    content="What made you come to us? What do you need first? Who else matters?",
    **_BY_REP,
)
FIRST_STEPS = ReadyTouch(
    key="first-steps",
    title="First steps",
    channel=Channel.EMAIL,
    cadence=Cadence.ONBOARDING,
    offset_days=14,
    unit_cost=policy.EMAIL_UNIT_COST,
    care=Care.CULTIVATE,
    subject="How it begins well",
    content=_letter(
        "the first weeks raise questions. Ask me whatever comes up, by mail to"
        " {{ owner_email|this address }} or when I call."
    ),
    **_BY_MARKETING,
)
CHECK_IN = ReadyTouch(
    key="check-in-call",
    title="Check-in call",
    channel=Channel.PHONE,
    cadence=Cadence.ONBOARDING,
    offset_days=45,
    unit_cost=policy.CALL_UNIT_COST,
    minutes=policy.CALL_MINUTES,
    care=Care.RETAIN,
    content="Did it go as you hoped? What is still missing? Put it right at once.",
    owner_role=OwnerRole.REP,
    head=BudgetHead.SERVICE,
)

WIN_BACK_LETTER = ReadyTouch(
    key="win-back-letter",
    title="Letter: we miss you",
    channel=Channel.POST,
    cadence=Cadence.WEEKS,
    every=12,
    unit_cost=policy.LETTER_UNIT_COST,
    care=Care.ACQUIRE,
    subject="We miss you",
    content=_letter(
        "it has been a while since your last order, and some things have changed here"
        " since. I would like to hear what would bring you back."
    ),
    **_TO_RETAIN,
)
WIN_BACK_CALL = ReadyTouch(
    key="win-back-call",
    title="Win-back call",
    channel=Channel.PHONE,
    cadence=Cadence.WEEKS,
    every=4,
    unit_cost=policy.CALL_UNIT_COST,
    minutes=policy.WELCOME_CALL_MINUTES,
    owner_role=OwnerRole.REP,
    head=BudgetHead.RETENTION,
    care=Care.ACQUIRE,
    content="Why did it end? Who delivers now? What would have to be different?",
)
WIN_BACK_MAIL = ReadyTouch(
    key="win-back-e-mail",
    title="E-mail with an offer to return",
    channel=Channel.EMAIL,
    cadence=Cadence.WEEKS,
    every=6,
    unit_cost=policy.EMAIL_UNIT_COST,
    care=Care.ACQUIRE,
    subject="Shall we try again?",
    content=_letter(
        "is there something that we should have done better? Tell me what you need"
        " now, and I make you one offer that fits."
    ),
    **_TO_RETAIN,
)

SOCIAL_NOTE = ReadyTouch(
    key="social-note",
    title="Note on a business network",
    channel=Channel.SOCIAL,
    cadence=Cadence.QUARTER,
    unit_cost=policy.SOCIAL_UNIT_COST,
    minutes=policy.SOCIAL_MINUTES,
    care=Care.RETAIN,
    content="Comment on their news; link to an article that helps them.",
    **_BY_MARKETING,
)
ONLINE_SURVEY = ReadyTouch(
    key="online-survey",
    title="Online survey",
    channel=Channel.WEB,
    cadence=Cadence.WEEKS,
    every=26,
    unit_cost=policy.SURVEY_UNIT_COST,
    owner_role=OwnerRole.MARKETER,
    head=BudgetHead.SERVICE,
    care=Care.RETAIN,
    content="Three questions: what works, what does not, what is missing.",
)

KEY_VISIT = ReadyTouch(
    key="key-account-visit",
    title="Key account visit",
    channel=Channel.VISIT,
    cadence=Cadence.WEEKS,
    every=6,
    unit_cost=policy.VISIT_UNIT_COST,
    minutes=policy.VISIT_MINUTES,
    care=Care.EXPAND,
    content="Meet more than one person. Plans of the next months, open points, ideas.",
    **_BY_REP,
)
KEY_REVIEW = ReadyTouch(
    key="business-review",
    title="Business review",
    channel=Channel.MEETING,
    cadence=Cadence.YEAR,
    times=2,
    unit_cost=policy.REVIEW_UNIT_COST,
    minutes=policy.REVIEW_MINUTES,
    owner_role=OwnerRole.MANAGER,
    head=BudgetHead.ACCOUNT_MANAGEMENT,
    care=Care.EXPAND,
    content="Their goals, what we contributed, what we promise for the next half-year.",
)
KEY_CALL = ReadyTouch(
    key="key-account-call",
    title="Monthly call",
    channel=Channel.PHONE,
    cadence=Cadence.MONTH,
    unit_cost=policy.CALL_UNIT_COST,
    minutes=policy.CALL_MINUTES,
    care=Care.RETAIN,
    content="How is it going? What is coming up? What did we promise?",
    **_BY_REP,
)
THANKS_CARD = ReadyTouch(
    key="anniversary-card",
    title="Card for years together",
    channel=Channel.POST,
    cadence=Cadence.ANNIVERSARY,
    offset_days=-5,
    unit_cost=policy.CARD_UNIT_COST,
    minutes=policy.CARD_MINUTES,
    owner_role=OwnerRole.REP,
    head=BudgetHead.RETENTION,
    care=Care.RETAIN,
    subject="Another year together",
    content=_letter("thank you for another year together."),
)
CUSTOMER_DAY = ReadyTouch(
    key="customer-day",
    title="Invitation to the customer day",
    channel=Channel.EVENT,
    cadence=Cadence.YEAR,
    unit_cost=policy.EVENT_UNIT_COST,
    care=Care.CULTIVATE,
    content="Meet other customers, see what is new. Bring somebody we should know.",
    **_BY_MARKETING,
)
