"""Which group each account stands in, as vectors.

Classes, sizes, types: whatever splits the accounts of a firm. The engine knows them by
number only; who asks says what the numbers mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clv.engine.arrays import IndexVector
from clv.engine.errors import BadHistoryError

NO_GROUP = -1


@dataclass(frozen=True, slots=True)
class Groups:
    """The group of each of n accounts; made by `Groups.check` only.

    Attributes
    ----------
    keys, names : tuple of str
        What the numbers stand for, in the order in which to show them: as stored, and
        as people read it.
    accounts : int array, shape (n,)
        Account codes, ascending, each once.
    number : index array, shape (n,)
        Place of the account's group in `keys`.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    accounts: NDArray[np.int64]
    number: IndexVector

    def __len__(self) -> int:
        return self.accounts.size

    @classmethod
    def check(
        cls, names: Mapping[str, str], account: ArrayLike, number: ArrayLike
    ) -> "Groups":
        """Return checked groups, in the order of the accounts.

        Parameters
        ----------
        names : mapping of key to name, in order
        account, number : array-like of int, shape (n,), in any order

        Raises
        ------
        BadHistoryError
            If an account comes twice, lengths differ, or a number has no name.
        """
        codes = np.asarray(account, dtype=np.int64)
        numbers = np.asarray(number, dtype=np.intp)
        if codes.shape != numbers.shape or codes.ndim != 1:
            raise BadHistoryError("account and number differ in length")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(names):
            raise BadHistoryError("a number stands for no group")
        order = np.argsort(codes, kind="stable")
        codes, numbers = codes[order], numbers[order]
        if (np.diff(codes) == 0).any():
            raise BadHistoryError("an account stands in two groups")
        for array in (codes, numbers):
            array.flags.writeable = False
        return cls(tuple(names), tuple(names.values()), codes, numbers)

    def of(self, accounts: ArrayLike) -> IndexVector:
        """Return the group of each of `accounts`; -1 for those that stand in none."""
        asked = np.asarray(accounts, dtype=np.int64)
        if not len(self):
            return np.full(asked.shape, NO_GROUP, dtype=np.intp)
        place = np.minimum(np.searchsorted(self.accounts, asked), len(self) - 1)
        return np.where(self.accounts[place] == asked, self.number[place], NO_GROUP)
