"""The purchases of every account, as the engine's back-test takes them."""

import datetime as dt
from decimal import Decimal

from clv.engine.judging.backtest import MOST_ACCOUNTS
from clv.engine.judging.purchases import (
    HASH_BITS,
    SPREADING_FACTOR,
    PurchaseLog,
    sample_bound,
)
from common.copying import read_columns

COLUMNS = {"account_id": "i8", "day": "i4", "margin": "f8"}

# Returns are left out: one that came after an origin was not known there.
PURCHASES = """
    SELECT account_id, (ordered_on - DATE '0001-01-01') + 1 AS day,
        sum(coalesce(revenue - cost, %(rate)s * revenue))::float8 AS margin
    FROM crm_orderline
    WHERE status = 'confirmed' AND ordered_on <= %(as_of)s {sampled}
    GROUP BY account_id, ordered_on
"""
SAMPLED = f"AND (account_id * {SPREADING_FACTOR}) & {2**HASH_BITS - 1} < %(bound)s"


def purchase_log(
    *,
    as_of: dt.date,
    margin_rate: Decimal,
    account_count: int = 0,
    most_accounts: int = MOST_ACCOUNTS,
) -> PurchaseLog:
    """Return what was bought up to `as_of`: one row per account and day, with margin.

    Parameters
    ----------
    as_of : date
        The last day that counts.
    margin_rate : Decimal
        Margin share taken where a line's cost is not known.
    account_count, most_accounts : int
        Of so many customers about so many are read, always the same ones: the sample
        of `PurchaseLog.sample`.
    """
    bound = sample_bound(account_count, most_accounts)
    sampled = SAMPLED if account_count > most_accounts else ""
    rows = read_columns(
        PURCHASES.format(sampled=sampled),
        COLUMNS,
        {"as_of": as_of, "rate": margin_rate, "bound": bound},
    )
    return PurchaseLog.check(rows["account_id"], rows["day"], rows["margin"])
