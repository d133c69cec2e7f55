"""Searching the best plans: limits in, what every group of accounts would get out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from campaigns import policy
from campaigns.engine.optimiser import (
    Choice,
    Group,
    Limits,
    Option,
    optimise,
    today_of,
    together,
    totals_of,
)
from campaigns.queries.best_plans import Ask, BestPlans, Line, Part, Step, Sums
from campaigns.queries.optimiser import Board, Unit, bands

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
SECONDS_A_STEP = 0.2
GAP_OF_STEP = 0.001


def usual_ask(board: Board) -> Ask:
    """Return what today's plans cost and the hours that there are."""
    cost = totals_of(list(today_of(board.groups).values())).cost
    whole = -(-cost // 100)
    return Ask(money=Decimal(whole), hours=Decimal(str(round(board.hours_of_reps, 1))))


def best_plans(board: Board, ask: Ask, *, with_steps: bool = True) -> BestPlans:
    """Search the best plans for each class, or each band of worth in it."""
    groups = [_held(group, board, ask) for group in board.groups]
    joint = together(groups, {g.key: g.key.rpartition(":")[0] for g in groups})
    wanted, other = (groups, joint) if ask.is_by_band else (joint, groups)
    found, beside = _search(wanted, ask.limits), _search(other, ask.limits)
    chosen = dict(found.chosen)
    if not ask.is_by_band:
        chosen = _spread(chosen, groups)
    return BestPlans(
        ask=ask,
        as_of=board.run.as_of,
        status=found.status.value,
        lines=[_line(unit, board, chosen) for unit in board.units],
        cent_price=found.prices.cent,
        minute_price=found.prices.minute,
        bound=found.bound,
        other_gain=beside.totals.gain if beside.chosen else None,
        steps=_steps(wanted, ask, found) if with_steps else (),
        unpriced=list(board.unpriced),
        accounts=board.accounts,
    )


def _search(groups: Sequence[Group], limits: Limits) -> Choice:
    return optimise(
        groups,
        limits,
        seconds=policy.LONGEST_SEARCH_SECONDS,
        gap=policy.SEARCH_GAP,
    )


def _held(group: Group, board: Board, ask: Ask) -> Group:
    """Leave a group of a class that is kept only what it has today."""
    if board.unit(group.key).worth_class not in ask.kept:
        return group
    only = [one for one in group.options if one.key == group.today]
    return replace(group, options=only)


def _spread(chosen: Mapping[str, Option], groups: Sequence[Group]) -> dict[str, Option]:
    """Return the choice of a whole unit for each of its bands."""
    found = {}
    for group in groups:
        wanted = chosen.get(group.key.rpartition(":")[0])
        for option in group.options:
            if wanted is not None and option.key == wanted.key:
                found[group.key] = option
    return found


def _steps(groups: Sequence[Group], ask: Ask, best: Choice) -> list[Step]:
    """Search with less and with more than the best plans cost."""
    cost = best.totals.cost / 100
    if not cost:
        return []
    found = []
    for factor in STEPS:
        amount = Decimal(round(cost * factor))
        limits = replace(ask, money=amount).limits
        there = optimise(groups, limits, seconds=SECONDS_A_STEP, gap=GAP_OF_STEP)
        gain = Decimal(there.totals.gain) / 100 if there.chosen else None
        found.append(Step(amount, gain))
    return found


def _line(unit: Unit, board: Board, chosen: Mapping[str, Option]) -> Line:
    mine = [group for group in board.groups if board.unit(group.key) is unit]
    return Line(
        key=unit.key,
        worth_class=unit.worth_class.value,
        plan_id=unit.plan.pk if unit.plan else None,
        label=unit.label,
        is_fixed=unit.is_fixed,
        accounts=sum(unit.accounts.values()),
        today=unit.today.key,
        today_label=unit.today.label,
        before=Sums.of(totals_of(list(today_of(mine).values()))),
        parts=_parts(unit, mine, chosen),
    )


def _parts(
    unit: Unit, groups: Sequence[Group], chosen: Mapping[str, Option]
) -> list[Part]:
    """Join bands that follow one another and get the same."""
    known, choices = bands(), {one.key: one for one in unit.choices}
    parts: list[Part] = []
    for group in groups:
        option = chosen.get(group.key)
        if option is None:
            return []
        number_of_band = int(group.key.rpartition(":")[2])
        band, variant = known[number_of_band], choices[option.key]
        accounts, sums = unit.accounts[number_of_band], Sums.of(option)
        if parts and parts[-1].variant == variant.key:
            last = parts.pop()
            accounts, sums = last.accounts + accounts, last.sums + sums
            low = last.low
        else:
            low = band.low
        parts.append(
            Part(
                *(variant.key, variant.label, variant.status, accounts, sums),
                low=low,
                high=band.high,
                is_whole=False,
            )
        )
    if len(parts) == 1:
        return [replace(parts[0], low=None, high=None, is_whole=True)]
    return parts
