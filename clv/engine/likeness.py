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

from clv.engine.arrays import FloatVector, IndexVector, frozen
from clv.engine.errors import BadHistoryError
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.nested import NEGLIGIBLE, Codes, Ratio, Tree
from clv.engine.outliers import drawn_in
from clv.engine.pace import Pace
from clv.engine.spend import GammaGamma

NOTHING_KNOWN = 0
OLD_ENOUGH_DAYS = 365.0  # to say whether a customer orders again
# A kind may be a dozen customers, of whom one would say nearly all. What the largest
# bring beyond the next ones stays with all customers, whose mean is the firm's.
TIMES_IN_KINDS = 1.0
NOT_SEEN = -1.0  # share that ordered again where nobody is old enough


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
MASKS = tuple(trait.mask for trait in TRAITS)


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
    seen: Seen,
    wanted: Codes,
    *,
    buying: RepeatBuyingModel,
    spend: GammaGamma,
    left_out: IndexVector | None = None,
) -> Likeness:
    """Learn what customers like each wanted code were worth.

    Parameters
    ----------
    seen : Seen
        All customers of the firm; may be none.
    wanted : int array
        Codes of accounts without orders, in any order.
    buying, spend : the firm's fitted models
    left_out : index array, optional
        Customers whose margins are beyond belief.
    """
    codes = np.union1d(wanted, [NOTHING_KNOWN]).astype(np.int64)
    if not len(seen):
        return everybody(spend, 0.0, codes=codes)
    pace = Pace.of(buying)
    tree = Tree.over(seen.code, codes, MASKS)
    expected = pace.expected_repeats(seen.age_days)
    repeats = seen.order_count - 1.0
    found = float(repeats.sum()) / max(float(expected.sum()), NEGLIGIBLE)
    ratio = tree.shrunk(Ratio(repeats, expected * found), 1.0)
    margin = tree.shrunk(_margins(seen, spend, left_out), spend.mean)
    won = tree.shrunk(Ratio(seen.cost_to_win, np.ones(len(seen))))
    old = (seen.age_days >= OLD_ENOUGH_DAYS).astype(np.float64)
    again = tree.shrunk(Ratio(old * (repeats > 0), old), least=0.0, most=1.0)
    like, shared = tree.like()
    paced = pace.factor_for(np.maximum(ratio.value, NEGLIGIBLE), seen.age_days)
    paced[0] = 1.0  # all customers together: the firm's model itself
    return Likeness(
        code=codes,
        customers=like,
        shared=shared,
        margin=frozen(margin.value),
        margin_doubt=frozen(margin.doubt),
        pace=frozen(paced),
        pace_doubt=frozen(paced * ratio.doubt / np.maximum(ratio.value, NEGLIGIBLE)),
        cost_to_win=frozen(won.value),
        repeat_share=frozen(
            again.value if old.any() else np.full(codes.size, NOT_SEEN)
        ),
    )


def everybody(
    spend: GammaGamma, cost_to_win: float, *, codes: Codes | None = None
) -> Likeness:
    """Return the likeness that tells no customer from another, of code 0 or `codes`."""
    code = np.array([NOTHING_KNOWN]) if codes is None else codes
    nobody, nothing = np.zeros(code.size, dtype=np.int64), np.zeros(code.size)
    return Likeness(
        code=code.astype(np.int64),
        customers=nobody,
        shared=nobody,
        margin=frozen(nothing + spend.mean),
        margin_doubt=frozen(nothing),
        pace=frozen(nothing + 1.0),
        pace_doubt=frozen(nothing),
        cost_to_win=frozen(nothing + cost_to_win),
        repeat_share=frozen(nothing + NOT_SEEN),
    )


def _margins(seen: Seen, spend: GammaGamma, left_out: IndexVector | None) -> Ratio:
    """Return margins as far as others learn from them, by how far they are believed."""
    trust = _credibility(seen.order_count, spend)
    margin = seen.mean_margin.copy()
    if left_out is not None:
        trust[left_out] = margin[left_out] = 0.0
    return Ratio(drawn_in(margin, times=TIMES_IN_KINDS) * trust, trust)


def _credibility(order_count: FloatVector, spend: GammaGamma) -> FloatVector:
    """Return how far each customer's own mean margin can be believed, in (0, 1)."""
    weight = spend.p * order_count
    return weight / (weight + spend.q - 1.0)
