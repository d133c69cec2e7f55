"""Groups of accounts for the optimiser: their number, worth, and what plans bring.

One statement counts the accounts of the current run by class, plan and a fine grid of
the margin expected within a year. Within a cell of the grid accounts differ by a few
per cent, so the response of the cell's mean stands for all of them; bands of worth are
sums of cells. Nothing is asked account by account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Sum

from campaigns import policy
from campaigns.choices import OwnerRole
from campaigns.engine.optimiser import Group, Option
from campaigns.engine.response import secured
from campaigns.models import PlanningRule, RepCapacity, RetentionPlan
from campaigns.queries.variants import Variant, Variants, plan_variants
from campaigns.queries.wallet import Responses
from clv.models import ValuationRun
from common.kept import kept_rows, marks_of
from crm.choices import Stage
from crm.models import User
from segments.choices import WorthClass
from segments.models import StoredFigures

WEEKS = 52
CELLS_A_BAND = 12
BY_HAND = "hand"

CELLS_KEPT = "optimiser"
READ = ("segments_membership", "campaigns_planassignment")
# OFFSET 0 keeps the planner from taking cells for as many as margins, and so from
# sorting all accounts instead of hashing them.
CELLS = """
    SELECT m.worth_class, coalesce(a.plan_id, 0), coalesce(a.is_by_hand, false),
        cell, count(*), sum(margin)
    FROM (
        SELECT account_id, expected_margin_year::float8 AS margin,
            width_bucket(expected_margin_year::float8, %(edges)s::float8[]) AS cell
        FROM clv_valuation WHERE run_id = %(run)s OFFSET 0
    ) v
    JOIN segments_membership m ON m.account_id = v.account_id AND m.until IS NULL
    JOIN crm_account who ON who.id = v.account_id AND who.stage <> %(former)s
    LEFT JOIN campaigns_planassignment a
        ON a.account_id = v.account_id AND a.until IS NULL
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Band:
    """Accounts whose margin expected within a year lies from `low` to below `high`.

    None is no end: below the first band nothing is expected, above the last no limit.
    """

    number: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Unit:
    """Accounts of a class that follow one plan; `is_fixed` where put there by hand."""

    key: str
    worth_class: WorthClass
    plan: RetentionPlan | None
    is_fixed: bool
    today: Variant
    choices: Sequence[Variant]
    accounts: Mapping[int, int]

    @property
    def label(self) -> str:
        name = self.plan.name if self.plan else "No plan"
        return f"{name} (by hand)" if self.is_fixed else name


@dataclass(frozen=True, slots=True)
class Board:
    """All that a search needs but its limits. Group keys are unit key:band number."""

    run: ValuationRun
    units: Sequence[Unit]
    groups: Sequence[Group]
    unpriced: Sequence[str]
    hours_of_reps: float

    @property
    def accounts(self) -> int:
        return sum(sum(unit.accounts.values()) for unit in self.units)

    def unit(self, group_key: str) -> Unit:
        key = group_key.rpartition(":")[0] or group_key
        return next(unit for unit in self.units if unit.key == key)


def bands() -> list[Band]:
    """Return the bands of worth, lowest first."""
    ends = [None, *policy.WORTH_BANDS, None]
    return [Band(n, ends[n], ends[n + 1]) for n in range(len(ends) - 1)]


def optimiser_board(ready_plans: Mapping[str, Any]) -> Board | None:
    """Return the groups of the current run; None before the first one."""
    run = ValuationRun.objects.select_related("assumptions").current()
    if run is None:
        return None
    variants, plans = plan_variants(ready_plans), _plans()
    responses = Responses(run.assumptions)
    units: list[Unit] = []
    groups: list[Group] = []
    for key, cells in _by_unit(run, plans).items():
        unit = _unit(key, cells, variants, plans)
        units.append(unit)
        groups += _groups(unit, cells, responses)
    return Board(run, units, groups, variants.unpriced, rep_hours_a_week())


def rep_hours_a_week() -> float:
    """Return the hours that all active representatives have for touches in a week."""
    reps = User.objects.filter(is_active=True, groups__name=OwnerRole.REP.value)
    own = RepCapacity.objects.filter(user__in=reps)
    stated = own.aggregate(hours=Sum("hours_a_week"))["hours"] or 0
    usual = PlanningRule.objects.current().hours_a_week
    return float(stated + usual * (reps.distinct().count() - own.count()))


def cell_rows(run: ValuationRun) -> list[Any]:
    """Return what the night keeps: what it was counted by, and the cells."""
    return [_newest(), *_counted(run)]


# -- Cells -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cells:
    """One unit's cells as arrays: the band of each, its accounts and mean margin."""

    band: np.ndarray
    accounts: np.ndarray
    margin: np.ndarray


_UnitKey = tuple[str, int, bool]


