"""The pairs of frequency and age of a whole firm: found, staged for helpers and read.

What is drawn by pair once for a run (`clv.services.valuing.Common`) comes out the same
wherever the pairs are the same, in the same order.
"""

import numpy as np
from django.db import connection

from clv.engine.arrays import distinct_rows
from clv.engine.pairs import Pairs
from clv.queries.inputs import Inputs
from clv.services import partitions
from clv.services.customers import clock_of, under_contract
from clv.services.learnt import Models
from clv.services.leases import Lease
from clv.services.results import Terms
from common.copying import read_columns, write_columns

COLUMNS = {"frequency": "i4", "age_days": "f8"}


def pairs_of(inputs: Inputs, models: Models, terms: Terms) -> Pairs:
    """Return the pairs of all accounts whose orders say how long they stay.

    One account is looked at of each number of orders and age in days.
    """
    rows = np.flatnonzero(inputs.order_days > 0)
    if len(inputs.contracts):
        rows = rows[~np.isin(rows, under_contract(inputs))]
    orders, age = inputs.order_days[rows], inputs.age_days[rows]
    first, _ = distinct_rows(orders.astype(np.float64), age.astype(np.float64))
    recency = inputs.recency_days[rows[first]]
    clock = clock_of(models.seasons, terms)
    return Pairs.of(clock.histories(orders[first], recency, age[first]))


def stage(lease: Lease, pairs: Pairs) -> None:
    """Write the pairs where helpers find them."""
    table = partitions.pair_table(lease)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {table} (frequency integer, age_days double precision)"
        )
    values = {"frequency": pairs.frequency, "age_days": pairs.age_days}
    write_columns(table, COLUMNS, values)


def staged_pairs(lease: Lease) -> Pairs | None:
    """Return the pairs of a run as its worker has them, None if they are not there."""
    table = partitions.pair_table(lease)
    if not partitions.exists(table):
        return None
    query = f"SELECT frequency, age_days FROM {table} ORDER BY frequency, age_days"
    rows = read_columns(query, COLUMNS)
    return Pairs(rows["frequency"].astype(np.float64), rows["age_days"])
