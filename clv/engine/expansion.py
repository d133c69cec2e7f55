"""Expansion potential: what an account may add to what it buys already.

For an account that has product B and could use product O beside or instead of it,

    potential = P(buys O within a year) x yearly gain x P(alive)

The probability is the share of accounts like it that bought O within a year, seen on
the last full year: of the accounts that had B and not O at its beginning, how many had
O at its end. Shares of few accounts are drawn towards that of all accounts with the
pair, and those of few altogether towards the share of all pairs,

    pair = (buyers + w overall) / (owners + w),    cell = (b + w pair) / (n + w),

the mean of a beta posterior with w accounts' worth of prior. The yearly gain is the
mean yearly margin of O per buyer, absurd ones left out and others as far as anybody
learns from them (`clv.engine.outliers`); for an upgrade less that of B, which it
replaces.

Limits: many owners give their own share, none the pair's; a gain that is not positive
is no potential; an account that has left has none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clv.engine.arrays import FloatVector, as_account_vector, as_vector, frozen, sums_by
from clv.engine.errors import BadParameterError
from clv.engine.outliers import drawn_in, far_out

PRIOR_ACCOUNTS = 20.0  # so many accounts count as much as what is known of all


@dataclass(frozen=True, slots=True)
class PurchaseRates:
    """Probabilities within a year, each of shape (cells,)."""

    own: FloatVector
    shrunk: FloatVector


def purchase_rates(
    owners: ArrayLike,
    buyers: ArrayLike,
    pair: NDArray[np.intp],
    *,
    prior_accounts: float = PRIOR_ACCOUNTS,
) -> PurchaseRates:
    """Return the probability of buying in each cell of pair and kind of account.

    Parameters
    ----------
    owners, buyers : array-like, shape (cells,), 0 <= buyers <= owners
    pair : int array, shape (cells,)
        Which pair of products a cell belongs to.
    prior_accounts : float > 0

    Raises
    ------
    BadParameterError
        If there are more buyers than owners, or a count is negative.
    """
    had = as_vector(owners, "owners", error=BadParameterError)
    bought = as_account_vector(buyers, "buyers", had.size, error=BadParameterError)
    if (bought < 0).any() or (bought > had).any():
        raise BadParameterError("buyers must be between 0 and owners")
    if not prior_accounts > 0.0:
        raise BadParameterError("prior_accounts must be positive")
    pairs = int(pair.max(initial=-1)) + 1
    overall = float(bought.sum()) / max(float(had.sum()), 1.0)
    of_pair = (sums_by(pair, bought, pairs) + prior_accounts * overall) / (
        sums_by(pair, had, pairs) + prior_accounts
    )
    shrunk = (bought + prior_accounts * of_pair[pair]) / (had + prior_accounts)
    own = np.where(had > 0, bought / np.maximum(had, 1.0), 0.0)
    return PurchaseRates(frozen(own), frozen(shrunk))


def gain_per_buyer(gain: ArrayLike) -> float:
    """Return what a buyer of one product brings, as others may expect it.

    Parameters
    ----------
    gain : array-like, shape (n,), n > 0
        Money that each buyer brought within the year, in the order of accounts.
    """
    brought = as_vector(gain, "gain", error=BadParameterError)
    usual = brought[~far_out(brought).is_absurd]
    return float(drawn_in(usual).mean())


def potential(
    probability: ArrayLike, yearly_gain: ArrayLike, probability_alive: ArrayLike
) -> FloatVector:
    """Return the money each offer may add within a year, shape (n,), >= 0.

    Raises
    ------
    BadParameterError
        If a probability is not one.
    """
    chance = as_vector(probability, "probability", error=BadParameterError)
    size = chance.size
    gain = as_account_vector(yearly_gain, "yearly_gain", size, error=BadParameterError)
    alive = as_account_vector(
        probability_alive, "probability_alive", size, error=BadParameterError
    )
    for values, name in ((chance, "probability"), (alive, "probability_alive")):
        if ((values < 0.0) | (values > 1.0)).any():
            message = f"{name} must be between 0 and 1"
            raise BadParameterError(message)
    return frozen(chance * np.maximum(gain, 0.0) * alive)
