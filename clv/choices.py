"""Words of valuation."""

from django.db.models import IntegerChoices, TextChoices


class RunStatus(TextChoices):
    QUEUED = "queued", "Waiting for a worker"
    RUNNING = "running", "Running"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Replaced by a later run of the same day"
    CHECKED = "checked", "Same as stored"
    PREVIEWED = "previewed", "Worked out, not published"
    FAILED = "failed", "Failed"


class RunKind(TextChoices):
    NIGHTLY = "nightly", "Nightly"
    ON_DEMAND = "on_demand", "On demand"
    RERUN = "rerun", "From stored inputs"
    PREVIEW = "preview", "To see the effect of assumptions"


class LadderStep(TextChoices):
    """How much of a value is the account's own: the cold-start ladder."""

    INDIVIDUAL = "individual", "Own history"
    POOLED = "pooled", "Like accounts"
    ASSUMPTION = "assumption", "Assumption"


class PriorStrength(IntegerChoices):
    """How many times the engine's weak prior it counts what people say."""

    WEAK = 1, "Weakly"
    CLEAR = 4, "Clearly"
    STRONG = 16, "Strongly"


class BreakEven(TextChoices):
    PAID_BACK = "paid_back", "Paid back"
    EXPECTED = "expected", "Expected"
    NOT_EXPECTED = "not_expected", "Not expected"
    UNKNOWN = "unknown", "Not known"


class CohortKind(TextChoices):
    """What customers are taken together by, to see when they pay back."""

    FIRM = "firm", "All customers"
    QUARTER = "quarter", "Quarter of the first order"
    SOURCE = "source", "Source"


class CostDriver(TextChoices):
    """What a kind of cost to serve grows with."""

    ORDER = "order", "With each order"
    YEAR = "year", "With each year"


class Light(TextChoices):
    """The traffic light on the forecasts."""

    GREEN = "green", "Good"
    AMBER = "amber", "With care"
    RED = "red", "Do not rely on it"
    UNKNOWN = "unknown", "Cannot be judged yet"


class OfferKind(TextChoices):
    """How a product stands to one that the account has."""

    COMPLEMENT = "complement", "Goes with"
    UPGRADE = "upgrade", "Replaces"


class OfferState(TextChoices):
    ACCEPTED = "accepted", "Taken up"
    DISMISSED = "dismissed", "Dismissed"


class DismissReason(TextChoices):
    """Why a product is not offered to an account."""

    NO_NEED = "no_need", "They do not need it"
    ELSEWHERE = "elsewhere", "They have it from somebody else"
    PRICE = "price", "Too dear for them"
    ASKED = "asked", "Offered lately, they said no"
    WRONG_TIME = "wrong_time", "Not now"
    BAD_IDEA = "bad_idea", "Does not go with what they have"
