"""The models that compete: each family pooled and per acquisition cohort, own paces.

A candidate learns from what was known at an origin and from nothing else. Where a fit
does not converge the candidate drops out of the race for that origin, with the reason.

Cohorts have about equally many accounts, by the day of their first purchase. Each
cohort's fit has a prior centred on the fit of all accounts: a small cohort stays close
to it, a large one goes its own way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from clv.engine.arrays import IndexVector
from clv.engine.errors import (
    BadHistoryError,
    BadParameterError,
    NotConvergedError,
)
from clv.engine.history import Compressed, Histories, compress
from clv.engine.judging.composed import CohortModel, Mixture
from clv.engine.judging.purchases import PurchaseLog
from clv.engine.judging.seasonality import seasons_of
from clv.engine.ladder import INDIVIDUAL, LadderFit, fit_with_ladder
from clv.engine.models import (
    FAMILIES,
    OWN_PACE,
    MbgCnbd,
    fit_mbg_cnbd,
    fit_own_pace,
)
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.priors import LogNormalPrior, TypicalCustomer
from clv.engine.seasons import Seasons

WEEKLY_FROM_ACCOUNTS = 20_000
WEEK_DAYS = 7.0
REGULAR = "mbg_cnbd"
LEAVING = "mbgnbd"  # tells own paces how fast accounts leave
HIGHEST_REGULARITY = 4
COHORT_SUFFIX = "/cohort"
COHORT_FAMILIES = ("bgnbd", "mbgnbd", "pareto_nbd")
COHORT_SPREAD = 0.5  # of a cohort's log parameters around those of all accounts
COHORT_ACCOUNTS = 500
MOST_COHORTS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at an origin.

    Attributes
    ----------
    log : PurchaseLog of n accounts, without any row after the origin
    origin_day : int
    seasons : Seasons
        Month factors until the origin; off below 24 months.
    histories : Histories of the n accounts
        On the clock of the seasons, which is the calendar where they are off.
    rows : Compressed
        The distinct histories and the way back; at weekly resolution from 20,000
        accounts on.
    """

    log: PurchaseLog
    origin_day: int
    seasons: Seasons
    histories: Histories
    rows: Compressed

    @classmethod
    def at(cls, log: PurchaseLog, origin_day: int) -> "Known":
        """Return what `log` knew at the end of `origin_day`."""
        known = log.until(origin_day)
        seasons = seasons_of(known, origin_day)
        histories = known.histories(origin_day, seasons)
        weekly = WEEK_DAYS if len(known) >= WEEKLY_FROM_ACCOUNTS else None
        rows = compress(histories, resolution_days=weekly)
        return cls(known, origin_day, seasons, histories, rows)

    def clock_days(self, horizon_days: int) -> float:
        """Return the length of the horizon on the clock of the histories."""
        ends = np.array([self.origin_day, self.origin_day + horizon_days])
        start, end = self.seasons.clock(ends).tolist()
        return float(end - start)


@dataclass(frozen=True, slots=True)
class Field:
    """The fitted candidates of one origin.

    Attributes
    ----------
    models : the models by name
    dropped : the reason by name for those that could not be fitted
    steps : the rung of the cold-start ladder by name
    """

    models: Mapping[str, RepeatBuyingModel]
    dropped: Mapping[str, str]
    steps: Mapping[str, str] = field(default_factory=dict)

    @property
    def regularity(self) -> int | None:
        """Return events per purchase of MBG/CNBD-k, where it was fitted."""
        found = self.models.get(REGULAR)
        return found.regularity if isinstance(found, MbgCnbd) else None


def candidate_names() -> list[str]:
    """Return the names of all candidates that are models."""
    return [*FAMILIES, OWN_PACE, *(name + COHORT_SUFFIX for name in COHORT_FAMILIES)]


def fit_candidates(known: Known, names: Sequence[str] | None = None) -> Field:
    """Fit every candidate to what was known.

    Parameters
    ----------
    known : Known
    names : sequence of str, optional
        All of `candidate_names` when left out.
    """
    gaps = known.log.log_gap_sum
    return fit_field(known.rows.histories, names, log_gap_sum=gaps)


def fit_field(
    rows: Histories,
    names: Sequence[str] | None = None,
    *,
    log_gap_sum: float | None = None,
    regularity: int | None = None,
    prior: TypicalCustomer | None = None,
) -> Field:
    """Fit candidates to histories.

    Parameters
    ----------
    rows : Histories of n accounts
        Compressed ones are faster.
    names : sequence of str, optional
        All of `candidate_names` when left out.
    log_gap_sum : float, optional
        Sum of logarithms of the days between consecutive purchases; without it
        regular buyers cannot be told and MBG/CNBD-k drops out.
    regularity : int, optional
        Events per purchase of MBG/CNBD-k, where they are known already: the sum of
        log gaps is then not needed, and no parameter depends on it.
    prior : TypicalCustomer, optional
        What people say of a customer, for few accounts.
    """
    fits = _Fits(rows, log_gap_sum, regularity, prior)
    models: dict[str, RepeatBuyingModel] = {}
    dropped: dict[str, str] = {}
    steps: dict[str, str] = {}
    for name in candidate_names() if names is None else names:
        try:
            models[name], steps[name] = fits.of(name)
        except (NotConvergedError, BadHistoryError, BadParameterError) as fault:
            dropped[name] = str(fault)
    return Field(models, dropped, steps)