def _edges() -> tuple[list[float], list[int]]:
    """Return the cells' edges, each band cut evenly by ratio, and each cell's band."""
    edges: list[float] = []
    band_of = [0]
    known = [float(one) for one in policy.WORTH_BANDS]
    for number, low in enumerate(known, start=1):
        last = number == len(known)
        high = known[number] if not last else low * policy.WORTH_BAND_OPEN_END
        start = low if low > 0 else high / policy.WORTH_BAND_OPEN_END
        inner = np.geomspace(start, high, CELLS_A_BAND + 1)[1:-1].tolist()
        cells = [low, *([start] if start > low else []), *inner]
        edges += cells
        band_of += [number] * len(cells)
    return edges, band_of


def _kept(run: ValuationRun) -> list[Any] | None:
    """Return the night's cells, None once a class or a plan has changed since."""
    found = StoredFigures.objects.filter(run=run, block=CELLS_KEPT).first()
    if found is None or found.rows[0] != _newest():
        return None
    return list(found.rows[1:])


def _newest() -> list[Any]:
    """Return the marks of classes and of who follows which plan, and the bands.

    Who leaves for good follows no plan from then on, so that the marks tell that too.
    """
    return [*marks_of(*READ), *policy.WORTH_BANDS]


def _counted(run: ValuationRun) -> list[Any]:
    edges, _ = _edges()
    asked = {"run": run.pk, "edges": edges, "former": Stage.FORMER.value}
    return kept_rows(CELLS, asked)


def _by_unit(
    run: ValuationRun, plans: Mapping[int, RetentionPlan]
) -> dict[_UnitKey, _Cells]:
    _, band_of = _edges()
    rows = _kept(run)
    if rows is None:
        rows = _counted(run)
    usual = _plan_of_class(plans)
    lasting = {pk for pk, plan in plans.items() if plan.worth_class}
    found: dict[_UnitKey, list[tuple[int, int, float]]] = {}
    for worth_class, plan_id, by_hand, cell, accounts, margin in rows:
        stays = by_hand or plan_id in lasting  # not none yet, nor a welcome that ends
        key = (worth_class, plan_id if stays else usual.get(worth_class, 0), by_hand)
        row = (band_of[cell], accounts, margin / accounts)
        found.setdefault(key, []).append(row)
    order = [one.value for one in WorthClass]
    return {
        key: _Cells(*(np.array(part) for part in zip(*cells, strict=True)))
        for key, cells in sorted(
            found.items(), key=lambda item: (order.index(item[0][0]), item[0][1:])
        )
    }


def _plans() -> dict[int, RetentionPlan]:
    return RetentionPlan.objects.select_related("territory", "tag").in_bulk()


def _plan_of_class(plans: Mapping[int, RetentionPlan]) -> dict[str, int]:
    """Return the plan of everybody in a class: of newcomers when they are welcomed."""
    return {
        plan.worth_class: pk
        for pk, plan in plans.items()
        if plan.is_automatic and not plan.is_refined
    }


def _unit(
    key: _UnitKey, cells: _Cells, variants: Variants, plans: Mapping[int, RetentionPlan]
) -> Unit:
    worth_class, plan_id, by_hand = key
    today = variants.today(plan_id)
    choices = [today] if by_hand else variants.of(worth_class, today)
    accounts = np.bincount(cells.band, weights=cells.accounts)
    return Unit(
        key="-".join([worth_class, str(plan_id), *([BY_HAND] if by_hand else [])]),
        worth_class=WorthClass(worth_class),
        plan=plans.get(plan_id),
        is_fixed=by_hand,
        today=today,
        choices=choices,
        accounts={band: int(n) for band, n in enumerate(accounts) if n},
    )


def _groups(unit: Unit, cells: _Cells, responses: Responses) -> list[Group]:
    """Return a group for each band of a unit, with what each choice brings."""
    gains = {
        choice.key: _secured(choice, unit, cells, responses) for choice in unit.choices
    }
    return [
        Group(
            key=f"{unit.key}:{band}",
            options=[
                Option(
                    key=choice.key,
                    cost=choice.cents * accounts,
                    minutes=choice.minutes * accounts,
                    gain=round(gains[choice.key][band]) - choice.cents * accounts,
                )
                for choice in unit.choices
            ],
            today=unit.today.key,
        )
        for band, accounts in unit.accounts.items()
    ]


def _secured(
    choice: Variant, unit: Unit, cells: _Cells, responses: Responses
) -> np.ndarray:
    """Return by band the cents that a choice secures, before its cost."""
    response = responses.of(plan_id=choice.plan_id, worth_class=unit.worth_class.value)
    each = secured(
        spend=choice.cents / 100,
        margin_year=cells.margin,
        effect=float(response.effect),
        scale=float(response.scale),
    )
    return np.bincount(cells.band, weights=each * cells.accounts * 100)
