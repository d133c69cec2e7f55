"""What care was measured to secure in the demo firm, so that plans have an answer.

Made up like the rest of that firm, and said to be: nothing in its orders depends on it.
"""

import datetime as dt
from decimal import Decimal

from campaigns.services.effects import record_effect
from crm.choices import Role
from crm.models import User
from segments.choices import WorthClass

MEASURED = {
    WorthClass.CURRENT_KEY: ("0.32", "0.24", "0.40", 120),
    WorthClass.POTENTIAL_KEY: ("0.30", "0.18", "0.42", 60),
}


def record_measured(as_of: dt.date) -> None:
    """Record one made-up test of last year for each class of key customers."""
    marketer = User.objects.filter(groups__name=Role.MARKETER).order_by("pk").first()
    if marketer is None:
        return
    year = as_of.year - 1
    for worth_class, (effect, low, high, accounts) in MEASURED.items():
        record_effect(
            actor=marketer,
            worth_class=worth_class,
            effect=Decimal(effect),
            low=Decimal(low),
            high=Decimal(high),
            accounts=accounts,
            measured_from=dt.date(year, 1, 1),
            measured_until=dt.date(year, 12, 31),
            source=f"Visits left out for some of them in {year}; made up for the demo",
            reason="So that the demo shows a measured effect beside the assumption",
        )
