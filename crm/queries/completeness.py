"""How well an account is known on the four facets: products, use, people, events."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from crm import policy
from crm.choices import Attitude
from crm.models import (
    Account,
    Contact,
    Holding,
    LifeEvent,
    Order,
    Touchpoint,
    Usage,
)

# What is asked of each facet; its share is how many of them are known.
FACETS: dict[str, tuple[tuple[str, str], ...]] = {
    "Products": (
        ("has_orders", "what they bought"),
        ("has_holdings", "what they have now"),
    ),
    "Use": (
        ("has_usage", "how much they use"),
        ("has_fresh_usage", "how much they used this year"),
    ),
    "People": (
        ("has_people", "who works there"),
        ("has_decider", "who decides"),
        ("has_attitude", "what somebody thinks of us"),
        ("has_fresh_talk", "what a person said within 90 days"),
    ),
    "Events": (
        ("has_events", "what happened to them"),
        ("has_fresh_events", "what happened this year"),
    ),
}
YEAR = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet: the share of it that is known, and what is missing, in words."""

    name: str
    share: float
    missing: list[str]

    @property
    def is_empty(self) -> bool:
        return self.share == 0

    @property
    def percent(self) -> int:
        """Return the share as a ring of 100 parts draws it."""
        return round(self.share * 100)

    @property
    def sentence(self) -> str:
        if not self.missing:
            return f"{self.name}: everything asked is known"
        return (
            f"{self.name}: {self.percent} % known. Missing: {', '.join(self.missing)}"
        )


def facets_of(account_ids: list[int], today: dt.date) -> dict[int, list[Facet]]:
    """Return the four facets of each account, in one query."""
    rows = (
        Account.objects.filter(pk__in=account_ids)
        .annotate(**_known(today))
        .order_by()
        .values("pk", *(key for asked in FACETS.values() for key, _ in asked))
    )
    return {row["pk"]: [_facet(name, row) for name in FACETS] for row in rows}


def _facet(name: str, row: dict[str, Any]) -> Facet:
    asked = FACETS[name]
    missing = [words for key, words in asked if not row[key]]
    return Facet(name, (len(asked) - len(missing)) / len(asked), missing)


def _known(today: dt.date) -> dict[str, Exists]:
    here = {"account": OuterRef("pk")}
    people = Contact.objects.filter(Q(left_on=None) | Q(left_on__gt=today), **here)
    usage = Usage.objects.filter(holding__account=OuterRef("pk"))
    events = LifeEvent.objects.standing().filter(**here)
    talks = Touchpoint.objects.standing().filter(
        contact__isnull=False,
        occurred_at__date__gt=today - policy.SILENCE_TOLERATED,
        **here,
    )
    return {
        "has_orders": Exists(Order.objects.filter(**here)),
        "has_holdings": Exists(Holding.objects.filter(**here)),
        "has_usage": Exists(usage),
        "has_fresh_usage": Exists(usage.filter(month__gt=today - YEAR)),
        "has_people": Exists(people),
        "has_decider": Exists(
            people.filter(decision_role__in=policy.ROLES_TO_SPEAK_WITH)
        ),
        "has_attitude": Exists(people.exclude(attitude=Attitude.UNKNOWN)),
        "has_fresh_talk": Exists(talks),
        "has_events": Exists(events),
        "has_fresh_events": Exists(events.filter(occurred_on__gt=today - YEAR)),
    }
