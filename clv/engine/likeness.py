"""What customers like an account were worth, learnt from traits known before an order.

Traits of an account (its size, industry, source and territory) are packed into one
*code*; 0 in a field says that the trait is not known. For every code somebody asks
about there is a chain of ever closer groups of customers, one trait more in each,

    all customers > same size > and industry > and source > and territory

where traits that are not known are left out. Four things are learnt of each group:

- margin per order, each customer counting with the credibility of the own mean;
- pace: repeat orders as a multiple of those that the firm's model of repeat buying
  expects of new customers of the same ages;
- cost to win;
- the share that ordered again, among customers of a year or more.

Each is a ratio A / E of sums over customers (E the exposure), shrunk towards the next
wider group by the credibility formula of Bühlmann and Straub, level by level:

    estimate = Z own + (1 - Z) wider,   Z = E / (E + k),   k = phi / tau^2

phi is the variance that a customer adds per unit of exposure, pooled over the finest
groups; tau^2 the variance between groups of one level inside the wider ones, by the
method of moments, at least that of groups which differ by `LEAST_DIFFERENCE`. The
doubt of an estimate is ``(1 - Z) tau^2 + (1 - Z)^2 doubt of the wider``.

Limits: a group of very many customers has its own mean; one of none has that of the
wider group, with more doubt; all customers together have what the firm's models say, so
a firm without customers has what it assumes.

Source: Bühlmann & Gisler (2005), A Course in Credibility Theory and its Applications,
chapters 4 and 6 (hierarchical credibility).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.arrays import FloatVector, IndexVector, frozen, sums_by
from clv.engine.errors import BadHistoryError
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.pace import Pace
from clv.engine.spend import GammaGamma

Codes = NDArray[np.int64]

NOTHING_KNOWN = 0
LEAST_DIFFERENCE = 0.05  # groups are believed to differ by a twentieth at least
FEWEST_LIKE = 5  # customers below which a group is not named as the like ones
OLD_ENOUGH_DAYS = 365.0  # to say whether a customer orders again
NOT_SEEN = -1.0  # share that ordered again where nobody is old enough
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Trait:
    """One field of a code: so many bits, above `shift` others."""

    name: str
    bits: int
    shift: int

    @property
    def mask(self) -> int:
        return ((1 << self.bits) - 1) << self.shift


# From the trait that groups customers first to the one that does last.
TRAITS = (
    Trait("size_band", 3, 56),
    Trait("industry", 32, 24),
    Trait("source", 4, 20),
    Trait("territory", 20, 0),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of n customers; every vector of shape (n,), money as it is.

    `order_count` counts days with orders, at least 1; `age_days` from the first one.
    """

    code: Codes
    order_count: FloatVector
    age_days: FloatVector
    mean_margin: FloatVector
    cost_to_win: FloatVector

    def __post_init__(self) -> None:
        sizes = {
            self.code.size,
            self.order_count.size,
            self.age_days.size,
            self.mean_margin.size,
            self.cost_to_win.size,
        }
        if len(sizes) != 1:
            raise BadHistoryError("vectors of customers differ in length")
        if (self.order_count < 1).any() or (self.age_days < 0).any():
            raise BadHistoryError("customers have an order and an age")

    def __len__(self) -> int:
        return self.code.size


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is expected of a new customer of each of g codes; vectors of shape (g,).

    Attributes
    ----------
    code : int, ascending; the first is 0, for accounts nothing is known of
    customers : int
        How many like customers there are: of the closest group that has `FEWEST_LIKE`.
    shared : int
        Which traits they share with the code: bit j for `TRAITS[j]`; 0 for all.
    margin, margin_doubt : float
        Margin per order and its standard deviation, in money.
    pace, pace_doubt : float
        Multiple of the firm's repeat orders, and its standard deviation.
    cost_to_win : float
    repeat_share : float
        Share that orders again within a year or more; -1 where it is not known.
    """

    code: Codes
    customers: Codes
    shared: Codes
    margin: FloatVector
    margin_doubt: FloatVector
    pace: FloatVector
    pace_doubt: FloatVector
    cost_to_win: FloatVector
    repeat_share: FloatVector

    def __len__(self) -> int:
        return self.code.size

    def rows_of(self, codes: Codes) -> IndexVector:
        """Return where each of `codes` stands; codes that nobody asked for are 0's."""
        place = np.minimum(np.searchsorted(self.code, codes), len(self) - 1)
        return np.where(self.code[place] == codes, place, 0)


