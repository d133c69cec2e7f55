"""What customers have on lease, and how much they use it."""

from dataclasses import dataclass

import numpy as np

from crm.choices import HoldingStatus
from crm.services.demo import notes
from crm.services.demo.catalogue import LEASED_SKUS
from crm.services.demo.truth import WINDOW_DAYS, Flags, Floats, Ints

HOLDERS = np.array([0.10, 0.24, 0.42, 0.60])  # share of customers, by size
ITEM_ODDS = (0.30, 0.16, 0.30, 0.16, 0.08)  # as LEASED_SKUS
TERMS = np.array([366, 548, 731, 1_096])  # days
# Per item: what is counted in a month, and how much of it.
METRICS = ("pages printed", "cups brewed")
METRIC_OF_ITEM = np.array([0, 0, 1, 1, -1])
MONTHLY = np.array([2_400.0, 4_800.0, 310.0, 560.0, 0.0])
USAGE_MONTHS = 12
NOTED = 0.08
SHORTEST_STAY = 200  # days between a lease and its holder's last order


@dataclass(frozen=True, slots=True)
class Holdings:
    """Leases of a block; `customer` is a place among its customers."""

    customer: Ints
    item: Ints
    quantity: Ints
    begin: Ints  # day
    end: Ints  # day, may lie beyond the window
    statuses: list[str]
    is_active: Flags


def draw_holdings(
    rng: np.random.Generator, size_band: Ints, first_day: Ints, left_day: Ints
) -> Holdings:
    """Lease something to some; `left_day` lies beyond the window for who stays."""
    holds = rng.random(len(size_band)) < HOLDERS[size_band]
    room = np.minimum(WINDOW_DAYS - 30, left_day - SHORTEST_STAY) - first_day
    customer = np.flatnonzero(holds & (room > 0))
    begin = first_day[customer] + np.floor(
        rng.random(len(customer)) ** 2 * room[customer]
    ).astype(np.int64)
    end = begin + rng.choice(TERMS, len(customer), p=(0.15, 0.3, 0.35, 0.2))
    left = np.maximum(left_day[customer] + 60, begin)
    has_left = left < WINDOW_DAYS
    is_active = ~has_left & (end >= WINDOW_DAYS)
    status = np.where(
        has_left & (left < end), HoldingStatus.RETURNED, HoldingStatus.ENDED
    )
    return Holdings(
        customer=customer,
        item=rng.choice(len(LEASED_SKUS), len(customer), p=ITEM_ODDS),
        quantity=1 + rng.binomial(2, 0.08 + 0.1 * size_band[customer]),
        begin=begin,
        end=np.where(has_left, np.minimum(end, left), end),
        statuses=[str(s) for s in np.where(is_active, HoldingStatus.ACTIVE, status)],
        is_active=is_active,
    )


@dataclass(frozen=True, slots=True)
class Use:
    """Months of use; `holding` is a place in Holdings, `month` counts back from 1."""

    holding: Ints
    month: Ints
    metric: Ints
    value: Ints  # thousandths
    note: Ints


def draw_use(rng: np.random.Generator, held: Holdings) -> Use:
    """Count the last twelve full months of what is on hand."""
    counted = np.flatnonzero(held.is_active & (METRIC_OF_ITEM[held.item] >= 0))
    months = np.minimum((WINDOW_DAYS - held.begin[counted]) // 31 - 1, USAGE_MONTHS)
    months = np.maximum(months, 0)
    holding = np.repeat(counted, months)
    last = np.cumsum(months)
    month = np.arange(len(holding)) - np.repeat(last - months, months) + 1
    usual = rng.lognormal(0, 0.45, len(held.item)) * MONTHLY[held.item] * held.quantity
    trend: Floats = rng.normal(0, 0.02, len(held.item))
    level = usual[holding] * np.exp(-trend[holding] * month)
    value = np.rint(level * rng.normal(1, 0.09, len(holding)).clip(0.5, 1.5))
    noted = rng.random(len(holding)) < NOTED
    note = rng.integers(0, len(notes.VALUE_NOTES), len(holding))
    return Use(
        holding=holding,
        month=month,
        metric=METRIC_OF_ITEM[held.item[holding]],
        value=value.astype(np.int64) * 1000,
        note=np.where(noted & (month == 1), note + 1, 0),
    )
