"""What happened before an end, against comparable accounts on the same day.

An end is a loss or a purchase, on its day t. Each account with an end is set beside up
to `CONTROLS` accounts that were at risk on the day before t, stood in the same stratum
(the worth class), had been with us for about as long, and had no end on t: incidence
density sampling, for which the odds ratio of matched sets is the ratio of rates without
any assumption that ends are rare. An account may be compared in several sets, and may
have its own end later.

An account is exposed to a happening that fell on a day d with t - window <= d < t, and
to the ordered pair "first, then" when an occurrence of the first lies before one of the
second, both in that window. Nothing on t or later is looked at.

Days are whole numbers; kinds of happenings are numbered from 0.

Sources: Prentice & Breslow (1978), Retrospective studies and failure time models,
Biometrika 65; Lubin & Gail (1984), Biased selection of controls for case-control
analyses of cohort studies, Biometrics 40; Greenland & Thomas (1982), On the need for
the rare disease assumption in case-control studies, American Journal of Epidemiology
116.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segments.engine.matched import Comparison, benjamini_hochberg, compare

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

CONTROLS = 4  # more say little more: 5/4 of the variance of endlessly many
MOST_ENDS = 2_000
MOST_CANDIDATES = 20_000  # of a stratum looked at for one end, drawn at random
TENURE_DAYS = 90  # tenure may differ by so many days,
TENURE_SHARE = 0.25  # or by this share of it, whichever is more
LEAST_SEEN = 10  # exposed members; fewer are not tested
NO_SECOND = -1
SPAN = 1 << 22  # more days than there are in the calendar
NEVER = SPAN - 1


@dataclass(frozen=True, slots=True)
class Happenings:
    """What happened: account, kind and day of each, in any order."""

    account: Integers
    kind: Integers
    day: Integers


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Stretches of days in which accounts stood in one stratum, `until` not included.

    The stretches of an account do not overlap; `joined` is the day its tenure counts
    from.
    """

    account: Integers
    stratum: Integers
    since: Integers
    until: Integers
    joined: Integers


@dataclass(frozen=True, slots=True)
class Ends:
    """What is looked at: account and day of each end."""

    account: Integers
    day: Integers


@dataclass(frozen=True, slots=True)
class Sets:
    """Matched sets, row by row; the first row of each set is the one with the end."""

    account: Integers
    day: Integers
    starts: Integers  # the row at which each set begins
    found: int  # ends there were
    unmatched: int  # ends drawn for which nobody was comparable

    @property
    def count(self) -> int:
        return int(self.starts.size)

    @property
    def sizes(self) -> Integers:
        return np.diff(np.append(self.starts, self.account.size))


@dataclass(frozen=True, slots=True)
class Finding:
    """One happening, or one after another, before ends and at comparable accounts.

    `then` is `NO_SECOND` for a single one. `lead` are the quartiles of the days from
    its last occurrence to the end.
    """

    first: int
    then: int
    with_end: int
    without_end: int
    comparison: Comparison
    q_value: float
    lead: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Study:
    """The sets and when each of their members was exposed to what."""

    sets: Sets
    earliest: Integers  # shape (rows, kinds); NEVER where it did not happen
    latest: Integers  # shape (rows, kinds); -1 where it did not happen

    @property
    def is_end(self) -> Booleans:
        flags = np.zeros(self.sets.account.size, dtype=bool)
        flags[self.sets.starts] = True
        return flags

    def exposed(self, first: int, then: int = NO_SECOND) -> Booleans:
        """Return which rows were exposed to a happening or an ordered pair."""
        if then == NO_SECOND:
            return self.latest[:, first] >= 0
        return self.earliest[:, first] < self.latest[:, then]

    def patterns(self) -> Iterator[tuple[int, int]]:
        kinds = self.latest.shape[1]
        for first in range(kinds):
            yield first, NO_SECOND
        for first in range(kinds):
            for then in range(kinds):
                yield first, then


@dataclass(frozen=True, slots=True)
class Report:
    """All patterns that could be tested, the surest first; others are only counted."""

    findings: tuple[Finding, ...]
    too_few: int


