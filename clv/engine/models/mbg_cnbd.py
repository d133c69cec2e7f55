"""The MBG/CNBD-k model of repeat buying: as MBG/NBD, but regular.

Story: hidden events come at an account's own Poisson rate lambda ~ Gamma(r, alpha), and
every k-th of them is a purchase, so that gaps between purchases are Erlang(k): k = 1 is
MBG/NBD, larger k buys like clockwork. After every purchase, the first included, the
account leaves with its own probability p ~ Beta(a, b).

Symbols of the papers and our names: x = frequency, t_x = recency_days, T = age_days,
k = regularity; `alpha` is the rate, in days, of the *events*.

Derivation. An alive account is in phase j = 0 .. k-1: j events came since the last
purchase. With R_j = r + kx + j, the likelihood, up to the product of the gaps, is

    alive in phase j : B(a, b+x+1)/B(a, b) G(R_j)/G(r) alpha^r (T-t_x)^j/j!
                       (alpha+T)^-R_j
    gone             : B(a+1, b+x)/B(a, b) G(R_0)/G(r) alpha^r (alpha+t_x)^-R_0

and the gaps add ``(k-1) sum ln(gap) - sum of x lnG(k)``, which no parameter moves: it
is needed only to compare different k. Given alive in phase j, lambda ~ Gamma(R_j,
alpha+T) and the n-th next purchase, if the account lives to make it, comes before t
with the chance ``I_z(nk - j, R_j)``, z = t/(alpha+T+t), of at least nk - j events; so

    orders within t = sum over n of E[(1-p)^(n-1)] I_z(nk-j, R_j),
    chance to live  = 1 - sum over n of E[p (1-p)^(n-1)] I_z(nk-j, R_j),

with p ~ Beta(a, b+x+1). These sums are exact; when several hundred purchases are
expected, they pass into a form that is smooth in their number (`thinned`).

Source: Platzer & Reutterer (2016), Ticking away the moments: timing regularity helps
to better predict customer activity, Marketing Science 35(5); Reutterer, Platzer &
Schroeder (2021), Leveraging purchase regularity for predicting customer behavior the
easy way, International Journal of Research in Marketing 38(1).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, logsumexp, softmax

from clv.engine.arrays import (
    BoolVector,
    FloatMatrix,
    FloatVector,
    IndexVector,
    distinct_rows,
    inner,
)
from clv.engine.crossed import Crossed, log_odds_beyond
from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.answers import Ask, Expected
from clv.engine.models.beta_geometric import BETA_GEOMETRIC_PRIOR
from clv.engine.models.fitting import Sample, fit_model
from clv.engine.models.pareto_nbd import histories_as_columns
from clv.engine.models.regular_likelihood import (
    log_terms,
    regular_log_likelihood,
)
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.models.thinned import Thinned, cumulate
from clv.engine.priors import LogNormalPrior
from clv.engine.quadrature import legendre

NEAR_NODES = 12
FAR_NODES = 40
FAR_RATIO = 40.0  # horizon over time scale above which more nodes are spent
LONG_DAYS = 3_653.0  # horizon above which they are spent on all accounts
HIGHEST_REGULARITY = 12
SHORT_GAP_DAYS = 45.0
GAP_NODES = 3
SMALLEST_CHANCE = 1e-12


@dataclass(frozen=True, slots=True)
class MbgCnbd(RepeatBuyingModel):
    """A fitted MBG/CNBD-k model.

    Attributes
    ----------
    r, alpha : float > 0
        Shape, and rate in days, of the gamma over event rates.
    a, b : float > 0
        Beta over the chance of leaving at a purchase.
    regularity : int in 1..12
        Events per purchase, k.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    RATES: ClassVar[tuple[str, ...]] = ("alpha",)
    RECENCY_SHAPES_FUTURE: ClassVar[bool] = True

    r: float
    alpha: float
    a: float
    b: float
    regularity: int = 2

    def probability_alive(self, histories: Histories) -> FloatVector:
        """Return the chance that each account has not left by the cut-off.

        Returns
        -------
        float array, shape (n,), in [0, 1]
            The more regular the buying, the sooner a silence tells.
        """
        alive, gone = log_terms(
            histories_as_columns(histories), self.parameters, self.regularity
        )
        return np.asarray(expit(logsumexp(alive, axis=1) - gone), dtype=np.float64)

    def alive_at(self, rows: Crossed, luck: float) -> BoolVector:
        """Tell whose chance to be alive exceeds `luck`, in (0, 1), shape (n,).

        Phase j is ``w^j G(R_j) / (G(R_0) j!)`` times as likely as phase 0, with
        ``w = (T-t_x) / (alpha+T)``.
        """
        x, shape = rows.frequency[:, None], self.r + self.regularity * rows.frequency
        logs = shape[:, None] * np.log(self.alpha + rows.days)
        first = rows.at_age(np.log(self.b + x) - logs)
        gone = rows.at_recency(math.log(self.a) - logs)
        phases = np.log(self._phase_sums(rows)[-1])
        return np.asarray(gone - first - phases < log_odds_beyond(luck))

    def phases_at(self, rows: Crossed, luck: float) -> IndexVector:
        """Return the phase that `luck`, in (0, 1), puts each alive account into."""
        *sums, whole = self._phase_sums(rows)
        phase = np.zeros(len(rows), dtype=np.intp)
        for so_far in sums:
            phase += luck * whole > so_far
        return phase

    def _phase_sums(self, rows: Crossed) -> list[FloatVector]:
        """Return the sums of the phases' chances up to each, in those of phase 0."""
        shape = self.r + self.regularity * rows.frequency
        step = rows.silence / (self.alpha + rows.days)[rows.age_at]
        term = np.ones(len(rows))
        sums = [term]
        for j in range(1, self.regularity):
            term = term * step * ((shape + (j - 1.0)) / j)[rows.frequency_at]
            sums.append(sums[-1] + term)
        return sums

    def sample_while_alive(
        self, histories: Histories, horizon_days: float, rng: np.random.Generator
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive at its start."""
        cumulated = np.cumsum(self._phases(histories), axis=1)
        luck = rng.random(len(histories))
        phase = (luck[:, None] > cumulated[:, :-1]).sum(axis=1)
        return self._drawn(histories, phase, horizon_days, rng)

    @property
    def phases(self) -> int:
        """Return k: alive accounts differ in how many events they have gathered."""
        return self.regularity

    def sample_in_phase(
        self,
        histories: Histories,
        phase: int,
        horizon_days: float,
        rng: np.random.Generator,
    ) -> tuple[FloatVector, FloatVector]:
        """Draw orders and days alive within the horizon, given alive in a phase."""
        return self._drawn(histories, phase, horizon_days, rng)

    def _drawn(
        self,
        histories: Histories,
        phase: IndexVector | int,
        horizon_days: float,
        rng: np.random.Generator,
    ) -> tuple[FloatVector, FloatVector]:
        x, k = histories.frequency, self.regularity
        shape = self.r + k * x + phase
        rate = rng.gamma(shape) / (self.alpha + histories.age_days)
        leaving = np.maximum(rng.beta(self.a, self.b + x + 1.0), SMALLEST_CHANCE)
        events = rng.poisson(rate * horizon_days)
        possible = (events + phase) // k
        last = rng.geometric(leaving)
        leaves = last <= possible
        at_event = np.where(leaves, last, 1) * k - phase
        moment = rng.beta(
            np.where(leaves, at_event, 1.0), np.where(leaves, events - at_event + 1, 1)
        )
        orders = np.where(leaves, last, possible).astype(np.float64)
        return orders, np.where(leaves, horizon_days * moment, horizon_days)

    def _phases(self, histories: Histories) -> FloatMatrix:
        """Return the chance of each phase given alive, shape (n, k)."""
        alive, _ = log_terms(
            histories_as_columns(histories), self.parameters, self.regularity
        )
        return np.asarray(softmax(alive, axis=1), dtype=np.float64)

    def _by_pair(self, rows: Histories, ask: Ask) -> Iterator[Expected | None]:
        """Yield what alive accounts expect in each phase: columns of shape (m, k)."""
        far = self._flows_by_phase(rows, ask.delta, ask.horizon)
        near = self._flows_by_phase(rows, ask.delta, ask.near)
        grid = np.array([ask.horizon, ask.near])
        bought = np.empty((grid.size, len(rows), self.regularity))
        for phase in range(self.regularity):
            pairs = Thinned.of(rows, self.parameters, self.regularity, phase)
            at = np.broadcast_to(grid, (pairs.scale.size, grid.size))
            bought[:, :, phase] = cumulate(pairs, at)[0][pairs.inverse].T
        yield *far, *near, *bought

    def _ahead(
        self,
        histories: Histories,
        shared: Iterator[Expected | None],
        inverse: IndexVector,
        ask: Ask,
    ) -> list[FloatVector]:
        """Return the columns of an `Outlook`: each account is in its phases' shares."""
        expected = next(shared) or ()
        alive, phases = self.probability_alive(histories), self._phases(histories)
        return [alive, *(alive * _shared(phases, one, inverse) for one in expected)]

    def _flows_while_alive(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatVector, FloatVector]:
        first, inverse = distinct_rows(histories.frequency, histories.age_days)
        flows = self._flows_by_phase(histories.take(first), delta, horizon)
        phases = self._phases(histories)
        orders, days = (_shared(phases, one, inverse) for one in flows)
        return orders, days

    def _flows_by_phase(
        self, histories: Histories, delta: float, horizon: float
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Integrate by parts: both cumulated flows are smooth in ln(1 + s / scale)."""
        ratio = horizon / (self.alpha + histories.age_days)
        far = (ratio > FAR_RATIO) | (horizon > LONG_DAYS)
        shape = len(histories), self.regularity
        orders, days = np.empty(shape), np.empty(shape)
        for chosen, count in ((~far, NEAR_NODES), (far, FAR_NODES)):
            rows = np.flatnonzero(chosen)
            if rows.size:
                part = histories.take(rows)
                orders[rows], days[rows] = self._integrated(part, delta, horizon, count)
        return orders, days

    def _integrated(
        self, histories: Histories, delta: float, horizon: float, count: int
    ) -> tuple[FloatMatrix, FloatMatrix]:
        nodes, weights = legendre(count)
        nodes = np.append(nodes, 1.0)
        shape = len(histories), self.regularity
        orders, days = np.empty(shape), np.empty(shape)
        for phase in range(self.regularity):
            pairs = Thinned.of(histories, self.parameters, self.regularity, phase)
            scale = pairs.scale[:, None]
            width = np.log1p(horizon / scale)
            stretch = np.exp(width * nodes)
            at = scale * (stretch - 1.0)
            total, survival = cumulate(pairs, at)
            mass = weights * (width * scale * stretch * np.exp(-delta * at))[:, :-1]
            at_end = np.exp(-delta * horizon) * total[:, -1]
            bought = at_end + delta * (mass * total[:, :-1]).sum(axis=1)
            lived = (mass * survival[:, :-1]).sum(axis=1)
            orders[:, phase] = bought[pairs.inverse]
            days[:, phase] = lived[pairs.inverse]
        return orders, days

    def _curves_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Add up the days lived between neighbouring points; long ways by themselves.

        Within `SHORT_GAP_DAYS` survival is all but a straight line.
        """
        orders = self._orders_while_alive(histories, grid)
        stops, back = np.unique(np.append(grid, 0.0), return_inverse=True)
        gaps = np.diff(stops)
        if gaps.size and float(gaps.max()) > SHORT_GAP_DAYS:
            days = [self._flows_while_alive(histories, 0.0, day)[1] for day in grid]
            return orders, np.stack(days, axis=1)
        nodes, weights = legendre(GAP_NODES)
        at = (stops[:-1, None] + gaps[:, None] * nodes).ravel()
        survival = self._cumulated_while_alive(histories, at)[1]
        lived = survival.reshape(len(histories), gaps.size, nodes.size) @ weights
        total = np.zeros((len(histories), stops.size))
        np.cumsum(lived * gaps, axis=1, out=total[:, 1:])
        return orders, total[:, back[: grid.size]]

    def _orders_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> FloatMatrix:
        return self._cumulated_while_alive(histories, grid)[0]

    def _cumulated_while_alive(
        self, histories: Histories, grid: FloatVector
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Return orders until each day and the chance to be alive then."""
        phases = self._phases(histories)
        shape = (len(histories), grid.size)
        orders, alive = np.zeros(shape), np.zeros(shape)
        for phase in range(self.regularity):
            pairs = Thinned.of(histories, self.parameters, self.regularity, phase)
            at = np.broadcast_to(grid, (pairs.scale.size, grid.size))
            total, survival = cumulate(pairs, at)
            orders += phases[:, phase, None] * total[pairs.inverse]
            alive += phases[:, phase, None] * survival[pairs.inverse]
        return orders, alive


def _shared(phases: FloatMatrix, one: FloatMatrix, inverse: IndexVector) -> FloatVector:
    """Add up by each account's phases what its pair, at `inverse`, has in each."""
    total = np.zeros(len(phases))
    for phase in range(phases.shape[1]):
        total += phases[:, phase] * one[inverse, phase]
    return total


def fit_mbg_cnbd(
    histories: Histories,
    *,
    regularity: int = 2,
    log_gap_sum: float | None = None,
    prior: LogNormalPrior | None = None,
) -> MbgCnbd:
    """Fit MBG/CNBD-k for one k by maximum likelihood, or a posteriori with a prior.

    Parameters
    ----------
    histories : Histories of n >= 1 accounts
    regularity : int in 1..12
        k; choose the one with the highest log-likelihood, or by back-test.
    log_gap_sum : float, optional
        Sum over all accounts of the logarithms of all days between consecutive
        purchases. Without it the log-likelihood is None for k > 1: it could not be
        compared between different k.
    prior : LogNormalPrior over (r, alpha in days, a, b), optional
        For the pace of purchases; scaled to events here.

    Raises
    ------
    BadParameterError
        If the regularity is out of its domain.
    BadHistoryError
        If there is no account to learn from.
    NotConvergedError
        If the data do not identify the model.
    """
    k = checked_regularity(regularity)
    if prior is not None:
        medians = (prior.medians[0], prior.medians[1] / k, *prior.medians[2:])
        prior = LogNormalPrior(medians, prior.log_spreads)
    return fit_model(
        MbgCnbd,
        histories,
        objective=lambda sample, point: regular_log_likelihood(sample, point, k),
        starts=lambda sample: _starts(sample, k),
        prior=prior,
        fixed={"regularity": k},
        events_per_purchase=k,
        constant=share_of_gaps(histories, k, log_gap_sum),
    )


MBG_CNBD_PRIOR = BETA_GEOMETRIC_PRIOR


def checked_regularity(k: int) -> int:
    """Return k.

    Raises
    ------
    BadParameterError
        If it is no whole number in 1..12.
    """
    if k not in range(1, HIGHEST_REGULARITY + 1):
        raise BadParameterError(
            f"regularity must be a whole number in 1..{HIGHEST_REGULARITY}, not {k!r}"
        )
    return int(k)


def share_of_gaps(
    histories: Histories, k: int, log_gap_sum: float | None
) -> float | None:
    """Return what the gaps add to ln L; None where it takes gaps that are unknown."""
    if k == 1:
        return 0.0
    if log_gap_sum is None:
        return None
    repeats = inner(histories.weights, histories.frequency)
    return (k - 1) * log_gap_sum - repeats * math.lgamma(k)


def _starts(sample: Sample, k: int) -> list[FloatVector]:
    pace = k * max(sample.mean_frequency, 0.1) / max(sample.mean_age, 1e-9)
    return [
        np.log(np.array([r, r / pace * 0.7, a, b]))
        for r, a, b in ((0.6, 0.8, 2.5), (2.0, 0.5, 5.0), (0.2, 1.5, 1.5))
    ]
