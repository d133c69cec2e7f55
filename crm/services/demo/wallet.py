"""Whom else demo customers buy from, what they spend in all, what they say."""

import numpy as np

from crm.choices import EstimateSource, ValueSource
from crm.models import Competitor, CompetitorPresence, StatedValue, WalletEstimate
from crm.services.demo import notes, words
from crm.services.demo.block import Block, revenue_between
from crm.services.demo.copying import NULL, Pool, copy_rows
from crm.services.demo.truth import WINDOW_DAYS, Ints

YEAR = 365
# Shares of customers with an owner about whom a rep has found out so much.
ESTIMATED, RIVALLED, SPOKEN = 0.30, 0.25, 0.12
GONE = 0.2  # of the competitors seen
NAMED_A_SUM = 0.35  # of what was said
LEAST_SPEND = 40_000  # cents a year
CATEGORIES = ("Paper", "Toner and ink", "Facility", "Furniture", "Pantry")
SOURCES = (EstimateSource.CUSTOMER, EstimateSource.GUESS, EstimateSource.INDUSTRY)
FOUND_OUT = (  # as SOURCES
    "Told us in the yearly review.",
    "From the number of desks.",
    "Mean of firms of this size.",
)
SEEN = (
    "",
    "Framework contract until the end of the year.",
    "Only for the branch office.",
    "Cheaper, but slow to deliver.",
)


def store_competitors() -> Ints:
    """Store the catalogue; returns the ids in the order of the words."""
    rows = [
        Competitor(pk=place + 1, name=name)
        for place, name in enumerate(words.COMPETITORS)
    ]
    return np.array([one.pk for one in Competitor.objects.bulk_create(rows)])


def store_wallet(block: Block, rng: np.random.Generator, competitors: Ints) -> None:
    """Append what reps know of a block's customers beyond their orders."""
    mine = block.customers[block.is_owned[block.customers]]
    mine = np.setdiff1d(mine, block.customers[block.lost_day < WINDOW_DAYS])
    _store_estimates(block, rng, mine)
    _store_rivals(block, rng, mine, competitors)
    _store_words(block, rng, mine)


def _store_estimates(block: Block, rng: np.random.Generator, mine: Ints) -> None:
    """Estimate one category each, never below all that comes to us."""
    known = mine[rng.random(len(mine)) < ESTIMATED]
    size = len(known)
    ours = revenue_between(block, WINDOW_DAYS - YEAR, WINDOW_DAYS)[known]
    source = rng.choice(len(SOURCES), size, p=(0.4, 0.45, 0.15))
    spend = np.maximum(ours, LEAST_SPEND) * rng.uniform(1.1, 2.6, size)
    copy_rows(
        WalletEstimate,
        account=block.firms.ids[known],
        category=Pool(CATEGORIES, rng.integers(0, len(CATEGORIES), size)),
        amount=np.rint(spend / 10_000).astype(np.int64) * 10_000,
        estimated_on=block.dates(WINDOW_DAYS - rng.integers(10, YEAR, size)),
        source=Pool(SOURCES, source),
        note=Pool(FOUND_OUT, source),
    )


def _store_rivals(
    block: Block, rng: np.random.Generator, mine: Ints, competitors: Ints
) -> None:
    seen = mine[rng.random(len(mine)) < RIVALLED]
    size = len(seen)
    since = WINDOW_DAYS - rng.integers(200, 3 * YEAR, size)
    is_gone = rng.random(size) < GONE
    until = block.dates(WINDOW_DAYS - rng.integers(5, 150, size))
    copy_rows(
        CompetitorPresence,
        account=block.firms.ids[seen],
        competitor=competitors[rng.integers(0, len(competitors), size)],
        category=Pool(CATEGORIES, rng.integers(0, len(CATEGORIES), size)),
        since=block.dates(since),
        until=np.where(is_gone, until, np.datetime64("NaT")),
        note=Pool(SEEN, rng.integers(0, len(SEEN), size)),
    )


def _store_words(block: Block, rng: np.random.Generator, mine: Ints) -> None:
    spoke = mine[rng.random(len(mine)) < SPOKEN]
    size = len(spoke)
    amount = np.rint(rng.lognormal(6.3, 0.6, size) / 50).astype(np.int64) * 5_000
    copy_rows(
        StatedValue,
        account=block.firms.ids[spoke],
        words=Pool(notes.SAID, rng.integers(0, len(notes.SAID), size)),
        amount=np.ma.masked_array(amount, rng.random(size) >= NAMED_A_SUM),
        stated_on=block.dates(WINDOW_DAYS - rng.integers(5, 2 * YEAR, size)),
        source=ValueSource.TALK.value,
        product=np.full(size, NULL),
    )
