"""The shifted-beta-geometric model of contracts that are renewed or ended.

Story: at each renewal a contract is ended with its own probability theta ~ Beta(alpha,
beta), the same at all its renewals. Retention rises with age only because the contracts
likely to end have ended.

Symbols of the paper and our names: t = renewals (opportunities to end the contract that
it has survived); times count renewal periods, not days.

    P(survives t renewals)      S(t) = B(alpha, beta+t) / B(alpha, beta)
    P(ends at renewal t+1)             B(alpha+1, beta+t) / B(alpha, beta)
    retention at renewal t+1           (beta+t) / (alpha+beta+t)

Contracts still running enter the likelihood with S(t): right-censored, at whatever age
each has.

Source: Fader & Hardie (2007), How to project customer retention, Journal of Interactive
Marketing 21(1); Fader & Hardie (2010), Customer-base valuation in a contractual
setting: the perils of ignoring heterogeneity, Marketing Science 29(1).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma

from clv.engine.arrays import (
    FloatMatrix,
    FloatVector,
    ReadOnlyRows,
    as_account_vector,
    as_vector,
    distinct_rows,
    frozen,
    inner,
    refuse,
    sums_by,
)
from clv.engine.discounting import checked_number
from clv.engine.errors import BadHistoryError, BadParameterError
from clv.engine.models.bgbb import checked_steps, whole_future
from clv.engine.models.parametric import ParametricModel
from clv.engine.optimum import Problem, maximise
from clv.engine.priors import LogNormalPrior

SBG_PRIOR = LogNormalPrior(medians=(0.7, 2.5), log_spreads=(1.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Contracts(ReadOnlyRows):
    """Checked contracts, one row each or weighted.

    Attributes
    ----------
    renewals : float array, shape (n,)
        Renewals survived.
    has_ended : float array, shape (n,), 0 or 1
        1 if the contract was ended at the renewal after these.
    weights : float array, shape (n,)
    """

    renewals: FloatVector
    has_ended: FloatVector
    weights: FloatVector

    def __len__(self) -> int:
        return self.renewals.size

    @classmethod
    def check(
        cls,
        renewals: ArrayLike,
        has_ended: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Return checked contracts.

        Raises
        ------
        BadHistoryError
            For renewals that are no whole numbers >= 0, an end that is neither 0 nor
            1, weights that are not positive, vectors of unequal length; the message
            names the row.
        """
        survived = as_vector(renewals, "renewals")
        ended = as_account_vector(has_ended, "has_ended", survived.size)
        given = np.ones(survived.size) if weights is None else weights
        weight = as_account_vector(given, "weights", survived.size)
        odd = (survived < 0) | (survived != np.floor(survived))
        refuse(odd, "renewals must be whole numbers >= 0")
        refuse(~np.isin(ended, (0.0, 1.0)), "has_ended must be 0 or 1")
        refuse(weight <= 0, "weights must be positive")
        return cls(survived, ended, weight)

    def distinct(self) -> "Contracts":
        """Return each distinct contract once, with weights."""
        first, inverse = distinct_rows(self.renewals, self.has_ended)
        weights = sums_by(inverse, self.weights, first.size)
        return Contracts(
            frozen(self.renewals[first]), frozen(self.has_ended[first]), frozen(weights)
        )

    @classmethod
    def from_survivors(cls, survivors: ArrayLike) -> Self:
        """Return a cohort's contracts by its survivors after 0, 1, 2 .. renewals.

        Raises
        ------
        BadHistoryError
            If there are none, or they are ever negative or grow.
        """
        left = as_vector(survivors, "survivors")
        if not left.size or (left < 0).any():
            raise BadHistoryError("survivors must be counts >= 0, at least one")
        lost = -np.diff(left)
        if (lost < 0).any():
            raise BadHistoryError("survivors must not grow")
        renewals = np.append(np.arange(lost.size), lost.size)
        ended = np.append(np.ones(lost.size), 0.0)
        weights = np.append(lost, left[-1])
        some = weights > 0
        return cls.check(renewals[some], ended[some], weights[some])


