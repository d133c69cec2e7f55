"""Which plan each group of accounts gets, for the greatest expected net gain.

Every group gets exactly one of its options. The options' costs stay within a year's
money, their minutes within a year's time of representatives. That is the knapsack
problem of multiple choice with two limits; HiGHS (through SciPy) solves it by branch
and bound. Money is whole cents and time whole minutes all through, so that what is
returned is checked exactly, not by a solver's tolerance.

Symbols: x = 1 where an option is chosen; the prices are the dual values of the two
limits with 0 <= x <= 1 instead of whole x.

Source: Kellerer, Pferschy, Pisinger, Knapsack Problems, 2004, chapter 11 (multiple
choice); Huangfu, Hall, Parallelizing the dual revised simplex method, 2018 (HiGHS).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

SECONDS = 5.0
ATTEMPTS = 20  # solutions that only a solver's tolerance lets through are struck out
LARGEST = 1e6  # what coefficients are scaled to; beyond it tolerances lose meaning
LIMITS = ("money", "time")

FloatVector = NDArray[np.float64]


class Status(StrEnum):
    """How far a search came; only the first says that nothing is better."""

    BEST = "best"
    STOPPED = "stopped"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Option:
    """What a group may get for a year, as sums over its accounts.

    Attributes
    ----------
    cost : int >= 0
        Cents, minutes of people included.
    minutes : int >= 0
        Minutes of representatives.
    gain : int
        Cents expected, net of the cost; below 0 where it does not pay.
    """

    key: str
    cost: int
    minutes: int
    gain: int


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts that get the same; `today` names the option that they have now."""

    key: str
    options: Sequence[Option]
    today: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Money in cents and representatives' minutes, both for a year."""

    cents: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the groups of a choice."""

    cost: int
    minutes: int
    gain: int

    def keeps(self, limits: Limits) -> bool:
        return self.cost <= limits.cents and self.minutes <= limits.minutes


@dataclass(frozen=True, slots=True)
class Prices:
    """Cents of gain that one more cent and one more minute are worth.

    Dual values of the relaxed problem: between whole plans they are the slope, not
    what exactly one more euro would buy.
    """

    cent: float
    minute: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What the search found.

    Attributes
    ----------
    chosen : mapping of group key to option
        Empty where nothing keeps the limits.
    bound : float
        Cents; no choice that keeps the limits gains more.
    """

    status: Status
    chosen: Mapping[str, Option]
    totals: Totals
    prices: Prices
    bound: float

    @property
    def binding(self) -> tuple[str, ...]:
        """Name the limits that keep the gain from growing."""
        worth = (self.prices.cent, self.prices.minute)
        return tuple(
            name for name, price in zip(LIMITS, worth, strict=True) if price > 0
        )


def totals_of(options: Sequence[Option]) -> Totals:
    """Return cost, minutes and gain of options together."""
    return Totals(
        sum(one.cost for one in options),
        sum(one.minutes for one in options),
        sum(one.gain for one in options),
    )


def today_of(groups: Sequence[Group]) -> dict[str, Option]:
    """Return the options that the groups have now, where theirs is among them."""
    return {
        group.key: option
        for group in groups
        for option in group.options
        if option.key == group.today
    }


def optimise(
    groups: Sequence[Group],
    limits: Limits,
    *,
    seconds: float = SECONDS,
    gap: float = 0.0,
) -> Choice:
    """Choose one option for each group, for the greatest gain within the limits.

    What the groups have today is kept wherever nothing is better, so the result is
    never worse than today's plan if that keeps the limits.

    Parameters
    ----------
    groups : sequence of Group
        Keys are unique. A group without options makes it infeasible.
    limits : Limits, both >= 0
    seconds : float > 0
        After which the search ends with the best that it has found.
    gap : float >= 0
        Share of the gain by which the result may fall short of the best.

    Raises
    ------
    ValueError
        If a limit, a cost or minutes are below 0, or a key comes twice.
    """
    _check(groups, limits)
    problem = _Problem(groups, limits, must_fit=True)
    if problem.is_impossible:
        return _infeasible()
    prices, bound = _Problem(groups, limits, must_fit=False).relaxed()
    found, is_proven = problem.solve(seconds, gap)
    today = today_of(groups)
    candidates = [one for one in (found, today) if len(one) == len(groups)]
    kept = [one for one in candidates if _totals(one).keeps(limits)]
    if not kept:
        return _infeasible() if is_proven else _stopped(prices, bound)
    best = max(kept, key=lambda one: _totals(one).gain)
    status = Status.BEST if is_proven else Status.STOPPED
    return Choice(status, best, _totals(best), prices, bound)


