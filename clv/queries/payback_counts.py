"""Counting who has paid back of a part of the firm, and what its months brought."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.models import ValuationRun
from clv.policy import FEWEST_BEHIND_A_MONTH
from clv.queries.payback_months import MONTHS, NAMED, QUARTER, Key, Part, payback_months
from common.kept import kept_rows

# Days; nothing while not paid back, which greatest() of a difference would make 0.
PAID_AFTER = "(v.paid_back_on - least(v.first_on, v.paid_back_on))"

# One row per cohort, month and whether the month ends with payback or with watching.
COUNTS = f"""
    {NAMED}, month, is_paid_back, sum(customers), sum(cost_to_win), sum(paid_back)
    FROM (
        SELECT {QUARTER.format("first_on")} AS quarter, source, month, is_paid_back,
            customers, cost_to_win, paid_back
        FROM (
            SELECT first_on, source, least(paid_after, age) AS month,
                coalesce(paid_after <= age, false) AS is_paid_back,
                count(*)::int AS customers, sum(cost_to_win) AS cost_to_win,
                count(paid_after)::int AS paid_back
            FROM (
                SELECT v.first_on, a.source, v.cost_to_win,
                    floor({MONTHS.format("(%(as_of)s - v.first_on)")})::int AS age,
                    ceil({MONTHS.format(PAID_AFTER)})::int AS paid_after
                FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
                WHERE v.run_id = %(run)s AND v.first_on IS NOT NULL {{only}}
            ) customer
            GROUP BY 1, 2, 3, 4
        ) of_a_day
    ) waited
    GROUP BY GROUPING SETS (
        (month, is_paid_back),
        (quarter, month, is_paid_back),
        (source, month, is_paid_back)
    )
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a part of the firm.

    `waits` are kind, key, month, whether it ends with payback, customers, what winning
    them cost, and how many of them paid back by now; `months` kind, key, customers and
    profit, month by month.
    """

    waits: Sequence[Sequence[Any]]
    months: Sequence[Sequence[Any]]


def waits_of(run: ValuationRun, part: Part) -> list[tuple[Any, ...]]:
    """Return the rows of `Counted.waits`, of the firm where `part` is everybody."""
    params = {"run": run.pk, "as_of": run.as_of, **part.params}
    return kept_rows(COUNTS.replace("{only}", part.only), params)


def by_cohort(rows: Iterable[Sequence[Any]]) -> dict[Key, list[Any]]:
    """Sort the rows of `Counted.waits` by kind and key."""
    found: dict[Key, list[Any]] = defaultdict(list)
    for kind, key, month, is_paid_back, customers, cost, paid_back in rows:
        row = (month, is_paid_back, customers, Decimal(cost), paid_back)
        found[kind, key].append(row)
    return found


def count_part(run: ValuationRun, part: Part) -> Counted:
    """Count all that is said of a part of the firm, as rows that can be kept."""
    return Counted(
        waits=[
            [str(one) if isinstance(one, Decimal) else one for one in row]
            for row in waits_of(run, part)
        ],
        months=[
            [*cohort, customers, str(profit)]
            for cohort, months in months_of(run, part).items()
            for customers, profit in months
        ],
    )


def months_of(run: ValuationRun, part: Part) -> dict[Key, list[tuple[int, Decimal]]]:
    """Return customers and profit of each cohort, as long as there are enough."""
    rows: dict[Key, list[tuple[int, Decimal]]] = defaultdict(list)
    for one in payback_months(run, part=part):
        if one.customers >= FEWEST_BEHIND_A_MONTH:
            rows[one.kind, one.key].append((one.customers, one.profit))
    return dict(rows)