@dataclass(frozen=True, slots=True)
class Sbg(ParametricModel):
    """A fitted shifted-beta-geometric model.

    Attributes
    ----------
    alpha, beta : float > 0
        Beta over the chance of ending at a renewal.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    alpha: float
    beta: float

    def probability_renewed(self, renewals: ArrayLike) -> FloatVector:
        """Return the chance that a contract with so many renewals is renewed next."""
        survived = _renewals(renewals)
        return (self.beta + survived) / (self.alpha + self.beta + survived)

    def survival(self, ahead: ArrayLike, *, renewals: float = 0.0) -> FloatVector:
        """Return the chance to survive `ahead` more renewals after `renewals`.

        Raises
        ------
        BadParameterError
            If an argument is negative or not finite.
        """
        steps = as_vector(ahead, "ahead", error=BadParameterError)
        renewals = checked_number(renewals, "renewals")
        if (steps < 0).any():
            raise BadParameterError("ahead must not be negative")
        start = betaln(self.alpha, self.beta + renewals)
        log_share = betaln(self.alpha, self.beta + renewals + steps) - start
        return np.asarray(np.exp(log_share), dtype=np.float64)

    def expected_renewals(self, renewals: ArrayLike, *, periods: int) -> FloatVector:
        """Return expected renewals at the next `periods` opportunities, shape (n,).

        Raises
        ------
        BadParameterError
            If an argument is out of its domain.
        """
        steps = checked_steps(periods, "periods")
        return self._sum(_renewals(renewals), steps, 0.0)

    def discounted_renewals(
        self,
        renewals: ArrayLike,
        *,
        rate_per_period: float,
        periods: int | None = None,
    ) -> FloatVector:
        """Return expected renewals, discounted from the next one, which is due now.

        Parameters
        ----------
        renewals : array-like, shape (n,)
            Renewals survived by contracts that are still running.
        rate_per_period : float >= 0
        periods : int >= 0 or None
            None counts the whole future and needs a positive rate. This is the paper's
            discounted expected residual lifetime after ``n = renewals + 1`` periods.

        Raises
        ------
        BadParameterError
            If an argument is out of its domain.
        """
        force = math.log1p(checked_number(rate_per_period, "rate_per_period"))
        survived = _renewals(renewals)
        if periods is None:
            return whole_future(self.alpha, self.beta + survived, force)
        return self._sum(survived, checked_steps(periods, "periods"), force)

    def _sum(self, survived: FloatVector, periods: int, force: float) -> FloatVector:
        alive = np.ones(survived.size)
        total = np.zeros(survived.size)
        for step in range(periods):
            renewed = self.beta + survived + step
            alive = alive * renewed / (self.alpha + renewed)
            total += alive * np.exp(-force * step)
        return total


def fit_sbg(contracts: Contracts, *, prior: LogNormalPrior | None = None) -> Sbg:
    """Fit the model by maximum likelihood, or a posteriori with a prior.

    Parameters
    ----------
    contracts : Contracts, n >= 1 rows
    prior : LogNormalPrior over (alpha, beta), optional
        `SBG_PRIOR` suits few contracts.

    Raises
    ------
    BadHistoryError
        If there is no contract to learn from.
    NotConvergedError
        If the data do not identify the model, e.g. when no contract has ended.
    """
    if not len(contracts):
        raise BadHistoryError("there is no contract to learn from")
    rows = contracts.distinct()
    problem = Problem(
        objective=lambda point: _log_likelihood(rows, point),
        names=Sbg.PARAMETERS,
        account_count=float(rows.weights.sum()),
        prior=prior,
    )
    starts = np.log(np.array([(0.7, 2.5), (3.0, 15.0), (0.2, 0.5)]))
    return Sbg.at(maximise(problem, starts), problem.account_count)


def _log_likelihood(
    contracts: Contracts, log_parameters: FloatVector
) -> tuple[float, FloatVector]:
    """Return ln L over all contracts and its gradient by the log parameters."""
    value, slopes = sbg_row_log_likelihood(contracts, np.exp(log_parameters)[:, None])
    return inner(contracts.weights, value), slopes @ contracts.weights


def sbg_row_log_likelihood(
    contracts: Contracts, parameters: FloatMatrix
) -> tuple[FloatVector, FloatMatrix]:
    """Return ln L of each contract and its slopes by its own log parameters.

    Parameters
    ----------
    contracts : Contracts, n rows
    parameters : float array, shape (2, n), or (2, 1) for the same of all

    Returns
    -------
    float arrays, shape (n,) and (2, n)
    """
    alpha, beta = parameters
    t, ended = contracts.renewals, contracts.has_ended
    value = betaln(alpha + ended, beta + t) - betaln(alpha, beta)
    both = digamma(alpha + beta) - digamma(alpha + beta + ended + t)
    slopes = np.array(
        [
            digamma(alpha + ended) - digamma(alpha) + both,
            digamma(beta + t) - digamma(beta) + both,
        ]
    )
    return np.asarray(value, dtype=np.float64), slopes * parameters


def _renewals(renewals: ArrayLike) -> FloatVector:
    survived = as_vector(renewals, "renewals", error=BadParameterError)
    if (survived < 0).any():
        raise BadParameterError("renewals must not be negative")
    return survived
