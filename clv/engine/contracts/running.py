"""Contracts that run, and what they bring: the checked inputs of their value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clv.engine.arrays import (
    FloatVector,
    IndexVector,
    as_account_vector,
    as_account_vectors,
    as_vector,
    frozen,
)
from clv.engine.errors import BadHistoryError


@dataclass(frozen=True, slots=True)
class Running:
    """Checked contracts of n accounts that run or are late.

    Attributes
    ----------
    renewals : float array, shape (n,)
        Renewals survived.
    due_days : float array, shape (n,)
        Days until the running term ends; below 0 if the renewal is late.
    term_days : float array, shape (n,), > 0
    group : index array, shape (n,)
        Whose model each follows, e.g. the category of the product.
    """

    renewals: FloatVector
    due_days: FloatVector
    term_days: FloatVector
    group: IndexVector

    def __len__(self) -> int:
        return self.renewals.size

    @classmethod
    def check(
        cls,
        renewals: ArrayLike,
        due_days: ArrayLike,
        term_days: ArrayLike,
        group: ArrayLike = 0.0,
    ) -> "Running":
        """Return checked contracts; scalars stand for all.

        Raises
        ------
        BadHistoryError
            For values that are not finite, renewals or groups that are no whole
            numbers >= 0, terms that are not positive, vectors of unequal length.
        """
        survived = as_vector(renewals, "renewals")
        due = as_account_vector(due_days, "due_days", survived.size)
        term = as_account_vector(term_days, "term_days", survived.size)
        code = as_account_vector(group, "group", survived.size)
        for values, name in ((survived, "renewals"), (code, "group")):
            if ((values < 0) | (values != np.floor(values))).any():
                raise BadHistoryError(f"{name} must be whole numbers >= 0")
        if (term <= 0).any():
            raise BadHistoryError("term_days must be positive")
        return cls(survived, due, term, code.astype(np.intp))

    def take(self, index: IndexVector) -> "Running":
        """Return the rows at `index`, still checked."""
        return Running(
            frozen(self.renewals[index]),
            frozen(self.due_days[index]),
            frozen(self.term_days[index]),
            self.group[index],
        )


@dataclass(frozen=True, slots=True)
class Money:
    """What a term and a year of n accounts bring, cost and hold.

    Attributes
    ----------
    margin_per_term, margin_per_year : float arrays, shape (n,)
        Billed ahead for each term, and coming evenly; any sign.
    orders_per_term, orders_per_year : float arrays, shape (n,)
    cost_per_order, cost_per_year : float arrays, shape (n,)
    """

    margin_per_term: FloatVector
    margin_per_year: FloatVector
    orders_per_term: FloatVector
    orders_per_year: FloatVector
    cost_per_order: FloatVector
    cost_per_year: FloatVector

    @classmethod
    def check(
        cls,
        count: int,
        *,
        margin_per_term: ArrayLike = 0.0,
        margin_per_year: ArrayLike = 0.0,
        orders_per_term: ArrayLike = 0.0,
        orders_per_year: ArrayLike = 0.0,
        cost_per_order: ArrayLike = 0.0,
        cost_per_year: ArrayLike = 0.0,
    ) -> "Money":
        """Return checked vectors of length `count`; scalars stand for all.

        Raises
        ------
        BadParameterError
            If a vector has another length or a value that is not finite.
        """
        return cls(
            **as_account_vectors(
                count,
                margin_per_term=margin_per_term,
                margin_per_year=margin_per_year,
                orders_per_term=orders_per_term,
                orders_per_year=orders_per_year,
                cost_per_order=cost_per_order,
                cost_per_year=cost_per_year,
            )
        )

    def take(self, index: IndexVector) -> "Money":
        """Return the rows at `index`."""
        return Money(
            self.margin_per_term[index],
            self.margin_per_year[index],
            self.orders_per_term[index],
            self.orders_per_year[index],
            self.cost_per_order[index],
            self.cost_per_year[index],
        )
