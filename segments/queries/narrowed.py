"""What nights keep of the accounts of one owner, one territory or one industry.

Sums by class and type of relationship within each, so that a page which is narrowed by
one of them, and by class or type besides, sums a few rows. They tell of the owners and
industries of the night. Everything narrower is read from the accounts themselves.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from segments.choices import Dimension
from segments.models import StoredFigures
from segments.queries.scope import Scope

Row = list[object]
NAME_LETTERS = 11
CLASS = "class"
# Columns of `segments.queries.picked`; a set of rows for each of them.
COLUMNS: Mapping[str, str] = {
    Dimension.OWNER: "owner",
    Dimension.TERRITORY: "territory",
    Dimension.INDUSTRY: "industry",
}
NAMED = "CASE {} END, coalesce({}, '')".format(
    " ".join(f"WHEN grouping({c}) = 0 THEN '{d}'" for d, c in COLUMNS.items()),
    ", ".join(COLUMNS.values()),
)
PICKED = ", ".join(f"c.{column}" for column in COLUMNS.values())


def grouping_sets(columns: str) -> str:
    """Return a clause that sums by `columns`: of all, and within each value."""
    sets = ", ".join(f"({one}, {columns})" for one in COLUMNS.values())
    return f"GROUPING SETS (({columns}), {sets})"


def name_of(block: str, dimension: str, key: str) -> str:
    """Return the name under which a block of one value is kept."""
    digest = hashlib.sha256(f"{dimension} {key}".encode()).hexdigest()
    return f"{block}:{digest[:NAME_LETTERS]}"


def by_name(block: str, rows: Iterable[Sequence[Any]]) -> dict[str, list[Row]]:
    """Sort rows that begin with dimension and key into blocks; no value is no block.

    Rows of no dimension are those of the whole firm, whose block is always there.
    """
    found: dict[str, list[Row]] = defaultdict(list, {block: []})
    for dimension, key, *rest in rows:
        if dimension is None or key:
            found[name_of(block, dimension, key) if dimension else block].append(rest)
    return found


def stored_name(scope: Scope, block: str) -> str | None:
    """Return the block that answers a scope, None if nights keep none that does."""
    if not scope.user.sees_every_account or scope.product is not None:
        return None
    given = {
        Dimension.OWNER: str(scope.owner.pk) if scope.owner else "",
        Dimension.TERRITORY: str(scope.territory.pk) if scope.territory else "",
        Dimension.INDUSTRY: scope.industry,
    }
    named = [(dimension, key) for dimension, key in given.items() if key]
    if not named:
        return block
    return name_of(block, *named[0]) if len(named) == 1 else None


def part_of(scope: Scope) -> tuple[str, str] | None:
    """Return the one dimension and value that a scope is narrowed to, class included.

    ("", "") is the whole firm; None for what is narrowed twice, or otherwise.
    """
    if not scope.user.sees_every_account:
        return None
    if scope.product is not None or scope.relationship is not None:
        return None
    given = {
        CLASS: scope.worth_class.value if scope.worth_class else "",
        Dimension.OWNER: str(scope.owner.pk) if scope.owner else "",
        Dimension.TERRITORY: str(scope.territory.pk) if scope.territory else "",
        Dimension.INDUSTRY: scope.industry,
    }
    named = [(dimension, key) for dimension, key in given.items() if key]
    if not named:
        return "", ""
    return named[0] if len(named) == 1 else None


def drop_older(run_id: int, blocks: Iterable[str]) -> None:
    """Drop what other nights kept of single values: their pages read the accounts."""
    for block in blocks:
        kept = StoredFigures.objects.filter(block__startswith=f"{block}:")
        kept.exclude(run_id=run_id).delete()
