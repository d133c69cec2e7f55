"""Ready plans: what each class gets when nobody has planned yet, or on request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.models import RetentionPlan
from campaigns.services.ready_touches import (
    CHECK_IN,
    CUSTOMER_DAY,
    FIRST_STEPS,
    FOLLOW_UP,
    KEY_CALL,
    KEY_REVIEW,
    KEY_VISIT,
    MAGAZINE,
    ONLINE_ISSUE,
    ONLINE_SURVEY,
    SOCIAL_NOTE,
    THANKS_CARD,
    VISIT,
    WELCOME_CALL,
    WELCOME_MAIL,
    WIN_BACK_CALL,
    WIN_BACK_LETTER,
    WIN_BACK_MAIL,
    YEARLY_MAIL,
    ReadyTouch,
)
from segments.choices import WorthClass

MAGAZINE_AND_VISITS = "magazine-and-visits"
ONBOARDING = "onboarding"
WIN_BACK = "win-back"
DIGITAL_ONLY = "digital-only"
KEY_ACCOUNTS = "key-accounts"


@dataclass(frozen=True, slots=True)
class ReadyPlan:
    """A ready plan: the same idea for everybody, or costed for each class.

    `runs_days` holds where a plan is not that of a whole class: nobody who stands in a
    class shall drop out of care.
    """

    key: str
    name: str
    text: str
    touches: tuple[ReadyTouch, ...]
    by_class: Mapping[str, tuple[ReadyTouch, ...]] = field(default_factory=dict)
    runs_days: int | None = None

    def run_for(self, plan: RetentionPlan) -> int | None:
        """Return for how long an account follows it as `plan`."""
        is_of_class = bool(plan.worth_class) and plan.key == plan.worth_class
        return None if is_of_class else self.runs_days

    def touches_for(self, worth_class: str) -> tuple[ReadyTouch, ...]:
        """Return what members of a class get; without a class what most get."""
        return self.by_class.get(worth_class, self.touches)


_ONLINE = (ONLINE_ISSUE, FOLLOW_UP)
_PRINTED = (MAGAZINE, VISIT)

READY_PLANS: Mapping[str, ReadyPlan] = {
    plan.key: plan
    for plan in (
        ReadyPlan(
            key=MAGAZINE_AND_VISITS,
            name="Magazine and visits",
            text=(
                "Key and potential key customers get the printed magazine and a sales "
                "visit each quarter; the others get the online issue and a phone "
                "follow-up, and those who never pay back one e-mail a year."
            ),
            touches=_ONLINE,
            by_class={
                WorthClass.CURRENT_KEY: _PRINTED,
                WorthClass.POTENTIAL_KEY: _PRINTED,
                WorthClass.NEVER_PROFITABLE: (YEARLY_MAIL,),
            },
        ),
        ReadyPlan(
            key=ONBOARDING,
            name="Onboarding",
            text=(
                "From the first contact on: a welcome by e-mail at once and by phone "
                "on day 3, first steps on day 14, a check-in call on day 45."
            ),
            touches=(WELCOME_MAIL, WELCOME_CALL, FIRST_STEPS, CHECK_IN),
            runs_days=60,
        ),
        ReadyPlan(
            key=WIN_BACK,
            name="Win-back",
            text=(
                "For twelve weeks: a letter, a call every four weeks and an e-mail "
                "every six. Whoever has not come back by then leaves the plan."
            ),
            touches=(WIN_BACK_LETTER, WIN_BACK_CALL, WIN_BACK_MAIL),
            runs_days=84,
        ),
        ReadyPlan(
            key=DIGITAL_ONLY,
            name="Digital only",
            text=(
                "The online issue each month, a note on a business network each "
                "quarter, a survey twice a year. No rep time, no paper."
            ),
            touches=(ONLINE_ISSUE, SOCIAL_NOTE, ONLINE_SURVEY),
        ),
        ReadyPlan(
            key=KEY_ACCOUNTS,
            name="Key account programme",
            text=(
                "A visit every six weeks, a call each month, a review with the "
                "management twice a year, a card for years together and a seat at "
                "the customer day."
            ),
            touches=(KEY_VISIT, KEY_CALL, KEY_REVIEW, THANKS_CARD, CUSTOMER_DAY),
        ),
    )
}

# Each ready touch once, for the library.
READY_TOUCHES: tuple[ReadyTouch, ...] = tuple(
    {
        touch.key: touch
        for plan in READY_PLANS.values()
        for row in (*plan.by_class.values(), plan.touches)
        for touch in row
    }.values()
)

# What a firm begins with: which ready plan under which name, the newcomers' last.
FIRST_PLANS: Mapping[str, tuple[str, str]] = {
    WorthClass.CURRENT_KEY: (MAGAZINE_AND_VISITS, "Magazine and visits"),
    WorthClass.POTENTIAL_KEY: (MAGAZINE_AND_VISITS, "Magazine and visits, to grow"),
    WorthClass.GENERAL: (MAGAZINE_AND_VISITS, "Online issue and follow-up"),
    WorthClass.NEVER_PROFITABLE: (MAGAZINE_AND_VISITS, "One e-mail a year"),
    "": (ONBOARDING, "Onboarding"),
}
