"""What the customers cost: from winning them to serving them, in cents."""

from dataclasses import dataclass

import numpy as np

from crm.choices import CostKind, Source
from crm.services.demo.accounts import SIZES, SOURCES, Firms
from crm.services.demo.orders import Returns
from crm.services.demo.truth import (
    DAYS_PER_YEAR,
    WINDOW_DAYS,
    Flags,
    Floats,
    Ints,
    Story,
    Traits,
)

COST_TO_WIN = {
    Source.REFERRAL: 6_500,
    Source.OUTBOUND: 38_000,
    Source.TRADE_FAIR: 46_000,
    Source.WEB: 9_500,
    Source.ADVERTISING: 21_000,
    Source.PARTNER: 14_000,
}
PROSPECT_SHARE = 0.45  # of the cost to win has been spent on those not won yet
ONBOARDING = np.array([3_500, 6_000, 12_000, 24_000])  # by size
DELIVERY_BASE, DELIVERY_SHARE, DELIVERY_MOST = 590, 0.022, 15_000
DARLING_DELIVERY = 2.4  # many small drops
MAILING_EVERY_DAYS = 182
MAILING = (720, 1_350)
SERVICE_PER_YEAR, DARLING_SERVICE, SERVICE = 0.6, 9.0, (3_500, 15_500)
RETURN_HANDLING = (1_400, 5_200)
DUNNED, DUNNING = 0.03, (750, 2_800)

DELIVERY_NOTES = ("Parcel carrier", "Own van", "Forwarder, pallet", "Express by noon")
SERVICE_NOTES = (
    "Copier service visit",
    "Hotline and remote help",
    "Chair repair on site",
    "Wrong delivery put right",
)
MAILING_NOTES = ("Catalogue and covering letter", "Magazine and sample mailing")


@dataclass(frozen=True, slots=True)
class Costs:
    """Rows of one kind: account's place in the block, day, cents, place of the note."""

    kind: CostKind
    notes: tuple[str, ...]
    firm: Ints
    day: Ints
    amount: Ints
    note: Ints


def winning(rng: np.random.Generator, firms: Firms, first_contact: Ints) -> Costs:
    usual = np.array([COST_TO_WIN[source] for source in SOURCES])[firms.source]
    amount = usual * rng.lognormal(-0.06, 0.35, len(usual))
    amount = np.where(firms.is_prospect, amount * PROSPECT_SHARE, amount)
    notes = tuple(f"Winning: {source.label.lower()}" for source in SOURCES)
    return Costs(
        CostKind.ACQUISITION,
        notes,
        np.arange(len(usual)),
        first_contact,
        amount.astype(np.int64),
        firms.source,
    )


def onboarding(
    rng: np.random.Generator, firms: Firms, customers: Ints, first_day: Ints
) -> Costs:
    amount = ONBOARDING[firms.size[customers]] * rng.uniform(0.5, 1.4, len(customers))
    return _costs(
        CostKind.ONBOARDING,
        ("First set-up: price list, cost centres, delivery points",),
        customers,
        first_day,
        amount,
    )


def delivery(
    rng: np.random.Generator,
    story: Story,
    customers: Ints,
    revenue: Ints,
    is_darling: Flags,
) -> Costs:
    """Charge each order's delivery two days after it was placed."""
    amount = DELIVERY_BASE + DELIVERY_SHARE * revenue * rng.uniform(
        0.6, 1.5, len(revenue)
    )
    amount = np.minimum(amount, DELIVERY_MOST)
    amount = np.where(is_darling[story.customer], amount * DARLING_DELIVERY, amount)
    way = np.where(amount > DELIVERY_MOST / 3, 2, np.where(amount % 7 < 1, 3, 0))
    way = np.where((way == 0) & (story.customer % 3 == 0), 1, way)
    day = np.minimum(story.day + 2, WINDOW_DAYS - 1)
    return Costs(
        CostKind.DELIVERY,
        DELIVERY_NOTES,
        customers[story.customer],
        day,
        amount.astype(np.int64),
        way,
    )


def dunning(rng: np.random.Generator, story: Story, customers: Ints) -> Costs:
    slow = np.flatnonzero(
        (rng.random(len(story.day)) < DUNNED) & (story.day < WINDOW_DAYS - 40)
    )
    return _costs(
        CostKind.CREDIT,
        ("Reminder and collection of an invoice",),
        customers[story.customer[slow]],
        story.day[slow] + 40,
        rng.integers(*DUNNING, len(slow)),
    )


def handling(rng: np.random.Generator, returns: Returns, firm_of_line: Ints) -> Costs:
    return _costs(
        CostKind.RETURNS,
        ("Collection, check and restocking",),
        firm_of_line[returns.line],
        returns.day,
        rng.integers(*RETURN_HANDLING, len(returns.line)),
    )


def mailings(
    rng: np.random.Generator, customers: Ints, first_day: Ints, end_day: Ints
) -> Costs:
    """Send the catalogue twice a year to everybody who is a customer then."""
    days = np.arange(WINDOW_DAYS - 60, 0, -MAILING_EVERY_DAYS)
    gets = (first_day[:, None] < days) & (days <= end_day[:, None])
    who, which = np.nonzero(gets)
    return Costs(
        CostKind.MARKETING,
        MAILING_NOTES,
        customers[who],
        days[which],
        rng.integers(*MAILING, len(who)),
        which % len(MAILING_NOTES),
    )


def service(
    rng: np.random.Generator,
    customers: Ints,
    first_day: Ints,
    end_day: Ints,
    traits: Traits,
) -> Costs:
    years = np.maximum(end_day - first_day, 0) / DAYS_PER_YEAR
    per_year = np.where(traits.is_darling, DARLING_SERVICE, SERVICE_PER_YEAR)
    who = np.repeat(np.arange(len(years)), rng.poisson(per_year * years))
    span = (end_day - first_day)[who]
    day = first_day[who] + np.floor(rng.random(len(who)) * span).astype(np.int64)
    return Costs(
        CostKind.SERVICE,
        SERVICE_NOTES,
        customers[who],
        day,
        rng.integers(*SERVICE, len(who)),
        rng.integers(0, len(SERVICE_NOTES), len(who)),
    )


def _costs(
    kind: CostKind, notes: tuple[str, ...], firm: Ints, day: Ints, amount: Ints | Floats
) -> Costs:
    rows = np.zeros(len(firm), np.int64)
    return Costs(kind, notes, firm, day, amount.astype(np.int64), rows)


def apportion_cents(total: int, shares: Ints) -> Ints:
    """Split cents in proportion to `shares` by largest remainders; the sum is exact."""
    whole = int(shares.sum())
    parts = total * shares // whole
    remainder = total * shares - parts * whole
    odd = int(total - parts.sum())
    parts[np.argsort(-remainder, kind="stable")[:odd]] += 1
    return parts


assert len(ONBOARDING) == len(SIZES)  # noqa: S101  one price per size band
