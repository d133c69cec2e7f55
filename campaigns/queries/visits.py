"""The visits of one day, in an order of places that a map can follow."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from campaigns.queries.calendar import DAY, Entry, calendar
from campaigns.queries.wallet import Wallet, wallets
from crm.models import Account, User

MAP = "https://www.openstreetmap.org/search?query="
VISIT_ICON = "map-pin"


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit and where it leads."""

    entry: Entry
    account: Account
    wallet: Wallet | None = None

    @property
    def place(self) -> str:
        """Return the address in one line, as far as it is known."""
        account = self.account
        town = f"{account.postcode} {account.city}".strip()
        parts = [account.street, town, account.country]
        return ", ".join(part for part in parts if part)

    @property
    def map_url(self) -> str:
        return MAP + quote_plus(self.place) if self.has_place else ""

    @property
    def geo_url(self) -> str:
        """Return the address for the map of the phone."""
        return f"geo:0,0?q={quote_plus(self.place)}" if self.has_place else ""

    @property
    def has_place(self) -> bool:
        return bool(self.account.city or self.account.postcode)


@dataclass(frozen=True, slots=True)
class VisitDay:
    """Visits of one day in the order of places, or as a hand put them."""

    day: dt.date
    visits: Sequence[Visit]

    @property
    def minutes(self) -> int:
        return sum(visit.entry.minutes or 0 for visit in self.visits)


def visits_of(
    *, user: User, day: dt.date, whose: User | None, order: Sequence[str] = ()
) -> VisitDay:
    """Return the open visits of a day by place; those named in `order` come first.

    Without a time a visit goes where its postcode, town and street stand; a time that
    was agreed does not change the order, because the list says it beside the place.
    """
    shown = calendar(user=user, view=DAY, on=day, whose=whose)
    open_visits = [
        (entry, entry.account)
        for entry in shown.days[0].entries
        if entry.icon == VISIT_ICON and entry.may_move and entry.account is not None
    ]
    purses = wallets({account.pk for _, account in open_visits})
    found = [
        Visit(entry, account, purses.get(account.pk)) for entry, account in open_visits
    ]
    by_hand = {key: place for place, key in enumerate(order)}
    found.sort(
        key=lambda visit: (by_hand.get(visit.entry.key, len(by_hand)), _where(visit))
    )
    return VisitDay(day, found)


def _where(visit: Visit) -> tuple[bool, str, str, str, str, str]:
    account = visit.account
    return (
        not visit.has_place,
        account.country,
        account.postcode or "~",
        account.city.casefold(),
        account.street.casefold(),
        account.name.casefold(),
    )
