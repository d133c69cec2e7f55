"""Order lines whose margins add up to the true margin of each order, and returns."""

from dataclasses import dataclass

import numpy as np

from crm.services.demo.catalogue import Shelf
from crm.services.demo.truth import WINDOW_DAYS, Flags, Floats, Ints, Story, Truth

LINE_COUNTS = (1, 2, 3, 4)
LINE_ODDS = (0.34, 0.33, 0.21, 0.12)
MAIN_SHARE = (0.5, 0.75)  # of the order's margin, earned by its first line
LEAST_UNITS = 2.6  # an article is picked so that about this many units are needed
MOST_UNITS = 70.0
COMPLEMENT_ODDS = 0.45
RESALE = 0.9  # of the cost of returned goods is worth something again
RETURN_AFTER = (3, 25)


@dataclass(frozen=True, slots=True)
class Lines:
    """One entry per order line, by order; money in cents. `item` is a shelf place."""

    order: Ints
    item: Ints
    quantity: Ints
    discount: Ints


@dataclass(frozen=True, slots=True)
class Returns:
    """Goods that came back; `line` is a place in Lines."""

    line: Ints
    day: Ints
    quantity: Ints
    refund: Ints
    recovered: Ints


def fill_orders(rng: np.random.Generator, story: Story, shelf: Shelf) -> Lines:
    """Pick articles and quantities; each order's margin is exact to the cent.

    Side lines are sold at list price in whole units near their share of the margin.
    The first line earns the rest: one unit more than needed, less a discount.
    """
    size = len(story.margin)
    count = rng.choice(LINE_COUNTS, size, p=LINE_ODDS)
    order = np.repeat(np.arange(size), count)
    first = np.cumsum(count) - count
    is_main = np.zeros(len(order), bool)
    is_main[first] = True
    share = rng.uniform(*MAIN_SHARE, size)
    share = np.where(count == 1, 1.0, share)
    side = (1 - share) / np.maximum(count - 1, 1)
    wanted = np.where(is_main, share[order], side[order])
    target: Floats = story.margin[order].astype(float) * wanted
    item = _pick(rng, target, shelf)
    item = _add_complements(rng, item, target, first[order], is_main, shelf)
    item = _keep_apart(item, order, len(shelf.row))
    unit = shelf.margin[item]
    quantity = np.maximum(np.rint(target / unit).astype(np.int64), 1)
    sides = np.where(is_main, 0, quantity * unit)
    rest = story.margin - np.bincount(order, sides, size).astype(np.int64)
    rest = np.maximum(rest[order], 1)
    quantity = np.where(is_main, -(-rest // unit), quantity)
    discount = np.where(is_main, quantity * unit - rest, 0)
    # A fee is one line for the contract at its list price.
    units = story.fee[order]
    item = np.where(units > 0, len(shelf.row) - 1, item)
    quantity = np.where(units > 0, units, quantity)
    discount = np.where(units > 0, 0, discount)
    kept = is_main | (units == 0)
    return Lines(order[kept], item[kept], quantity[kept], discount[kept])


def _pick(rng: np.random.Generator, target: Floats, shelf: Shelf) -> Ints:
    """Pick shelf places whose margin per unit suits the margin wanted of the line."""
    goods = shelf.margin[:-1]
    high = np.maximum(np.searchsorted(goods, target / LEAST_UNITS), 1)
    low = np.minimum(np.searchsorted(goods, target / MOST_UNITS), high - 1)
    step = np.floor(rng.random(len(target)) * (high - low)).astype(np.int64)
    place: Ints = low + step
    return place


def _add_complements(
    rng: np.random.Generator,
    item: Ints,
    target: Floats,
    main: Ints,
    is_main: Flags,
    shelf: Shelf,
) -> Ints:
    """Let side lines often be what goes with the first line's article."""
    wanted = shelf.complement[item[main]]
    units = target / shelf.margin[wanted]
    fits = (units > 1) & (units < MOST_UNITS)
    takes = ~is_main & (wanted >= 0) & fits & (rng.random(len(item)) < COMPLEMENT_ODDS)
    return np.where(takes, wanted, item)


def _keep_apart(item: Ints, order: Ints, places: int) -> Ints:
    """Move a line to a neighbouring article if its order's last line has the same."""
    same = np.zeros(len(item), bool)
    same[1:] = (order[1:] == order[:-1]) & (item[1:] == item[:-1])
    return np.where(same, np.where(item > 0, item - 1, min(1, places - 1)), item)


def line_revenue(lines: Lines, shelf: Shelf) -> Ints:
    return lines.quantity * shelf.price[lines.item] - lines.discount


def make_returns(
    rng: np.random.Generator, truth: Truth, story: Story, lines: Lines, shelf: Shelf
) -> Returns:
    """Send back a part of the first line of a few orders."""
    size = len(story.margin)
    first = np.searchsorted(lines.order, np.arange(size))
    day = story.day + rng.integers(*RETURN_AFTER, size, endpoint=True)
    comes_back = (rng.random(size) < truth.returned_orders) & (day < WINDOW_DAYS)
    comes_back &= story.fee == 0
    line, day = first[comes_back], day[comes_back]
    sold = lines.quantity[line]
    quantity = np.ceil(sold * rng.uniform(0.2, 1.0, len(line))).astype(np.int64)
    refund = line_revenue(lines, shelf)[line] * quantity // sold
    cost = shelf.cost[lines.item[line]] * quantity
    return Returns(line, day, quantity, refund, (cost * RESALE).astype(np.int64))
