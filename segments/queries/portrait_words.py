"""A class's portrait ready to be shown: bars, traits in words, risks, what to do."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.models import ValuationRun
from common.templatetags.display import count, money, number
from crm.choices import Channel, RelationshipType, SizeBand, Source, Stage
from segments.choices import WorthClass
from segments.engine.lift import FEWEST_MEMBERS
from segments.queries.scope import Scope

KINDS = {
    "industry": ("Industry", {}),
    "territory": ("Territory", {}),
    "source": ("Source", dict(Source.choices)),
    "size_band": ("Size", dict(SizeBand.choices)),
    "relationship_type": ("Relationship", dict(RelationshipType.choices)),
    "stage": ("Stage", dict(Stage.choices)),
    "product": ("Holds", {}),
    "channel": ("Contact by", dict(Channel.choices)),
}


@dataclass(frozen=True, slots=True)
class Trait:
    """What members are more often than everybody."""

    kind: str
    value: str
    accounts: int
    everybody: int
    lift: float
    low: float
    high: float
    url: str


@dataclass(frozen=True, slots=True)
class Risk:
    """Members for whom something runs down, with what is expected of them."""

    accounts: int
    expected: Decimal
    url: str


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """How contacts with members were rated, 1 to 5, within a year."""

    contacts: int
    accounts: int
    mean: float
    worst_tenth: float

    @property
    def is_few(self) -> bool:
        return self.contacts < FEWEST_MEMBERS


@dataclass(frozen=True, slots=True)
class Portrait:
    """One class in one run."""

    run: ValuationRun
    worth_class: WorthClass
    accounts: int
    quartiles: Sequence[Decimal]
    bars: Sequence[tuple[int | None, int | None, int]]
    traits: Sequence[Trait]
    traits_looked_at: int
    satisfaction: Satisfaction | None
    falling: Risk
    ending: Risk
    compared_with: dt.date | None

    @property
    def median(self) -> Decimal | None:
        return self.quartiles[1] if len(self.quartiles) > 1 else None

    @property
    def is_small(self) -> bool:
        """Whether too few stand in the class to tell what they share."""
        return self.accounts < FEWEST_MEMBERS

    @property
    def fewest(self) -> int:
        return FEWEST_MEMBERS

    @property
    def advice(self) -> list[str]:
        """Say what to do next, most pressing first."""
        said = []
        if self.falling.accounts:
            said.append(
                f"Call the {_the(self.falling.accounts)} whose chance to stay has"
                f" fallen: {money(self.falling.expected)} is expected of them."
            )
        if self.ending.accounts:
            said.append(
                f"Talk to the {_the(self.ending.accounts)} whose contract ends within"
                f" 90 days about renewing it: {money(self.ending.expected)}."
            )
        if self.satisfaction and self.satisfaction.worst_tenth < LOW_RATING:
            worst = number(self.satisfaction.worst_tenth)
            said.append(
                f"Look at the worst tenth of contacts, rated {worst} of 5 on average."
            )
        if not self.satisfaction and self.accounts:
            said.append("Rate contacts: nobody knows how satisfied members are.")
        return [*said, *ALWAYS[self.worth_class]]


def _the(accounts: int) -> str:
    return "one" if accounts == 1 else count(accounts)


LOW_RATING = 3.0
ALWAYS: dict[WorthClass, list[str]] = {
    WorthClass.CURRENT_KEY: [
        "Keep the plan's touches on time: here each is justified."
    ],
    WorthClass.POTENTIAL_KEY: [
        "Find what keeps last year's profit low: frequency, products, cost to serve."
    ],
    WorthClass.GENERAL: [
        "Serve at low cost; look for those who share the traits below."
    ],
    WorthClass.NEVER_PROFITABLE: [
        "Find the biggest cost of each, then cut it, charge for it, or let go."
    ],
}


def shown(
    run: ValuationRun, worth_class: WorthClass, facts: dict[str, Any], inside: Scope
) -> Portrait:
    """Return the facts of a class, ready to be shown; `inside` are its members."""
    rated = facts["satisfaction"]
    compared = facts["compared_with"]
    return Portrait(
        run=run,
        worth_class=worth_class,
        accounts=facts["accounts"],
        quartiles=[Decimal(text) for text in facts["quartiles"]],
        bars=[(low, high, n) for low, high, n in facts["bars"]],
        traits=[_trait(one, inside) for one in facts["traits"]],
        traits_looked_at=facts["traits_looked_at"],
        satisfaction=Satisfaction(**rated) if rated else None,
        falling=_risk("falling", inside, facts["falling"]),
        ending=_risk("ending", inside, facts["ending"]),
        compared_with=dt.date.fromisoformat(compared) if compared else None,
    )


def words_of(kind: str, value: str) -> tuple[str, str]:
    """Return a kind of trait and its value as people say them."""
    label, words = KINDS[kind]
    return label, str(words.get(value, value))


def _trait(one: dict[str, Any], inside: Scope) -> Trait:
    kind, value = words_of(one["kind"], one["value"])
    return Trait(
        kind=kind,
        value=value,
        accounts=one["accounts"],
        everybody=one["everybody"],
        lift=one["lift"],
        low=one["low"],
        high=one["high"],
        url=inside.list_url("sharing", kind=one["kind"], value=one["value"]),
    )


def _risk(key: str, inside: Scope, facts: dict[str, Any]) -> Risk:
    return Risk(facts["accounts"], Decimal(facts["expected"]), inside.list_url(key))
