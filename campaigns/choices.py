"""Words of retention plans."""

from django.db.models import TextChoices


class VersionStatus(TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    ARCHIVED = "archived", "Archived"


class Cadence(TextChoices):
    """How often: the calendar period in which one touch falls."""

    WEEK = "week", "week"
    MONTH = "month", "month"
    QUARTER = "quarter", "quarter"
    YEAR = "year", "year"


class OwnerRole(TextChoices):
    """Who does a touch: the account's owner, or marketing for the whole class."""

    REP = "rep", "Account owner"
    MARKETER = "marketer", "Marketing"


class BudgetHead(TextChoices):
    MARKETING = "marketing", "Marketing"
    RETENTION = "retention", "Retention"
    ACCOUNT_MANAGEMENT = "account_management", "Account management"
    SERVICE = "service", "Service"


class TouchStatus(TextChoices):
    DUE = "due", "Due"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    CANCELLED = "cancelled", "Cancelled"
