"""The plots of pages on the firm: shares, levers, plans, sequences, missing facts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from campaigns.engine.incrementality import half_width
from campaigns.engine.optimiser import Group, Limits, Option, optimise, together
from campaigns.engine.response import secured
from clv.engine.cohorts import mean_interval
from clv.engine.levers import Base, CostSum, Levers, Newcomer, Sums, pull
from clv.engine.totals import TotalDoubt
from docs.plots.buying import points
from docs.plots.svg import Band, Chart, Line, Points
from segments.engine.doubt import Like, doubt_of
from segments.engine.matched import compare

HELD = 0.8  # what is expected grows by as much if nobody leaves
# Class, accounts and the margin expected of each within a year, by band of worth.
BANDS = (
    ("key", 10, 20_000.0),
    ("key", 30, 6_000.0),
    ("standard", 100, 2_500.0),
    ("standard", 300, 800.0),
    ("small", 300, 400.0),
    ("small", 1_700, 80.0),
)
# Money and minutes of representatives that a plan takes for one account and year.
PLANS = (
    ("nothing", 0, 0),
    ("letters", 10, 0),
    ("calls", 60, 45),
    ("visits", 400, 300),
)


def allocation() -> Chart:
    """Spread few cents, because the odd ones show only there."""
    pool = 17
    drivers = {
        "by orders": (2, 3, 5, 7, 9),
        "by minutes": (0, 15, 40, 95, 180),
        "in equal shares": (1, 1, 1, 1, 1),
    }
    ends = [0.0, 10.0]
    lines = [Line("exact share", list(zip(ends, ends, strict=True)))]
    for label, weights in drivers.items():
        exact = [pool * weight / sum(weights) for weight in weights]
        shares = _largest_remainders(pool, weights)
        dots = [(x, float(y)) for x, y in zip(exact, shares, strict=True)]
        lines.append(Line(label, dots, is_observed=True))
    return Chart(
        "A pool of 17 cents over five accounts, by three drivers",
        "exact share, cents",
        "share, cents",
        "Whole cents less than one from the exact share; each driver's sum to 17.",
        lines,
        [Band("less than a cent off", [(0, -1), (10, 9)], [(0, 1), (10, 11)])],
        y_bounds=(-1.0, 11.0),
    )


def _largest_remainders(pool: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    shares = [pool * weight // whole for weight in weights]
    by_rest = sorted(
        range(len(weights)), key=lambda one: (-(pool * weights[one] % whole), one)
    )
    for one in by_rest[: pool - sum(shares)]:
        shares[one] += 1
    return shares


def levers() -> Chart:
    """Pull one lever at a time; leaving and customers won have no way down."""
    base = _hundred_customers()
    lines = []
    for label, lowest, name in (
        ("prices", -20, "price"),
        ("revenue per order", -20, "basket"),
        ("frequency", -20, "frequency"),
        ("leaving prevented", 0, "retention"),
        ("costs saved", -20, "savings"),
        ("customers won", 0, "won"),
    ):
        places: list[tuple[float, float]] = []
        for percent in range(lowest, 31, 5):
            found = pull(base, _moved(name, percent))
            places.append((float(percent), 100.0 * found.change / found.before))
        lines.append(Line(label, places))
    return Chart(
        "One lever at a time: 100 customers with an equity of 80,000",
        "how far the lever is moved, %",
        "change of customer equity, %",
        "All lines cross at today's equity; prices do most, as nobody buys less.",
        lines,
    )


def _hundred_customers() -> Base:
    """Return margin 50 % of revenue, a third of which goes into serving."""
    margin, revenue, delivery, service = 120_000.0, 240_000.0, 24_000.0, 16_000.0
    sums = Sums(
        margin=margin,
        revenue=revenue,
        margin_held=HELD * margin,
        revenue_held=HELD * revenue,
        costs={
            "delivery": CostSum(delivery, HELD * delivery, with_orders=True),
            "service": CostSum(service, HELD * service, with_orders=False),
        },
    )
    first = Sums(100.0, 200.0, costs={"delivery": CostSum(20.0, 0.0, with_orders=True)})
    later = Sums(
        400.0, 800.0, costs={"service": CostSum(130.0, 0.0, with_orders=False)}
    )
    newcomer = Newcomer(first, later, cost_to_win=150.0)
    return Base(sums.value, sums, newcomer, 0.1, 0.0, TotalDoubt(0.0, 0.0))


def _moved(name: str, percent: int) -> Levers:
    """Move one lever; of customers won, a hundred are as many as there are."""
    share = percent / 100.0
    if name == "savings":
        return Levers(savings={"delivery": share, "service": share})
    moved: dict[str, Any] = {name: float(percent) if name == "won" else share}
    return replace(Levers(), **moved)


def plan_optimiser() -> Chart:
    """Search anew at each amount; a search for classes joins the bands of each."""
    bands = [
        Group(f"{name} {number}", _options(accounts, margin))
        for number, (name, accounts, margin) in enumerate(BANDS)
    ]
    classes = together(bands, {band.key: band.key.split()[0] for band in bands})
    lines = []
    for label, groups, hours in (
        ("a plan by band", bands, 5_000),
        ("one for each class", classes, 5_000),
        ("by band, 200 hours", bands, 200),
    ):
        places = []
        for money in range(0, 60_001, 2_000):
            found = optimise(groups, Limits(money * 100, hours * 60))
            places.append((money / 1000.0, found.totals.gain / 100_000.0))
        lines.append(Line(label, places))
    return Chart(
        "The best plans of a firm with 2,440 customers, by money",
        "money a year, thousand",
        "gain net of the cost, thousand",
        "The first money gains most; in the end another limit holds, or nothing pays.",
        lines,
    )


def _options(accounts: int, margin: float) -> list[Option]:
    options = []
    for name, cost, minutes in PLANS:
        gain = float(secured(spend=cost, margin_year=margin, effect=0.12, scale=0.05))
        cents = round(accounts * (gain - cost) * 100.0)
        options.append(Option(name, accounts * cost * 100, accounts * minutes, cents))
    return options


def sequences() -> Chart:
    """Draw sets of five, of whom 20 % of those without an end are exposed."""
    ratio, share, most = 3.0, 0.2, 400
    rng = np.random.default_rng(1)
    odds = ratio * share / (1.0 - share)
    case = (rng.random(most) < odds / (1.0 + odds)).astype(np.int64)
    exposed = case + (rng.random((most, 4)) < share).sum(axis=1)
    found, low, high = [], [], []
    for sets in range(20, most + 1, 10):
        seen = compare(np.full(sets, 5), exposed[:sets], case[:sets])
        found.append((float(sets), seen.ratio))
        low.append((float(sets), seen.low))
        high.append((float(sets), seen.high))
    planted: Points = [(sets, ratio) for sets, _ in found]
    return Chart(
        "A ratio of 3 was planted: what is found, by number of sets",
        "matched sets",
        "ratio of rates",
        "Few sets leave the ratio wide open; the interval narrows as they grow.",
        [Line("estimated", found), Line("planted", planted)],
        [Band("95 % interval", low, high)],
    )


def data_quality() -> Chart:
    """Count lines without a unit cost at 30 % margin, of 100 thousand revenue."""
    bands = []
    for lowest, highest in ((10, 50), (25, 35), (40, 60)):
        like = Like(40, lowest / 100.0, highest / 100.0)
        low, high = [], []
        for percent in (0.0, 25.0, 50.0, 75.0, 100.0):
            doubt = doubt_of(amount=percent, counted=0.3, like=like, is_cost=False)
            low.append((percent, doubt.low))
            high.append((percent, doubt.high))
        bands.append(Band(f"like: {lowest} to {highest} %", low, high))
    return Chart(
        "Doubt about CLV where margin is assumed at 30 % of 100 thousand",
        "revenue whose unit cost is unknown, %",
        "doubt about CLV, thousand",
        "Doubt grows with what is unknown, and as like products lie off the 30 %.",
        bands=bands,
    )


def targeting() -> Chart:
    """Draw how far below the mean of all a cohort must lie to be marked."""
    customers = np.arange(8.0, 61.0)
    lines = []
    for spread in (0.5, 1.0, 2.0):
        spans = [mean_interval(0.0, spread, int(n)) for n in customers]
        reach = np.array([span[1] if span else 0.0 for span in spans])
        label = f"differ by {spread:g} of the mean"
        lines.append(Line(label, points(customers, 100.0 * reach)))
    return Chart(
        "How far below the mean of all a cohort lies before it is marked, in per cent",
        "customers of the cohort",
        "below the mean, per cent",
        "Of few or unequal customers nothing is said; under eight it never is.",
        lines,
    )


def campaigns() -> Chart:
    """Draw to within what an effect can be told, by the share that is spared."""
    shares = np.arange(2.0, 51.0)
    lines = []
    for accounts in (200, 500, 2_000):
        reach = [
            half_width(accounts=accounts, share=percent / 100.0, spread=1.0)
            for percent in shares.tolist()
        ]
        label = f"{accounts:,} accounts".replace(",", " ")
        lines.append(Line(label, points(shares, 100.0 * np.asarray(reach))))
    return Chart(
        "To within what an effect can be told, in per cent of the spread of margins",
        "spared, per cent of the audience",
        "to within, per cent of the spread",
        "More spared tell more, up to a half; four times the accounts twice as much.",
        lines,
    )
