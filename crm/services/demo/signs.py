"""What is planted for the questions of what comes before losses and purchases.

Nothing else depends on it: it is drawn by chance of its own, and told to nobody but
the events of accounts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crm.models import LifeEvent
from crm.services.demo.block import BEYOND, Block
from crm.services.demo.copying import Pool, copy_rows
from crm.services.demo.truth import WINDOW_DAYS, Ints

SOURCE = "demo"
SLOW_DAYS = 120  # between orders, from which on a purchase is told beforehand
WITHOUT_CAUSE = 0.12  # share of customers that saw the signs, and nothing came


@dataclass(frozen=True, slots=True)
class Sign:
    """One event, then another, before a loss or a purchase; days count back from it."""

    before: str
    first: str
    then: str
    share: float  # of the losses, or of purchases after a long time
    first_days: tuple[int, int]
    then_days: tuple[int, int]
    notes: tuple[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


BEFORE_LOSS = Sign(
    before="loss",
    first="complaint",
    then="competitor_offer",
    share=0.35,
    first_days=(35, 58),
    then_days=(8, 25),
    notes=("Third late delivery, nobody called back.", "Asked others for an offer."),
)
BEFORE_PURCHASE = Sign(
    before="purchase",
    first="expansion",
    then="moved",
    share=0.4,
    first_days=(25, 45),
    then_days=(4, 14),
    notes=("Hires for a new department.", "Moves into the rooms next door."),
)
PLANTED = (BEFORE_LOSS, BEFORE_PURCHASE)


def store_signs(
    block: Block, rng: np.random.Generator, event_types: Mapping[str, int]
) -> None:
    """Append the events of both signs for the accounts somebody looks after."""
    _store(block, BEFORE_LOSS, *_losses(block, rng), rng, event_types)
    _store(block, BEFORE_PURCHASE, *_purchases(block, rng), rng, event_types)


def _losses(block: Block, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return places of customers and the days that their signs point to."""
    draw = rng.random(len(block.customers))
    is_lost = (block.lost_day < BEYOND) & (draw < BEFORE_LOSS.share)
    spared = (block.lost_day == BEYOND) & (draw < WITHOUT_CAUSE)
    some_day = block.story.first_day + np.floor(
        rng.random(len(draw)) * (WINDOW_DAYS - block.story.first_day)
    ).astype(np.int64)
    who = np.flatnonzero(is_lost | spared)
    return who, np.where(is_lost, block.lost_day, some_day)[who]


def _purchases(block: Block, rng: np.random.Generator) -> tuple[Ints, Ints]:
    story = block.story
    is_repeat = np.diff(story.customer, prepend=-1) == 0
    is_slow = is_repeat & (np.diff(story.day, prepend=0) >= SLOW_DAYS)
    told = np.flatnonzero(
        is_slow & (rng.random(story.day.size) < BEFORE_PURCHASE.share)
    )
    return story.customer[told], story.day[told]


def _store(
    block: Block,
    sign: Sign,
    who: Ints,
    day: Ints,
    rng: np.random.Generator,
    event_types: Mapping[str, int],
) -> None:
    firm = block.customers[who]
    first = day - rng.integers(*sign.first_days, who.size, endpoint=True)
    then = day - rng.integers(*sign.then_days, who.size, endpoint=True)
    kept = block.is_owned[firm] & (first >= block.story.first_day[who])
    firm, first, then = firm[kept], first[kept], then[kept]
    kind = np.repeat((0, 1), firm.size)
    types = np.array([event_types[sign.first], event_types[sign.then]])
    copy_rows(
        LifeEvent,
        account=block.firms.ids[np.tile(firm, 2)],
        type=types[kind],
        occurred_on=block.dates(np.concatenate([first, then])),
        note=Pool(sign.notes, kind),
        source=SOURCE,
    )
