"""Means of nested groups, shrunk level by level: hierarchical credibility.

Members carry a *code* of several fields; a field of 0 is not known. Groups share ever
more fields, in the order of the masks, and are shrunk towards the next wider one.
`clv.engine.likeness` has the formulas and the source.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import FloatVector, IndexVector, sums_by

Codes = NDArray[np.int64]
Masks = tuple[int, ...]

LEAST_DIFFERENCE = 0.05  # groups are believed to differ by a twentieth at least
FEWEST_LIKE = 5  # members below which a group is not named as the like ones
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Ratio:
    """Amounts and exposures of n customers, whose sums are compared."""

    amount: FloatVector
    exposure: FloatVector


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of a ratio by leaf, with phi and the least tau^2."""

    amounts: FloatVector
    exposures: FloatVector
    chance: float
    floor: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimates for g codes with their standard deviations."""

    value: FloatVector
    doubt: FloatVector


@dataclass(frozen=True, slots=True)
class _Level:
    """One step of the chain: groups that share `subset`, inside the wider ones.

    `leaves` are the leaves that have all its traits, `group` the group of each and
    `wider` the wider group of each group; `rows` are the codes that take this step and
    `place` their group, -1 where it has no customer.
    """

    subset: int
    leaves: IndexVector
    group: IndexVector
    groups: int
    wider: IndexVector
    rows: IndexVector
    place: IndexVector


@dataclass(frozen=True, slots=True)
class Tree:
    """The groups of customers that the wanted codes need."""

    leaf: IndexVector
    leaves: int
    codes: Codes
    levels: tuple[_Level, ...]

    @classmethod
    def over(cls, seen: Codes, codes: Codes, masks: Masks) -> "Tree":
        distinct, leaf = np.unique(seen, return_inverse=True)
        levels = []
        for depth, mask in enumerate(masks):
            known = (codes & mask) != 0
            prefix = _known_before(codes, masks, depth)
            for wider in np.unique(prefix[known]).tolist():
                rows = np.flatnonzero(known & (prefix == wider))
                step = (wider, wider | 1 << depth)
                levels.append(_level(distinct, codes, masks, rows, step))
        return cls(leaf, distinct.size, codes, tuple(levels))

    def shrunk(
        self,
        ratio: Ratio,
        overall: float | None = None,
        *,
        least: float = -np.inf,
        most: float = np.inf,
    ) -> Estimate:
        """Return the ratio of each code, shrunk along its chain.

        With `overall`, all customers together are given that value.
        """
        amounts = sums_by(self.leaf, ratio.amount, self.leaves)
        exposures = sums_by(self.leaf, ratio.exposure, self.leaves)
        total = float(exposures.sum())
        own = float(amounts.sum()) / total if total > NEGLIGIBLE else 0.0
        offset = 0.0 if overall is None else overall - own
        value = np.full(self.codes.size, own)
        variance = np.zeros(self.codes.size)
        if total > NEGLIGIBLE:
            chance = self._chance(ratio, amounts, exposures)
            floor = (LEAST_DIFFERENCE * (own + offset)) ** 2
            sums = _Sums(amounts, exposures, chance, floor)
            for level in self.levels:
                _step(level, sums, value, variance)
        return Estimate(np.clip(value + offset, least, most), np.sqrt(variance))

    def like(self) -> tuple[Codes, Codes]:
        """Return how many like customers each code has, and what they share."""
        counts = np.bincount(self.leaf, minlength=self.leaves)
        found = np.full(self.codes.size, int(counts.sum()), dtype=np.int64)
        shared = np.zeros(self.codes.size, dtype=np.int64)
        for level in self.levels:
            sizes = np.bincount(
                level.group, counts[level.leaves], minlength=level.groups
            ).astype(np.int64)
            have = np.where(level.place >= 0, np.append(sizes, 0)[level.place], 0)
            close = have >= FEWEST_LIKE
            found[level.rows[close]] = have[close]
            shared[level.rows[close]] = level.subset
        return found, shared

    def _chance(
        self, ratio: Ratio, amounts: FloatVector, exposures: FloatVector
    ) -> float:
        """Return phi: the variance a customer adds, per unit of exposure.

        From the scatter within the finest groups; where these hold too little, from
        that of all customers.
        """
        squares = sums_by(self.leaf, ratio.exposure**2, self.leaves)
        seen = exposures > 0.0
        own = np.where(seen, amounts / np.where(seen, exposures, 1.0), 0.0)
        free = exposures[seen].sum() - (squares[seen] / exposures[seen]).sum()
        total = exposures.sum()
        if free >= 0.1 * total:
            rest = ratio.amount - own[self.leaf] * ratio.exposure
            return float((rest**2).sum() / free)
        rest = ratio.amount - amounts.sum() / total * ratio.exposure
        free = total - squares.sum() / total
        return float((rest**2).sum() / free) if free > NEGLIGIBLE else 0.0


def _known_before(codes: Codes, masks: Masks, depth: int) -> Codes:
    """Return which of the first `depth` fields each code has, as bits."""
    known = np.zeros(codes.size, dtype=np.int64)
    for place, mask in enumerate(masks[:depth]):
        known |= np.where((codes & mask) != 0, 1 << place, 0)
    return known


def _mask(masks: Masks, subset: int) -> int:
    return sum(mask for bit, mask in enumerate(masks) if subset >> bit & 1)


def _level(
    distinct: Codes,
    codes: Codes,
    masks: Masks,
    rows: IndexVector,
    step: tuple[int, int],
) -> _Level:
    wider, subset = step
    has_all = np.ones(distinct.size, dtype=np.bool_)
    for bit, mask in enumerate(masks):
        if subset >> bit & 1:
            has_all &= (distinct & mask) != 0
    leaves = np.flatnonzero(has_all)
    inner, outer = _mask(masks, subset), _mask(masks, wider)
    keys, group = np.unique(distinct[leaves] & inner, return_inverse=True)
    _, inside = np.unique(keys & outer, return_inverse=True)
    asked = codes[rows] & inner
    found = np.full(rows.size, -1, dtype=np.intp)
    if keys.size:
        near = np.minimum(np.searchsorted(keys, asked), keys.size - 1)
        found = np.where(keys[near] == asked, near, -1)
    return _Level(subset, leaves, group, keys.size, inside, rows, found)


def _step(
    level: _Level, sums: _Sums, value: FloatVector, variance: FloatVector
) -> None:
    """Shrink the groups of one level towards the wider ones, in place."""
    amount = sums_by(level.group, sums.amounts[level.leaves], level.groups)
    exposure = sums_by(level.group, sums.exposures[level.leaves], level.groups)
    chance = sums.chance
    between = max(_between(level, amount, exposure, chance), sums.floor)
    amount, exposure = np.append(amount, 0.0), np.append(exposure, 0.0)
    seen = exposure[level.place]  # the place -1 is nobody's: the last
    weight = seen * between
    share = np.where(weight > 0.0, weight / np.where(weight > 0, weight + chance, 1), 0)
    own = amount[level.place] / np.where(seen > 0.0, seen, 1.0)
    rows = level.rows
    value[rows] = share * own + (1.0 - share) * value[rows]
    variance[rows] = (1.0 - share) * between + (1.0 - share) ** 2 * variance[rows]


def _between(
    level: _Level, amount: FloatVector, exposure: FloatVector, chance: float
) -> float:
    """Return tau^2 between the groups of a level, inside the wider ones; may be < 0."""
    used = exposure > 0.0
    if not used.any():
        return 0.0
    amount, exposure, wider = amount[used], exposure[used], level.wider[used]
    count = int(wider.max()) + 1
    whole = sums_by(wider, exposure, count)
    some = whole > 0.0
    mean = sums_by(wider, amount, count) / np.where(some, whole, 1.0)
    scatter = float((exposure * (amount / exposure - mean[wider]) ** 2).sum())
    freedom = used.sum() - some.sum()
    squares = sums_by(wider, exposure**2, count)
    weight = float((whole[some] - squares[some] / whole[some]).sum())
    if freedom < 1 or weight <= NEGLIGIBLE:
        return 0.0
    return (scatter - float(freedom) * chance) / weight
