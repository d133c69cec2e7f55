"""How loyal customers are, by type of relationship and by class."""

from collections.abc import Sequence
from dataclasses import dataclass

from crm.choices import RelationshipType
from segments.choices import WorthClass
from segments.queries.effort import in_scope, stored_rows
from segments.queries.narrowed import NAMED, Row, by_name, grouping_sets
from segments.queries.picked import Picked, rows_of
from segments.queries.scope import Scope

LOYALTY = "loyalty"
YEAR = 365
FEWEST = 5  # customers; shares of fewer say little


@dataclass(frozen=True, slots=True)
class Loyalty:
    """Customers of one kind: who came back, and who still buys after a year.

    `established` had their first order more than a year before the night; `kept` are
    those of them who ordered within the last year.
    """

    customers: int = 0
    repeaters: int = 0
    established: int = 0
    kept: int = 0
    order_days: int = 0
    tenure_days: int = 0

    def __add__(self, other: "Loyalty") -> "Loyalty":
        return Loyalty(
            *(
                getattr(self, name) + getattr(other, name)
                for name in Loyalty.__dataclass_fields__
            )
        )

    @property
    def repeat_share(self) -> float | None:
        return self.repeaters / self.customers if self.customers else None

    @property
    def retention(self) -> float | None:
        return self.kept / self.established if self.established else None

    @property
    def tenure_years(self) -> float | None:
        """Return the mean time since the first order, in years."""
        return self.tenure_days / self.customers / YEAR if self.customers else None

    @property
    def orders_a_year(self) -> float | None:
        years = self.tenure_days / YEAR
        return self.order_days / years if years else None


@dataclass(frozen=True, slots=True)
class LoyaltyOfType:
    """The customers of one type of relationship."""

    relationship: RelationshipType
    loyalty: Loyalty


@dataclass(frozen=True, slots=True)
class LoyaltyNames:
    """One type of relationship with the lists of names behind its figures."""

    relationship: RelationshipType
    loyalty: Loyalty
    customers_url: str
    again_url: str
    established_url: str
    kept_url: str

    @property
    def is_small(self) -> bool:
        return self.loyalty.customers < FEWEST


_COUNTS = f"""count(*)::int,
    (count(*) FILTER (WHERE order_days > 1))::int,
    (count(*) FILTER (WHERE first_on <= %(as_of)s - {YEAR}))::int,
    (count(*) FILTER (WHERE first_on <= %(as_of)s - {YEAR}
        AND last_on > %(as_of)s - {YEAR}))::int,
    sum(order_days)::bigint, sum(%(as_of)s - first_on)::bigint"""


def loyalty_rows(picked: Picked) -> list[Row]:
    """Return class, relationship and the counts of `Loyalty`, in its order."""
    sql = f"""
        SELECT worth_class, relationship, {_COUNTS}
        FROM ({picked.customers}) customer GROUP BY 1, 2
    """
    return [list(row) for row in rows_of(sql, picked.params)]


def loyalty_blocks(picked: Picked) -> dict[str, list[Row]]:
    """Return the rows of the firm, and of each owner, territory and industry."""
    columns = "worth_class, relationship"
    sql = f"""
        SELECT {NAMED}, {columns}, {_COUNTS}
        FROM ({picked.customers}) customer GROUP BY {grouping_sets(columns)}
    """
    return by_name(LOYALTY, rows_of(sql, picked.params))


def _rows(scope: Scope) -> Sequence[Row]:
    rows = stored_rows(scope, LOYALTY)
    if rows is None:
        rows = loyalty_rows(Picked.of(scope))
    return in_scope(scope, rows)


def loyalty_by_relationship(scope: Scope) -> list[LoyaltyOfType]:
    """Return each type that has customers, in the order of the list."""
    found: dict[str, Loyalty] = {}
    for _, key, *counts in _rows(scope):
        one = Loyalty(*(int(str(count)) for count in counts))
        found[str(key)] = found.get(str(key), Loyalty()) + one
    return [
        LoyaltyOfType(key, found[key.value])
        for key in RelationshipType
        if key.value in found
    ]


def loyalty_names(scope: Scope) -> list[LoyaltyNames]:
    """Return each type that has customers, with its names."""
    found = []
    for one in loyalty_by_relationship(scope):
        mine = {"relationship": one.relationship.value}
        found.append(
            LoyaltyNames(
                relationship=one.relationship,
                loyalty=one.loyalty,
                customers_url=scope.list_url(customers=1, **mine),
                again_url=scope.list_url("repeaters", **mine),
                established_url=scope.list_url("established", **mine),
                kept_url=scope.list_url("established", state="kept", **mine),
            )
        )
    return found


def loyalty_by_class(scope: Scope) -> dict[WorthClass, Loyalty]:
    """Return what every class has; nobody is loyal in an empty one."""
    found = {key: Loyalty() for key in WorthClass}
    for key, _, *counts in _rows(scope):
        if key in WorthClass.values:
            one = Loyalty(*(int(str(count)) for count in counts))
            found[WorthClass(str(key))] += one
    return found
