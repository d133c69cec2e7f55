"""Walking prospects in the order of what customers like them promise.

All accounts of one trait code promise the same, so the order is that of a few thousand
codes, and within one that of the accounts. The database walks it from any place, code
by code along the index of prospects, and stops once a page is full; sorting a million
values by a column of another table would take seconds for each page.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection

from clv.models import ValuationRun


@dataclass(frozen=True, slots=True)
class Place:
    """One prospect's place in the order, with the direction to read on."""

    number: Decimal
    trait_code: int
    account_id: int

    def write(self, key: str, *, backwards: bool) -> str:
        """Return an opaque cursor."""
        place = [key, int(backwards), str(self.number), self.trait_code]
        raw = json.dumps([*place, self.account_id]).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str, key: str) -> tuple[Place, bool] | None:
    """Return place and direction of a cursor; None for one that is not of this list."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found, backwards, number, code, account = json.loads(raw)
        place = Place(Decimal(number), int(code), int(account))
    except (ValueError, TypeError, InvalidOperation, binascii.Error):
        return None
    is_sound = found == key and place.number.is_finite()
    return (place, bool(backwards)) if is_sound else None


@dataclass(frozen=True, slots=True)
class Walk:
    """One order of prospects of a run: by a column of their like groups.

    `conditions` are SQL on the account ``a`` and the group ``g`` with `params`.
    """

    run: ValuationRun
    column: str
    descending: bool
    conditions: Sequence[str]
    params: Mapping[str, Any]

    def places(self, *, start: Place | None, backwards: bool, size: int) -> list[Place]:
        """Return at most `size` places beyond `start`, in the order of the list."""
        down = self.descending != backwards
        on, tie = ("<", ">") if down else (">", ">")
        if backwards:
            tie = "<"
        params = {"run": self.run.pk, "size": size} | dict(self.params)
        beyond, within = "", ""
        if start is not None:
            params |= {
                "number": start.number,
                "code": start.trait_code,
                "account": start.account_id,
            }
            same = f"g.{self.column} = %(number)s"
            beyond = (
                f" AND (g.{self.column} {on} %(number)s OR ({same}"
                f" AND g.trait_code {tie}= %(code)s))"
            )
            within = (
                f" AND (NOT ({same} AND g.trait_code = %(code)s)"
                f" OR v.account_id {tie} %(account)s)"
            )
        back = "DESC" if backwards else "ASC"
        conditions = "".join(f" AND {one}" for one in self.conditions)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT g.{self.column}, g.trait_code, one.account_id
                FROM (
                    SELECT * FROM clv_likegroup g WHERE g.run_id = %(run)s{beyond}
                ) g CROSS JOIN LATERAL (
                    SELECT v.account_id FROM clv_valuation v
                    JOIN crm_account a ON a.id = v.account_id
                    WHERE v.run_id = %(run)s AND v.trait_code = g.trait_code
                        AND v.order_days = 0 AND a.merged_into_id IS NULL
                        {within}{conditions}
                    ORDER BY v.account_id {back} LIMIT %(size)s
                ) one
                ORDER BY g.{self.column} {"DESC" if down else "ASC"},
                    g.trait_code {back}, one.account_id {back}
                LIMIT %(size)s
                """,
                params,
            )
            found = [Place(*row) for row in cursor.fetchall()]
        return found[::-1] if backwards else found
