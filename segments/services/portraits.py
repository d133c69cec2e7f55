"""Portraits of the classes: kept each night, so that pages read them in one row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import connection, transaction

from clv.models import ValuationRun
from common.kept import kept
from segments.choices import WorthClass
from segments.engine.lift import over_represented
from segments.models import ClassPortrait
from segments.queries import portraits as queries
from segments.queries.portraits import Counted
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Scope

MOST_TRAITS = 20


@transaction.atomic
def write_portraits(run: ValuationRun) -> int:
    """Keep what the members of each class are like in `run`; again replaces it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL work_mem = '64MB'")
    facts = portraits_of(run)
    ClassPortrait.objects.filter(run=run).delete()
    made = ClassPortrait.objects.bulk_create(
        ClassPortrait(run=run, worth_class=key.value, facts=facts[key])
        for key in WorthClass
    )
    return len(made)


def portrait(run: ValuationRun, worth_class: WorthClass) -> dict[str, Any]:
    """Return the portrait that the night kept; of older nights it is counted now."""
    stored = ClassPortrait.objects.filter(run=run, worth_class=worth_class).first()
    return stored.facts if stored else portraits_of(run)[worth_class]


def portrait_in(scope: Scope, worth_class: WorthClass) -> dict[str, Any] | None:
    """Return the portrait of a class among the accounts in scope, None by no night."""
    run = scope.run
    if run is None:
        return None
    if scope.is_whole_firm:
        return portrait(run, worth_class)
    only = accounts_in(scope, "account_id")
    return kept(("portraits", *scope.key), lambda: portraits_of(run, only))[worth_class]


def portraits_of(
    run: ValuationRun, only: tuple[str, Mapping[str, Any]] = ("", {})
) -> dict[WorthClass, dict[str, Any]]:
    """Count what the members of each class are like. Amounts are texts of cents.

    With `only`, members and everybody are those accounts alone, see `accounts_in`.
    """
    before = queries.compared_with(run)
    counted = Counted(run, before, only)
    spread, bars = counted.by_class(queries.SPREAD), counted.bars()
    rated = counted.by_class(queries.SATISFACTION)
    falling = counted.by_class(queries.FALLING) if before else {}
    ending = counted.by_class(queries.ENDING)
    traits = counted.traits()
    sizes = {key: int(row[0]) for key, row in spread.items()}
    return {
        key: {
            "accounts": sizes.get(key.value, 0),
            "everybody": sum(sizes.values()),
            "quartiles": [str(amount) for amount in spread.get(key, (0, []))[1]],
            "bars": bars.get(key.value, []),
            "traits": _traits(key, traits, sizes),
            "traits_looked_at": len(traits),
            "satisfaction": _named(
                ("contacts", "accounts", "mean", "worst_tenth"), rated.get(key.value)
            ),
            "falling": _risk(falling.get(key.value)),
            "ending": _risk(ending.get(key.value)),
            "compared_with": before.as_of.isoformat() if before else None,
        }
        for key in WorthClass
    }


def _traits(
    key: WorthClass,
    traits: dict[tuple[str, str], dict[str, int]],
    sizes: dict[str, int],
) -> list[dict[str, Any]]:
    names = list(traits)
    inside = np.array(
        [traits[name].get(key.value, 0) for name in names], dtype=np.int64
    )
    overall = np.array([sum(traits[name].values()) for name in names], dtype=np.int64)
    found = over_represented(
        with_trait=inside,
        members=sizes.get(key.value, 0),
        with_trait_in_all=overall,
        everybody=sum(sizes.values()),
    )
    best = sorted(np.flatnonzero(found.kept), key=lambda n: -found.lift[n])
    return [
        {
            "kind": names[n][0],
            "value": names[n][1],
            "accounts": int(inside[n]),
            "everybody": int(overall[n]),
            "lift": round(float(found.lift[n]), 3),
            "low": round(float(found.low[n]), 3),
            "high": round(float(found.high[n]), 3),
            "q": float(f"{found.q[n]:.3g}"),
        }
        for n in best[:MOST_TRAITS]
    ]


def _named(
    names: tuple[str, ...], row: tuple[Any, ...] | None
) -> dict[str, Any] | None:
    return dict(zip(names, row, strict=True)) if row else None


def _risk(row: tuple[Any, ...] | None) -> dict[str, Any]:
    accounts, value = row or (0, 0)
    return {"accounts": int(accounts), "expected": str(value)}
