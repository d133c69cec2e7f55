"""What the members of each class are like, counted set by set for one run.

Traits are those of the list below and no others: what a person is (age, sex, belief,
health) is not asked, and free attributes are left out, since they may hold it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from clv.models import ValuationRun

# Money at which the bars of the distribution part.
EDGES = (
    *(-10_000, -1_000, -100, 0, 100, 200, 500, 1_000, 2_000, 5_000),
    *(10_000, 20_000, 50_000, 100_000, 200_000, 500_000),
)
COLUMNS = ("industry", "territory", "source", "size_band", "relationship_type", "stage")
LOOKS_BACK = dt.timedelta(days=365)  # at contacts and ratings
COMPARED_AFTER = dt.timedelta(days=28)
FALLS_BY = 0.1  # of the probability that a customer is still one
CONTRACTS_WITHIN = dt.timedelta(days=90)

# `{only}` narrows it to some accounts.
MEMBERS = """
    members AS (
        SELECT account_id, worth_class FROM segments_membership
        WHERE since <= %(day)s AND (until IS NULL OR until > %(day)s) {only}
    )
"""

SPREAD = f"""
    WITH {MEMBERS}
    SELECT worth_class, count(*),
        percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY v.clv)
    FROM members JOIN clv_valuation v USING (account_id) WHERE v.run_id = %(run)s
    GROUP BY 1
"""
BARS = f"""
    WITH {MEMBERS}
    SELECT worth_class, width_bucket(v.clv, %(edges)s::numeric[]), count(*)
    FROM members JOIN clv_valuation v USING (account_id) WHERE v.run_id = %(run)s
    GROUP BY 1, 2
"""
TRAITS = f"""
    WITH {MEMBERS}
    SELECT m.worth_class, a.industry, t.name, a.source, a.size_band,
        a.relationship_type, a.stage, count(*),
        GROUPING(
            a.industry, t.name, a.source, a.size_band, a.relationship_type, a.stage
        )
    FROM members m JOIN crm_account a ON a.id = m.account_id
    LEFT JOIN crm_territory t ON t.id = a.territory_id
    GROUP BY GROUPING SETS (
        (m.worth_class, a.industry), (m.worth_class, t.name), (m.worth_class, a.source),
        (m.worth_class, a.size_band), (m.worth_class, a.relationship_type),
        (m.worth_class, a.stage)
    )
"""
PRODUCTS = f"""
    WITH {MEMBERS}
    SELECT m.worth_class, p.name, count(DISTINCT h.account_id)
    FROM crm_holding h JOIN members m USING (account_id)
    JOIN crm_product p ON p.id = h.product_id
    WHERE h.acquired_on <= %(day)s AND (h.ends_on IS NULL OR h.ends_on >= %(day)s)
        AND h.status = 'active'
    GROUP BY 1, 2
"""
CHANNELS = f"""
    WITH {MEMBERS}
    SELECT m.worth_class, c.channel, count(DISTINCT c.account_id)
    FROM crm_touchpoint c JOIN members m USING (account_id)
    WHERE c.voided_at IS NULL AND c.occurred_at >= %(from)s AND c.occurred_at < %(to)s
    GROUP BY 1, 2
"""
# One score per rated contact; the worst tenth of these, at least one.
SATISFACTION = f"""
    WITH {MEMBERS}, scores AS (
        SELECT m.worth_class, c.account_id, s.score,
            row_number() OVER (PARTITION BY m.worth_class ORDER BY s.score) AS place,
            count(*) OVER (PARTITION BY m.worth_class) AS total
        FROM crm_touchpoint c JOIN members m USING (account_id)
        CROSS JOIN LATERAL (
            SELECT avg(rating) AS score FROM unnest(ARRAY[
                c.rating_people, c.rating_information, c.rating_deliverables
            ]) rating
        ) s
        WHERE s.score IS NOT NULL AND c.voided_at IS NULL
            AND c.occurred_at >= %(from)s AND c.occurred_at < %(to)s
    )
    SELECT worth_class, count(*), count(DISTINCT account_id), avg(score)::float8,
        (avg(score) FILTER (WHERE place <= ceil(total / 10.0)))::float8
    FROM scores GROUP BY 1