def together(groups: Sequence[Group], into: Mapping[str, str]) -> list[Group]:
    """Join groups that shall get the same, such as all bands of one plan.

    `into` names for each group the key of the joint one. Only options that all of its
    groups have are left; what they have today is kept where it is the same.
    """
    parts: dict[str, list[Group]] = {}
    for group in groups:
        parts.setdefault(into[group.key], []).append(group)
    return [_joined(key, members) for key, members in parts.items()]


def _joined(key: str, members: Sequence[Group]) -> Group:
    options: dict[str, list[Option]] = {}
    for member in members:
        for option in member.options:
            options.setdefault(option.key, []).append(option)
    shared = [
        Option(name, *_sums(parts))
        for name, parts in options.items()
        if len(parts) == len(members)
    ]
    today = {member.today for member in members}
    return Group(key, shared, today.pop() if len(today) == 1 else None)


def _sums(parts: Sequence[Option]) -> tuple[int, int, int]:
    whole = totals_of(parts)
    return whole.cost, whole.minutes, whole.gain


class _Problem:
    """The options worth a look, and the arrays that HiGHS wants."""

    def __init__(
        self, groups: Sequence[Group], limits: Limits, *, must_fit: bool
    ) -> None:
        self.limits = limits
        self.options: list[tuple[str, Option]] = []
        rows: list[int] = []
        for number, group in enumerate(groups):
            options = [
                one
                for one in group.options
                if not must_fit
                or (one.cost <= limits.cents and one.minutes <= limits.minutes)
            ]
            left = _undominated(options, group.today)
            self.options += [(group.key, option) for option in left]
            rows += [number] * len(left)
        self.row = np.array(rows, dtype=np.int64)
        self.groups = len(groups)
        gain = self._of("gain")
        self.unit = _unit_of(gain)
        self.gain = gain / self.unit

    @property
    def is_impossible(self) -> bool:
        """Tell whether some group has no option at all."""
        return len(set(self.row.tolist())) < self.groups

    def relaxed(self) -> tuple[Prices, float]:
        """Return what limits are worth, and the gain with parts of options."""
        if not self.options:
            return Prices(0.0, 0.0), 0.0
        uses, most = self._uses()
        found = linprog(
            -self.gain,
            A_ub=uses.toarray(),
            b_ub=most,
            A_eq=self._one_each().toarray(),
            b_eq=np.ones(self.groups),
            bounds=(0, 1),
            method="highs",
        )
        if found.fun is None:
            return Prices(0.0, 0.0), -np.inf
        scaled = -np.asarray(found.ineqlin.marginals) * self.unit
        cent, minute = (
            max(float(price / scale), 0.0) if scale else 0.0
            for price, scale in zip(scaled, self._scales(), strict=True)
        )
        return Prices(_clean(cent), _clean(minute)), -float(found.fun) * self.unit

    def solve(self, seconds: float, gap: float) -> tuple[dict[str, Option], bool]:
        """Return the best choice that keeps the limits exactly, and if it is proven."""
        if not self.options:
            return {}, True
        uses, most = self._uses()
        rules = [LinearConstraint(self._one_each(), 1, 1)]
        rules.append(LinearConstraint(uses, -np.inf, most))
        for _ in range(ATTEMPTS):
            found = milp(
                -self.gain,
                integrality=np.ones(len(self.options), dtype=np.int64),
                bounds=Bounds(0, 1),
                constraints=rules,
                options={"time_limit": seconds, "mip_rel_gap": gap},
            )
            if found.x is None:
                return {}, found.status != 1
            taken = np.asarray(found.x) > 0.5  # noqa: PLR2004 - whole but for rounding
            chosen = {
                key: option
                for (key, option), is_taken in zip(self.options, taken, strict=True)
                if is_taken
            }
            if _totals(chosen).keeps(self.limits):
                return chosen, found.status == 0
            struck = csr_array(taken.astype(float)[None, :])
            rules.append(LinearConstraint(struck, -np.inf, self.groups - 1))
        return {}, False

    def _of(self, name: str) -> FloatVector:
        values = [getattr(option, name) for _, option in self.options]
        return np.array(values, dtype=np.float64)

    def _one_each(self) -> csr_array:
        count = len(self.options)
        cells = (np.ones(count), (self.row, np.arange(count)))
        return csr_array(cells, shape=(self.groups, count))

    def _scales(self) -> list[float]:
        """Return the cents and minutes that one unit of the arrays stands for.

        0 drops a limit that nothing can reach.
        """
        limits = (self.limits.cents, self.limits.minutes)
        return [
            self._scale(name, limit)
            for name, limit in zip(("cost", "minutes"), limits, strict=True)
        ]

    def _scale(self, name: str, limit: int) -> float:
        largest: dict[str, int] = {}
        for key, option in self.options:
            largest[key] = max(largest.get(key, 0), getattr(option, name))
        return _unit_of(self._of(name)) if sum(largest.values()) > limit else 0.0

    def _uses(self) -> tuple[csr_array, FloatVector]:
        rows, most = [], []
        limits = (self.limits.cents, self.limits.minutes)
        for name, limit, scale in zip(
            ("cost", "minutes"), limits, self._scales(), strict=True
        ):
            rows.append(self._of(name) / scale if scale else self._of(name) * 0.0)
            most.append(limit / scale if scale else 0.0)
        return csr_array(np.vstack(rows)), np.array(most)


