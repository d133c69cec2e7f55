"""Which classes bear a shared cost that is about to be spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from common.money import ZERO
from crm.models import AllocationRule, LedgerEntry
from crm.queries.allocation import all_shares, pools_of
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import WorthClass


@dataclass(frozen=True, slots=True)
class ClassShare:
    """What one class would bear; accounts that no night has classed stand apart."""

    worth_class: WorthClass | None
    accounts: int
    amount: Decimal
    part: Decimal | None

    @property
    def label(self) -> str:
        return str(self.worth_class.label) if self.worth_class else "Not classed yet"


def borne_by_class(
    rule: AllocationRule, costs: Sequence[LedgerEntry]
) -> list[ClassShare]:
    """Return each class's share of the costs, in the order of classes."""
    pools = pools_of(rule, costs)
    if not pools:
        return []
    shares = all_shares(rule, pools)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{WITH_SURVIVORS}
            SELECT m.worth_class, count(*), sum(cents) FROM ({shares.sql}) shared
            LEFT JOIN segments_membership m
                ON m.account_id = shared.account_id AND m.until IS NULL
            GROUP BY m.worth_class""",
            shares.params,
        )
        found = {key: (n, Decimal(cents) / 100) for key, n, cents in cursor.fetchall()}
    total = sum((amount for _, amount in found.values()), ZERO)
    order: list[WorthClass | None] = [*WorthClass, None]
    return [
        ClassShare(
            one,
            found[key][0],
            found[key][1].quantize(Decimal("0.01")),
            found[key][1] / total if total else None,
        )
        for one in order
        if (key := one.value if one else None) in found
    ]
