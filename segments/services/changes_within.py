"""Why the value of a part of the firm changed: of a rep, a territory, an industry.

The night keeps the split for each of those alone, beside those of the firm and the
classes. Whatever is narrower is split anew, for the accounts that are asked for.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from clv.engine.change import PARTS
from clv.models import ValuationRun
from clv.queries.changes import MOVED, ValueChange, as_money, bars_of
from clv.services import changes
from clv.services.changes import Members, SplitRuns
from common.copying import read_columns
from common.kept import kept, marks_of
from segments.choices import Dimension
from segments.models import StoredFigures
from segments.queries.narrowed import drop_older, name_of, stored_name
from segments.queries.scope import Scope
from segments.queries.stored import stored_rows

WHY = "why"
ACCOUNTS = "crm_account"
# By its own number where there is one; industries, which are words, by their place.
NUMBERED = {Dimension.OWNER: "owner_id", Dimension.TERRITORY: "territory_id"}
INDUSTRIES = """
    SELECT DISTINCT industry FROM crm_account
    WHERE industry <> '' AND merged_into_id IS NULL ORDER BY 1
"""
PLACES = """
    SELECT a.id, coalesce(a.owner_id, -1), coalesce(a.territory_id, -1),
        coalesce(i.place, -1)::bigint
    FROM crm_account a
    LEFT JOIN unnest(%(industries)s::text[]) WITH ORDINALITY i (industry, place)
        ON i.industry = a.industry
    WHERE a.merged_into_id IS NULL ORDER BY a.id
"""
COLUMNS = dict.fromkeys(
    ("id", Dimension.OWNER, Dimension.TERRITORY, Dimension.INDUSTRY), "i8"
)
Integers = NDArray[np.int64]
Row = list[Any]


def write_changes_within(split: SplitRuns) -> int:
    """Keep the change of each rep, territory and industry; other nights keep none."""
    StoredFigures.objects.filter(run=split.run, block__startswith=f"{WHY}:").delete()
    if not split.run.is_current:
        return 0
    made_at, begun = timezone.now(), time.perf_counter()
    marks = marks_of(ACCOUNTS)
    found = dict(_rows(split))
    took = time.perf_counter() - begun
    StoredFigures.objects.bulk_create(
        StoredFigures(
            run=split.run,
            block=name,
            rows=[marks, [split.before.pk], cents],
            made_at=made_at,
            seconds=took,
        )
        for name, cents in found.items()
    )
    drop_older(split.run.pk, [WHY])
    return len(found)


def change_within(
    scope: Scope, *, run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    """Return why the CLV of the accounts in scope together changed."""
    stored = _stored(scope, run, before)
    if stored is not None:
        return stored
    key = ("change within", run.pk, before.pk, *scope.key)
    return kept(key, lambda: _worked_out(scope, run, before))


def change_of_accounts(
    *, ids: Sequence[int], run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    """Return why the CLV of these accounts together changed."""
    accounts = np.asarray(ids, dtype=np.int64)
    split = changes.split_runs(run=run, before=before, accounts=accounts)
    if split is None:
        return None
    chosen = np.isin(split.sides.account_id, accounts)
    return split.of_members(Members(chosen, chosen))


def _stored(
    scope: Scope, run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    if scope.worth_class is not None or scope.relationship is not None:
        return None
    name = stored_name(scope, WHY)
    rows = stored_rows(run, name, marks_of(ACCOUNTS)) if name else None
    if not rows or rows[0] != [before.pk]:
        return None
    was, now, *parts = rows[1]
    return _change(run, before, was, now, parts)


def _worked_out(
    scope: Scope, run: ValuationRun, before: ValuationRun
) -> ValueChange | None:
    ids = list(scope.accounts().values_list("pk", flat=True))
    return change_of_accounts(ids=ids, run=run, before=before)


def _rows(split: SplitRuns) -> Iterator[tuple[str, Row]]:
    """Yield the name of each block with the cents before, after, and of each part."""
    with connection.cursor() as cursor:
        cursor.execute(INDUSTRIES)
        industries = [name for (name,) in cursor.fetchall()]
    columns = read_columns(PLACES, COLUMNS, {"industries": industries})
    split_ids = split.sides.account_id
    _, in_split, in_columns = np.intersect1d(
        split_ids, columns["id"], assume_unique=True, return_indices=True
    )
    sides = split.sides
    cents = np.column_stack(
        [sides.before.clv, sides.after.clv, split.changes.parts]
    ).astype(np.int64)[in_split]
    for dimension in (Dimension.OWNER, Dimension.TERRITORY, Dimension.INDUSTRY):
        places = columns[dimension][in_columns]
        for place, sums in _summed(places, cents):
            key = str(place) if dimension in NUMBERED else industries[place - 1]
            yield name_of(WHY, dimension, key), sums


def _summed(places: Integers, cents: Integers) -> Iterator[tuple[int, Row]]:
    """Sum rows by their place; -1 is none."""
    order = np.argsort(places, kind="stable")
    found, starts = np.unique(places[order], return_index=True)
    if not found.size:
        return
    sums = np.add.reduceat(cents[order], starts, axis=0)
    for place, row in zip(found.tolist(), sums.tolist(), strict=True):
        if place >= 0:
            yield place, row


def _change(
    run: ValuationRun, before: ValuationRun, was: int, now: int, parts: Row
) -> ValueChange:
    """Return a change as it was kept; nobody comes or leaves, as accounts are today."""
    return ValueChange(
        run=run,
        before=before,
        clv_before=as_money(was),
        clv_after=as_money(now),
        bars=bars_of({MOVED: 0} | dict(zip(PARTS, parts, strict=True))),
    )