def _unit_of(values: FloatVector) -> float:
    """Return what values are divided by, so that none is larger than is good."""
    return max(float(np.abs(values).max(initial=0.0)) / LARGEST, 1.0)


def _undominated(options: Sequence[Option], today: str | None) -> list[Option]:
    """Drop what another option beats in cost, minutes and gain.

    Of equal ones that of today stays, else the first.
    """
    order = sorted(
        options, key=lambda one: (-one.gain, one.cost, one.minutes, one.key != today)
    )
    left: list[Option] = []
    for one in order:
        if not any(
            other.cost <= one.cost and other.minutes <= one.minutes for other in left
        ):
            left.append(one)
    return left


def _check(groups: Sequence[Group], limits: Limits) -> None:
    if limits.cents < 0 or limits.minutes < 0:
        raise ValueError("limits must not be negative")
    if len({group.key for group in groups}) < len(groups):
        raise ValueError("keys of groups must be unique")
    for group in groups:
        if len({option.key for option in group.options}) < len(group.options):
            raise ValueError(f"{group.key}: keys of options must be unique")
        if any(one.cost < 0 or one.minutes < 0 for one in group.options):
            raise ValueError(f"{group.key}: costs and minutes must not be negative")


def _totals(chosen: Mapping[str, Option]) -> Totals:
    return totals_of(list(chosen.values()))


def _clean(price: float) -> float:
    """Return 0 for what is nothing but rounding."""
    return price if price > 1e-9 else 0.0  # noqa: PLR2004


def _infeasible() -> Choice:
    nothing = Totals(0, 0, 0)
    return Choice(Status.INFEASIBLE, {}, nothing, Prices(0.0, 0.0), 0.0)


def _stopped(prices: Prices, bound: float) -> Choice:
    return Choice(Status.STOPPED, {}, Totals(0, 0, 0), prices, bound)