def draw_sets(ends: Ends, at_risk: AtRisk, *, rng: np.random.Generator) -> Sets:
    """Set each end beside comparable accounts of the same day.

    At most one end per account counts, drawn at random, and at most `MOST_ENDS`.
    """
    chosen = _one_per_account(ends, rng)[:MOST_ENDS]
    rows_of = _rows_by_stratum(at_risk)
    home = _rows_by_account(at_risk)
    taken = np.unique(ends.account * SPAN + ends.day)
    accounts: list[Integers] = []
    days: list[Integers] = []
    for end in chosen:
        account, day = int(ends.account[end]), int(ends.day[end])
        others = _comparable(
            account, day, at_risk, rows_of=rows_of, home=home, taken=taken, rng=rng
        )
        if others.size:
            accounts.append(np.append(account, others))
            days.append(np.full(others.size + 1, day))
    sizes = np.array([part.size for part in accounts], dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    return Sets(
        account=np.concatenate(accounts) if accounts else none,
        day=np.concatenate(days) if days else none,
        starts=np.cumsum(sizes) - sizes,
        found=int(ends.account.size),
        unmatched=int(chosen.size - sizes.size),
    )


def _one_per_account(ends: Ends, rng: np.random.Generator) -> Integers:
    shuffled = rng.permutation(ends.account.size)
    _, first = np.unique(ends.account[shuffled], return_index=True)
    return shuffled[np.sort(first)]


def _rows_by_stratum(at_risk: AtRisk) -> dict[int, Integers]:
    return {
        int(key): np.flatnonzero(at_risk.stratum == key)
        for key in np.unique(at_risk.stratum)
    }


@dataclass(frozen=True, slots=True)
class _Home:
    """Rows of at-risk stretches in the order of accounts."""

    order: Integers
    account: Integers

    def rows(self, account: int) -> Integers:
        low = np.searchsorted(self.account, account, side="left")
        high = np.searchsorted(self.account, account, side="right")
        return self.order[low:high]


def _rows_by_account(at_risk: AtRisk) -> _Home:
    order = np.argsort(at_risk.account, kind="stable")
    return _Home(order, at_risk.account[order])


def _comparable(
    account: int,
    day: int,
    at_risk: AtRisk,
    *,
    rows_of: dict[int, Integers],
    home: _Home,
    taken: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Return accounts like this one on the day before its end; none where unknown."""
    before = day - 1
    own = home.rows(account)
    own = own[(at_risk.since[own] <= before) & (at_risk.until[own] > before)]
    if not own.size:
        return np.empty(0, dtype=np.int64)
    rows = rows_of[int(at_risk.stratum[own[0]])]
    if rows.size > MOST_CANDIDATES:
        rows = rng.choice(rows, MOST_CANDIDATES, replace=False)
    tenure = before - int(at_risk.joined[own[0]])
    apart = max(float(TENURE_DAYS), TENURE_SHARE * tenure)
    fits = (at_risk.since[rows] <= before) & (at_risk.until[rows] > before)
    fits &= np.abs(before - at_risk.joined[rows] - tenure) <= apart
    others = at_risk.account[rows[fits]]
    others = others[others != account]
    others = others[~np.isin(others * SPAN + day, taken)]
    drawn: Integers = rng.choice(others, min(CONTROLS, others.size), replace=False)
    return drawn


def study(sets: Sets, happenings: Happenings, *, kinds: int, window_days: int) -> Study:
    """Find out when each member of each set was exposed to what, before its day."""
    keys = happenings.account * SPAN + happenings.day
    order = np.argsort(keys, kind="stable")
    keys, kind, day = keys[order], happenings.kind[order], happenings.day[order]
    place = sets.account * SPAN
    low = np.searchsorted(keys, place + np.maximum(sets.day - window_days, 0))
    high = np.searchsorted(keys, place + sets.day)
    counts = high - low
    rows = np.repeat(np.arange(sets.account.size), counts)
    shift = np.repeat(low - (np.cumsum(counts) - counts), counts)
    at = np.arange(rows.size) + shift
    cells = rows * kinds + kind[at]
    shape = (sets.account.size, kinds)
    earliest = np.full(shape[0] * kinds, NEVER, dtype=np.int64)
    latest = np.full(shape[0] * kinds, -1, dtype=np.int64)
    np.minimum.at(earliest, cells, day[at])
    np.maximum.at(latest, cells, day[at])
    return Study(sets, earliest.reshape(shape), latest.reshape(shape))


def find_patterns(found: Study, *, least_seen: int = LEAST_SEEN) -> Report:
    """Test every happening and every ordered pair that was seen often enough.

    What is tested is chosen by how many members were exposed in all, which the test
    holds fixed, so the choice favours no side. One control of false discoveries
    (Benjamini-Hochberg) goes over all of them.
    """
    sets = found.sets
    tested: list[Finding] = []
    too_few = 0
    for first, then in found.patterns():
        flags = found.exposed(first, then)
        seen = int(flags.sum())
        if seen < least_seen:
            too_few += bool(seen)
            continue
        tested.append(_finding(sets, flags, found, first, then))
    q_values = benjamini_hochberg(np.array([f.comparison.p_value for f in tested]))
    judged = [
        _with_q(finding, float(q)) for finding, q in zip(tested, q_values, strict=True)
    ]
    judged.sort(key=lambda f: (f.q_value, -f.comparison.informative, f.first, f.then))
    return Report(tuple(judged), too_few)


def _finding(
    sets: Sets, flags: Booleans, found: Study, first: int, then: int
) -> Finding:
    exposed = np.add.reduceat(flags.astype(np.int64), sets.starts)
    at_end = flags[sets.starts].astype(np.int64)
    last = found.latest[sets.starts, first if then == NO_SECOND else then]
    days = (sets.day[sets.starts] - last)[at_end > 0]
    lead = None
    if days.size:
        low, middle, high = np.percentile(days, [25, 50, 75])
        lead = (float(low), float(middle), float(high))
    return Finding(
        first=first,
        then=then,
        with_end=int(at_end.sum()),
        without_end=int(exposed.sum() - at_end.sum()),
        comparison=compare(sets.sizes, exposed, at_end),
        q_value=1.0,
        lead=lead,
    )


def _with_q(finding: Finding, q_value: float) -> Finding:
    return Finding(
        finding.first,
        finding.then,
        finding.with_end,
        finding.without_end,
        finding.comparison,
        q_value,
        finding.lead,
    )
