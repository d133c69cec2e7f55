"""Which accounts a report is about, and what a run says of them, as SQL to build on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from clv.models import ValuationRun
from common.kept import kept_rows
from crm.models import Account
from segments.queries.scope import Scope

ZERO = Decimal("0.00")

# Every account of a run with its class of that day. `{more}` narrows it.
ACCOUNTS = """
    SELECT v.account_id, v.first_on, v.last_on, v.order_days, v.clv,
        coalesce(m.worth_class, '') AS worth_class,
        a.relationship_type AS relationship, a.owner_id::text AS owner,
        a.territory_id::text AS territory, a.industry
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
    LEFT JOIN segments_membership m ON m.account_id = v.account_id
        AND m.since <= %(as_of)s AND (m.until IS NULL OR m.until > %(as_of)s)
    WHERE v.run_id = %(run)s {more}
"""

# Facts of an account that was merged away count for the one at the end of the chain.
FAMILIES = """(
    WITH RECURSIVE family (account_id, member_id) AS (
        SELECT DISTINCT s.id, s.id FROM crm_account s
            JOIN crm_account m ON m.merged_into_id = s.id
            WHERE s.merged_into_id IS NULL
        UNION
        SELECT f.account_id, m.id FROM family f
            JOIN crm_account m ON m.merged_into_id = f.member_id
    ) SELECT * FROM family
)"""


@dataclass(frozen=True, slots=True)
class Picked:
    """All accounts of a run, or those whose ids the statement `sql` selects."""

    run: ValuationRun
    sql: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, scope: Scope) -> "Picked":
        """Return what a scope asks for, which must have a run."""
        if scope.run is None:
            raise ValueError("no night counts on that day")
        if scope.is_whole_firm:
            return cls(scope.run)
        sql, given = scope.accounts_sql()
        names = [f"picked_{number}" for number in range(len(given))]
        first, *rest = sql.split("%s")
        named = "".join(
            f"%({name})s{part}" for name, part in zip(names, rest, strict=True)
        )
        return cls(scope.run, first + named, dict(zip(names, given, strict=True)))

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters that every report here knows."""
        return {
            "run": self.run.pk,
            "as_of": self.run.as_of,
            "rate": self.run.assumptions.margin_rate_if_cost_unknown,
            **self.more,
        }

    @property
    def only(self) -> str:
        """Return a condition on `v.account_id`, nothing for all accounts."""
        return f"AND v.account_id IN ({self.sql})" if self.sql else ""

    @property
    def accounts(self) -> str:
        """Return SQL of every account, customers or not."""
        return ACCOUNTS.format(more=self.only)

    @property
    def customers(self) -> str:
        """Return SQL of the accounts that had ordered by the run's day."""
        return ACCOUNTS.format(more=f"AND v.first_on IS NOT NULL {self.only}")


def members_of(relation: str) -> str:
    """Return SQL that repeats `relation` for each account whose facts are its own.

    `member_id` is the account that a fact was made with.
    """
    if not are_merged():
        return f"SELECT r.*, r.account_id AS member_id FROM {relation} r"
    return (
        f"SELECT r.*, coalesce(f.member_id, r.account_id) AS member_id"
        f" FROM {relation} r LEFT JOIN {FAMILIES} f ON f.account_id = r.account_id"
    )


def are_merged() -> bool:
    """Tell whether any account was merged into another."""
    return Account.objects.exclude(merged_into=None).exists()


def rows_of(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return kept_rows(sql, params)