def fit_likeness(
    seen: Seen, wanted: Codes, *, buying: RepeatBuyingModel, spend: GammaGamma
) -> Likeness:
    """Learn what customers like each wanted code were worth.

    Parameters
    ----------
    seen : Seen
        All customers of the firm; may be none.
    wanted : int array
        Codes of accounts without orders, in any order.
    buying, spend : the firm's fitted models
    """
    codes = np.union1d(wanted, [NOTHING_KNOWN]).astype(np.int64)
    pace = Pace.of(buying)
    tree = _Tree.over(seen.code, codes)
    expected = pace.expected_repeats(seen.age_days)
    repeats = seen.order_count - 1.0
    found = float(repeats.sum()) / max(float(expected.sum()), NEGLIGIBLE)
    ratio = tree.shrunk(_Ratio(repeats, expected * found), 1.0)
    trust = _credibility(seen.order_count, spend)
    margin = tree.shrunk(_Ratio(seen.mean_margin * trust, trust), spend.mean)
    won = tree.shrunk(_Ratio(seen.cost_to_win, np.ones(len(seen))))
    old = (seen.age_days >= OLD_ENOUGH_DAYS).astype(np.float64)
    again = tree.shrunk(_Ratio(old * (repeats > 0), old), least=0.0, most=1.0)
    like, shared = tree.like()
    paced = pace.factor_for(np.maximum(ratio.value, NEGLIGIBLE), seen.age_days)
    return Likeness(
        code=codes,
        customers=like,
        shared=shared,
        margin=frozen(margin.value),
        margin_doubt=frozen(margin.doubt),
        pace=frozen(paced),
        pace_doubt=frozen(paced * ratio.doubt / np.maximum(ratio.value, NEGLIGIBLE)),
        cost_to_win=frozen(won.value),
        repeat_share=frozen(again.value if old.any() else np.full(codes.size, NOT_SEEN)),
    )


def _credibility(order_count: FloatVector, spend: GammaGamma) -> FloatVector:
    """Return how far each customer's own mean margin can be believed, in (0, 1)."""
    weight = spend.p * order_count
    return weight / (weight + spend.q - 1.0)


@dataclass(frozen=True, slots=True)
class _Ratio:
    """Amounts and exposures of n customers, whose sums are compared."""

    amount: FloatVector
    exposure: FloatVector


@dataclass(frozen=True, slots=True)
class _Estimate:
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
class _Tree:
    """The groups of customers that the wanted codes need."""

    leaf: IndexVector
    leaves: int
    codes: Codes
    levels: tuple[_Level, ...]

    @classmethod
    def over(cls, seen: Codes, codes: Codes) -> "_Tree":
        distinct, leaf = np.unique(seen, return_inverse=True)
        levels = []
        for depth, trait in enumerate(TRAITS):
            known = (codes & trait.mask) != 0
            prefix = _known_before(codes, depth)
            for wider in np.unique(prefix[known]).tolist():
                rows = np.flatnonzero(known & (prefix == wider))
                levels.append(_level(distinct, codes, rows, wider, wider | 1 << depth))
        return cls(leaf, distinct.size, codes, tuple(levels))

    def shrunk(
        self,
        ratio: _Ratio,
        overall: float | None = None,
        *,
        least: float = -np.inf,
        most: float = np.inf,
    ) -> _Estimate:
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
            for level in self.levels:
                _step(level, amounts, exposures, chance, floor, value, variance)
        return _Estimate(np.clip(value + offset, least, most), np.sqrt(variance))

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
        self, ratio: _Ratio, amounts: FloatVector, exposures: FloatVector
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


def _known_before(codes: Codes, depth: int) -> Codes:
    """Return which of the first `depth` traits each code has, as bits."""
    known = np.zeros(codes.size, dtype=np.int64)
    for place, trait in enumerate(TRAITS[:depth]):
        known |= np.where((codes & trait.mask) != 0, 1 << place, 0)
    return known


def _mask(subset: int) -> int:
    return sum(trait.mask for j, trait in enumerate(TRAITS) if subset >> j & 1)


def _level(
    distinct: Codes, codes: Codes, rows: IndexVector, wider: int, subset: int
) -> _Level:
    has_all = np.ones(distinct.size, dtype=np.bool_)
    for place, trait in enumerate(TRAITS):
        if subset >> place & 1:
            has_all &= (distinct & trait.mask) != 0
    leaves = np.flatnonzero(has_all)
    keys, group = np.unique(distinct[leaves] & _mask(subset), return_inverse=True)
    _, inside = np.unique(keys & _mask(wider), return_inverse=True)
    asked = codes[rows] & _mask(subset)
    place = np.searchsorted(keys, asked)
    if keys.size:
        place = np.minimum(place, keys.size - 1)
        place = np.where(keys[place] == asked, place, -1)
    else:
        place = np.full(rows.size, -1)
    return _Level(subset, leaves, group, keys.size, inside, rows, place)


def _step(
    level: _Level,
    amounts: FloatVector,
    exposures: FloatVector,
    chance: float,
    floor: float,
    value: FloatVector,
    variance: FloatVector,
) -> None:
    """Shrink the groups of one level towards the wider ones, in place."""
    amount = sums_by(level.group, amounts[level.leaves], level.groups)
    exposure = sums_by(level.group, exposures[level.leaves], level.groups)
    between = max(_between(level, amount, exposure, chance), floor)
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

