"""Closed lists of words: the four worth classes, and how profit is looked at."""

import datetime as dt

from django.db.models import TextChoices

from common.clock import months_later


class WorthClass(TextChoices):
    CURRENT_KEY = "current_key", "Current key"
    POTENTIAL_KEY = "potential_key", "Potential key"
    GENERAL = "general", "General"
    NEVER_PROFITABLE = "never_profitable", "Never profitable"

    @property
    def rank(self) -> int:
        """Return 1 for the most valuable class to 4."""
        return list(type(self)).index(self) + 1


class Dimension(TextChoices):
    """What worth is summed up by each night, beside the class."""

    OWNER = "owner", "Rep"
    TERRITORY = "territory", "Territory"
    INDUSTRY = "industry", "Industry"
    RELATIONSHIP = "relationship", "Relationship"


class ProfitBy(TextChoices):
    """What profit and loss is broken down by."""

    CLASS = "class", "class"
    PRODUCT = "product", "product"
    REP = "rep", "rep"
    SOURCE = "source", "source"
    TERRITORY = "territory", "territory"
    RELATIONSHIP = "relationship", "type of relationship"


class ProfitEvery(TextChoices):
    """The stretches of time that profit and loss is shown for."""

    YEAR = "year", "year"
    QUARTER = "quarter", "quarter"
    MONTH = "month", "month"

    def name_of(self, day: dt.date) -> str:
        """Return the name of the stretch that begins on a day."""
        if self == ProfitEvery.YEAR:
            return str(day.year)
        if self == ProfitEvery.QUARTER:
            return f"Q{(day.month + 2) // 3} {day.year}"
        return f"{day:%b %Y}"

    def last_day(self, day: dt.date) -> dt.date:
        """Return the last day of the stretch that begins on a day."""
        months = {ProfitEvery.YEAR: 12, ProfitEvery.QUARTER: 3, ProfitEvery.MONTH: 1}
        return months_later(day, months[self]) - dt.timedelta(days=1)


class LeverCause(TextChoices):
    """Why margin is lost that need not be."""

    DISCOUNT = "discount", "Discount above what is usual"
    COST_RISE = "cost_rise", "Unit cost rose, price did not follow"
    RETURNS = "returns", "More returns than usual"
    SERVE = "serve", "Cost to serve above like customers"
    DELIVERY = "delivery", "Delivery dearer than for like customers"
    UNKNOWN = "unknown", "Unit cost not known"

    @property
    def is_of_products(self) -> bool:
        return self not in {LeverCause.SERVE, LeverCause.DELIVERY}
