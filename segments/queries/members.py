"""Who stood in a class on a day, as a vector."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from common.copying import read_columns
from segments.choices import WorthClass

QUERY = """
    SELECT account_id FROM segments_membership
    WHERE worth_class = %(worth_class)s AND since <= %(day)s
        AND (until IS NULL OR until > %(day)s)
    ORDER BY account_id
"""


def class_members(worth_class: WorthClass, day: dt.date) -> NDArray[np.int64]:
    """Return the ids of the accounts in the class on `day`, ascending."""
    params = {"worth_class": worth_class.value, "day": day}
    found = read_columns(QUERY, {"account_id": "i8"}, params)
    return found["account_id"].astype(np.int64)
