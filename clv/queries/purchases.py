"""The purchases of every account, as the engine's back-test takes them."""

import datetime as dt
from decimal import Decimal

from clv.engine.judging.purchases import PurchaseLog
from common.copying import read_columns

COLUMNS = {"account_id": "i8", "day": "i4", "margin": "f8"}

# Returns are left out: one that came after an origin was not known there.
PURCHASES = """
    SELECT account_id, (ordered_on - DATE '0001-01-01') + 1 AS day,
        sum(coalesce(revenue - cost, %(rate)s * revenue))::float8 AS margin
    FROM crm_orderline
    WHERE status = 'confirmed' AND ordered_on <= %(as_of)s
    GROUP BY account_id, ordered_on
"""


def purchase_log(*, as_of: dt.date, margin_rate: Decimal) -> PurchaseLog:
    """Return what was bought up to `as_of`: one row per account and day, with margin.

    Parameters
    ----------
    as_of : date
        The last day that counts.
    margin_rate : Decimal
        Margin share taken where a line's cost is not known.
    """
    rows = read_columns(PURCHASES, COLUMNS, {"as_of": as_of, "rate": margin_rate})
    return PurchaseLog.check(rows["account_id"], rows["day"], rows["margin"])
