"""Words of retention plans."""

from django.db.models import TextChoices

from crm.choices import Channel, CostKind

# Ways to reach a person that a person can refuse; a visit is arranged beforehand.
DIRECT_CHANNELS = frozenset(
    {
        Channel.PHONE,
        Channel.EMAIL,
        Channel.POST,
        Channel.MESSAGE,
        Channel.CHAT,
        Channel.SOCIAL,
    }
)


# What a touch may go by; a message that a plan asks for is an SMS.
TOUCH_CHANNELS = [
    (one.value, "SMS" if one is Channel.MESSAGE else str(one.label))
    for one in Channel
    if one is not Channel.NOTE
]
_NAMES = dict(TOUCH_CHANNELS)


def channel_words(channel: str) -> str:
    """Return what the channel of a touch is called at the start of a line."""
    return _NAMES.get(channel, channel)


def channel_inside(channel: str) -> str:
    """Return what the channel of a touch is called inside a sentence."""
    words = channel_words(channel)
    return words if words.isupper() else words.lower()


class VersionStatus(TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    ARCHIVED = "archived", "Archived"


class Cadence(TextChoices):
    """How often: in a calendar period, every few weeks, or by a day of the account."""

    WEEK = "week", "week"
    MONTH = "month", "month"
    QUARTER = "quarter", "quarter"
    YEAR = "year", "year"
    WEEKS = "weeks", "few weeks"
    ANNIVERSARY = "anniversary", "anniversary"
    ONBOARDING = "onboarding", "day after first contact"
    ONCE = "once", "day of a campaign"


# What plans and the library may ask for; only campaigns ask once.
PLAN_CADENCES = [one for one in Cadence.choices if one[0] != Cadence.ONCE]


class CampaignKind(TextChoices):
    """What a campaign is to bring about."""

    KEEP = "keep", "Keep customers"
    GROW = "grow", "Grow customers"
    WIN = "win", "Win customers"
    WIN_BACK = "win_back", "Win customers back"


class CampaignStatus(TextChoices):
    DRAFT = "draft", "Draft"
    STARTING = "starting", "Starting"
    RUNNING = "running", "Running"
    ENDED = "ended", "Ended"
    CANCELLED = "cancelled", "Cancelled"


class LeftOut(TextChoices):
    """Why an account of the audience is neither touched nor in the control group."""

    GATE = "gate", "Not worth it"
    MERGED = "merged", "Merged"
    FORMER = "former", "Not a customer any more"
    CONSENT = "consent", "Nobody there may be reached"


class Unreached(TextChoices):
    """Why a touch of a draft would not reach an account; the first that holds counts.

    The labels end the sentence that begins with how many accounts it is true of.
    """

    DO_NOT_CONTACT = "do_not_contact", "Everybody there asked not to be contacted"
    NO_CONSENT = "no_consent", "Nobody there allows the channel"
    NO_ADDRESS = "no_address", "Nobody there has an e-mail address"
    CAPPED = "capped", "They have heard as often as they wish in 30 days"


# The word for accounts that no night has classed yet, in addresses and on pages.
NEWCOMERS = "newcomers"


class OwnerRole(TextChoices):
    """Who does a touch: the account's owner, a manager, or marketing for all."""

    REP = "rep", "Account owner"
    MANAGER = "manager", "Management"
    MARKETER = "marketer", "Marketing"


class BudgetHead(TextChoices):
    """Which budget pays for a touch."""

    MARKETING = "marketing", "Marketing"
    RETENTION = "retention", "Retention"
    ACCOUNT_MANAGEMENT = "account_management", "Account management"
    SERVICE = "service", "Service"

    @property
    def cost_kind(self) -> CostKind:
        """Return the kind of ledger row; retention is paid as marketing."""
        kinds = {
            BudgetHead.ACCOUNT_MANAGEMENT: CostKind.ACCOUNT_MANAGEMENT,
            BudgetHead.SERVICE: CostKind.SERVICE,
        }
        return kinds.get(self, CostKind.MARKETING)


class TouchStatus(TextChoices):
    DUE = "due", "Due"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"


class ExceptionKind(TextChoices):
    """Why a touch that a plan asks for was not planned."""

    COUNTED = "counted", "A contact by hand counts instead"
    DO_NOT_CONTACT = "do_not_contact", "Everybody there asked not to be contacted"
    NO_CONSENT = "no_consent", "Nobody there allows it"
    CAPPED = "capped", "More than may reach an account"
    NO_DAY = "no_day", "No open day in its time"


class DeliveryStatus(TextChoices):
    """Where a mail is; the first four are on the way, the others final."""

    PLANNED = "planned", "Waiting"
    RETRY = "retry", "Tried, waiting"
    CLAIMED = "claimed", "Being sent"
    HANDING_OVER = "handing_over", "Being handed over"
    ACCEPTED = "accepted", "Sent"
    REJECTED = "rejected", "Refused"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    SUPPRESSED = "suppressed", "Not allowed"
    CANCELLED = "cancelled", "Cancelled"


class FiringStatus(TextChoices):
    """What an automation decided about one cause at one account."""

    FIRED = "fired", "Fired"
    FAILED = "failed", "Fired, not all done"
    NOT_MET = "not_met", "Conditions not met"
    RESTING = "resting", "Fired lately"
    BEFORE = "before", "Held before the start"


class CallStatus(TextChoices):
    """Where a message to another system is; the last three are final."""

    PLANNED = "planned", "Waiting"
    RETRY = "retry", "Tried, waiting"
    CALLING = "calling", "Being sent"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"
    CANCELLED = "cancelled", "Cancelled"


class GateOccasion(TextChoices):
    """Where money was about to be spent."""

    TOUCH = "touch", "Touch for a whole class"
    ASSIGNMENT = "assignment", "Plan for many accounts"
    MAILING = "mailing", "Mailing"
    AUTOMATION = "automation", "Automation"
    CAMPAIGN = "campaign", "Campaign"


class GateChoice(TextChoices):
    """What was decided about accounts for which a spend does not pay."""

    DROP = "drop", "Leave them out"
    CHEAPER = "cheaper", "Reach them more cheaply"
    OVERRIDE = "override", "Include them all the same"


class BelowLine(TextChoices):
    """What an automation does where its spend does not pay."""

    LEAVE_OUT = "leave_out", "leave them out, and say so in the log"
    INCLUDE = "include", "include them all the same"


class AlertKind(TextChoices):
    """What the night may find about an account."""

    CLASS_FELL = "class_fell", "Class fell"
    CLASS_ROSE = "class_rose", "Class rose"
    PAID_BACK = "paid_back", "Paid back"
    PAYBACK_SLIPPED = "payback_slipped", "Break-even slipped"
    REPEAT_LATE = "repeat_late", "Usual order is late"
    HOLDING_ENDS = "holding_ends", "Ends soon"
    EVENT_COMING = "event_coming", "Coming up"
    ANNIVERSARY = "anniversary", "Anniversary"
    PATTERN = "pattern", "Seen before"


class Rhythm(TextChoices):
    """How often an answer comes by mail."""

    DAILY = "daily", "every day"
    WEEKLY = "weekly", "every week"
    MONTHLY = "monthly", "every month"


class Outlook(TextChoices):
    """What a pattern of happenings was found to come before."""

    LOSS = "loss", "Loss"
    PURCHASE = "purchase", "Purchase"


class CaseClock(TextChoices):
    """What of a case has an end in time."""

    ANSWER = "answer", "First answer"
    RESOLVE = "resolve", "Resolution"


class ClockState(TextChoices):
    """How the clocks of a case stand, the most pressing first."""

    BREACHED = "breached", "Overdue"
    WARNING = "warning", "Due soon"
    RUNNING = "running", "In time"
    PAUSED = "paused", "Waiting"
    SETTLED = "settled", "Settled"
