"""The light that managers see: whether it still holds, and what to do about it.

Few columns of few rows: also the dashboard asks for it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from clv.choices import Light, RunKind, RunStatus
from clv.engine.judging import verdict
from clv.engine.judging.verdict import Fault
from clv.models import Judgement, ValuationRun
from clv.policy import LIGHT_HOLDS_DAYS
from common.templatetags.display import day

ADVICE: Mapping[str, str] = {
    verdict.TOTAL: (
        "Scale totals by the error below, and look on Runs and in the imports whether"
        " orders are missing or came twice."
    ),
    verdict.MONEY: (
        "Rank by orders rather than by margin for now, and check prices and unit costs"
        " of the last months in the accounts' profit and loss."
    ),
    verdict.RULE: (
        "Use last year's orders as the forecast until this light changes, and have"
        " somebody look at the models below."
    ),
    verdict.NARROW: (
        "Read every range as too narrow: reckon with surprises about twice as often."
    ),
    verdict.WIDE: (
        "Ranges promise less than could be promised; totals and ranking are not"
        " affected."
    ),
    verdict.MONEY_RANGES: (
        "Do not rest a decision on the ends of a range of value; use its middle."
    ),
    verdict.OTHER_MODEL: (
        "Use lists, not sums: another mix takes over once it has won twice."
    ),
    verdict.RANKING: (
        "Hold lists by value against last year's orders before you act on them."
    ),
    verdict.MIXED_UP: (
        "Do not use lists by value. Look at the last import: were orders booked to the"
        " wrong accounts?"
    ),
    verdict.LEAVERS: (
        "Do not count on accounts that have been silent for long: call them before you"
        " plan with them."
    ),
    verdict.DRIFT: (
        "Find out what changed: prices, a campaign, a season, missing orders. If it is"
        " here to stay, the models follow within weeks."
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest light, and whether it still holds.

    Attributes
    ----------
    headline : str
        One short sentence.
    stale : str
        Why it no longer holds, in words; empty while it does.
    """

    as_of: dt.date
    light: Light
    headline: str
    stale: str

    @property
    def is_calm(self) -> bool:
        """Whether nobody needs to be told."""
        return not self.stale and self.light in {Light.GREEN, Light.UNKNOWN}


def standing(today: dt.date) -> Standing | None:
    """Return the newest light; None before the first judgement."""
    newest = Judgement.objects.values_list(
        "as_of", "light", "brief__headline", "sentence"
    ).first()
    if newest is None:
        return None
    as_of, light, headline, sentence = newest
    stale = _staleness(as_of, today)
    return Standing(as_of, Light(light), headline or sentence, stale)


def advice_on(faults: Iterable[Fault]) -> Sequence[str]:
    """Return what to do, once per kind of fault."""
    codes = dict.fromkeys(fault.code for fault in faults)
    return [ADVICE[code] for code in codes if code in ADVICE]


def _staleness(as_of: dt.date, today: dt.date) -> str:
    age = (today - as_of).days
    failed = _failed_nights(as_of)
    if age <= LIGHT_HOLDS_DAYS and not failed:
        return ""
    words = f"This light is stale: it is of {day(as_of)}, {age} days ago."
    if age <= LIGHT_HOLDS_DAYS:
        words = f"This light may be stale: it is of {day(as_of)}."
    if failed:
        nights = "night has" if failed == 1 else f"{failed} nights have"
        words += f" The last {nights} failed; Runs tells why."
    return words


def _failed_nights(as_of: dt.date) -> int:
    """Count the nights since that failed, in whole or after publishing."""
    return (
        ValuationRun.objects.filter(kind=RunKind.NIGHTLY, as_of__gt=as_of)
        .filter(Q(status=RunStatus.FAILED) | ~Q(failure=""))
        .values("as_of")
        .distinct()
        .count()
    )