"""
FALLING = f"""
    WITH {MEMBERS}
    SELECT m.worth_class, count(*), sum(v.future_value)
    FROM members m JOIN clv_valuation v USING (account_id)
    JOIN clv_valuation b ON b.account_id = v.account_id AND b.run_id = %(before)s
    WHERE v.run_id = %(run)s AND v.probability_alive <= b.probability_alive - %(fall)s
    GROUP BY 1
"""
ENDING = f"""
    WITH {MEMBERS}
    SELECT m.worth_class, count(*), sum(v.future_value)
    FROM members m JOIN clv_valuation v USING (account_id)
    WHERE v.run_id = %(run)s AND EXISTS (
        SELECT FROM crm_holding h WHERE h.account_id = m.account_id
            AND h.status = 'active' AND h.replaced_by_id IS NULL
            AND h.ends_on BETWEEN %(day)s AND %(ends)s
    )
    GROUP BY 1
"""


class Counted:
    """Counts by class, as the statements above return them for one run.

    `only` is a condition on accounts with the values it names, see `accounts_in`.
    """

    def __init__(
        self,
        run: ValuationRun,
        before: ValuationRun | None,
        only: tuple[str, Mapping[str, Any]] = ("", {}),
    ) -> None:
        self.only = only[0]
        self.params: dict[str, Any] = {
            "run": run.pk,
            "day": run.as_of,
            "from": run.as_of - LOOKS_BACK,
            "to": run.as_of + dt.timedelta(days=1),
            "ends": run.as_of + CONTRACTS_WITHIN,
            "edges": list(EDGES),
            "before": before.pk if before else None,
            "fall": FALLS_BY,
            **only[1],
        }

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("{only}", self.only), self.params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def by_class(self, statement: str) -> dict[str, tuple[Any, ...]]:
        return {worth_class: tuple(rest) for worth_class, *rest in self.rows(statement)}

    def bars(self) -> dict[str, list[tuple[int | None, int | None, int]]]:
        """Return how many fall between which amounts, without empty ends."""
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for worth_class, bucket, count in self.rows(BARS):
            found[worth_class][bucket] = count
        bounds = (None, *EDGES, None)
        return {
            key: [
                (bounds[n], bounds[n + 1], counts.get(n, 0))
                for n in range(min(counts), max(counts) + 1)
            ]
            for key, counts in found.items()
        }

    def traits(self) -> dict[tuple[str, str], dict[str, int]]:
        """Return how many of each class have a trait: (kind, value) → class → count."""
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for worth_class, *values, count, mask in self.rows(TRAITS):
            kind, value = _set_one(values, mask)
            if value:
                found[kind, value][worth_class] = count
        for kind, statement in (("product", PRODUCTS), ("channel", CHANNELS)):
            for worth_class, value, count in self.rows(statement):
                found[kind, value][worth_class] = count
        return found


def _set_one(values: Sequence[str | None], mask: int) -> tuple[str, str]:
    """Return the column that a grouping set is of: the one whose bit is 0."""
    last = len(COLUMNS) - 1
    for place, column in enumerate(COLUMNS):
        if not mask & (1 << (last - place)):
            return column, values[place] or ""
    return "", ""


def compared_with(run: ValuationRun) -> ValuationRun | None:
    """Return the night that the chances of today are held against."""
    earlier = ValuationRun.objects.kept().filter(as_of__lt=run.as_of)
    before = earlier.filter(as_of__lte=run.as_of - COMPARED_AFTER)
    return before.order_by("-as_of").first() or earlier.order_by("as_of").first()