@dataclass(frozen=True, slots=True)
class _Fits:
    """Fits of candidates to the same histories; what several need is fitted once."""

    rows: Histories
    log_gap_sum: float | None
    regularity: int | None
    prior: TypicalCustomer | None
    pooled: dict[str, LadderFit] = field(default_factory=dict)

    def of(self, name: str) -> tuple[RepeatBuyingModel, str]:
        """Return the candidate and its rung of the cold-start ladder."""
        if name == REGULAR:
            fitted = _fit_regular(self.rows, self.log_gap_sum, self.regularity)
            return fitted, INDIVIDUAL
        if name == OWN_PACE:
            leaving = self._pooled(LEAVING)
            return fit_own_pace(self.rows, leaving.model), leaving.step
        fit = self._pooled(name.removesuffix(COHORT_SUFFIX))
        if not name.endswith(COHORT_SUFFIX):
            return fit.model, fit.step
        family_name = name.removesuffix(COHORT_SUFFIX)
        return _fit_cohorts(self.rows, family_name, fit.model), fit.step

    def _pooled(self, name: str) -> LadderFit:
        if name not in self.pooled:
            self.pooled[name] = fit_with_ladder(self.rows, name=name, prior=self.prior)
        return self.pooled[name]


def mixture_of(field: Field, weights: Mapping[str, float]) -> RepeatBuyingModel:
    """Return the mix of fitted models that `weights` describe.

    Parameters
    ----------
    field : Field
    weights : weight by name, e.g. `Choice.model_weights`
        Models that dropped out leave their weight to the others.

    Raises
    ------
    NotConvergedError
        If none of them could be fitted.
    """
    present = {n: w for n, w in weights.items() if n in field.models and w > 0.0}
    if not present:
        raise NotConvergedError("none of the chosen models could be fitted")
    if len(present) == 1:
        return field.models[next(iter(present))]
    whole = sum(present.values())
    shares = tuple(weight / whole for weight in present.values())
    return Mixture(tuple(field.models[name] for name in present), shares)


def _fit_regular(
    rows: Histories, log_gap_sum: float | None, regularity: int | None
) -> RepeatBuyingModel:
    """Raise the regularity as long as that raises the likelihood."""
    if regularity is not None:
        return fit_mbg_cnbd(rows, regularity=regularity, log_gap_sum=log_gap_sum)
    best = None
    least = fit_with_ladder(rows, name="mbgnbd").model.log_likelihood
    for events in range(2, HIGHEST_REGULARITY + 1):
        fitted = fit_mbg_cnbd(rows, regularity=events, log_gap_sum=log_gap_sum)
        if least is None or fitted.log_likelihood is None:
            break
        if fitted.log_likelihood <= least:
            break
        best, least = fitted, fitted.log_likelihood
    if best is None:
        raise NotConvergedError("the accounts do not buy regularly")
    return best


def cohort_edges(histories: Histories) -> tuple[float, ...]:
    """Return the ages that cut the accounts into about equal cohorts.

    No edges where there are fewer than twice 500 accounts.
    """
    count = min(int(histories.account_count // COHORT_ACCOUNTS), MOST_COHORTS)
    if count <= 1:
        return ()
    order = np.argsort(histories.age_days, kind="stable")
    reached = np.cumsum(histories.weights[order])
    cuts = reached[-1] * np.arange(1, count) / count
    ages = np.unique(histories.age_days[order][np.searchsorted(reached, cuts)])
    return tuple(ages[ages > histories.age_days.min()].tolist())


def cohort_of(histories: Histories, edges: Sequence[float]) -> IndexVector:
    """Return the cohort of each account, 0 for the youngest."""
    return np.searchsorted(np.asarray(edges), histories.age_days, side="right")


def _fit_cohorts(
    rows: Histories, name: str, pooled: RepeatBuyingModel
) -> RepeatBuyingModel:
    edges = cohort_edges(rows)
    if not edges:
        raise NotConvergedError("too few accounts for cohorts")
    prior = LogNormalPrior(
        tuple(pooled.parameters.tolist()), (COHORT_SPREAD,) * pooled.parameters.size
    )
    cohort = cohort_of(rows, edges)
    models = []
    for number in range(len(edges) + 1):
        part = rows.take(np.flatnonzero(cohort == number))
        models.append(FAMILIES[name].fit(part, prior=prior))
    return CohortModel(tuple(models), edges)
