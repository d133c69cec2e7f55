"""Who stood in which class on a day, as vectors."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from clv.engine.groups import Groups
from common.copying import read_columns
from segments.choices import WorthClass

QUERY = """
    SELECT account_id FROM segments_membership
    WHERE worth_class = %(worth_class)s AND since <= %(day)s
        AND (until IS NULL OR until > %(day)s)
    ORDER BY account_id
"""

EVERYBODY = """
    SELECT account_id,
        array_position(%(classes)s::text[], worth_class::text) - 1 AS number
    FROM segments_membership
    WHERE since <= %(day)s AND (until IS NULL OR until > %(day)s)
        AND worth_class = ANY (%(classes)s)
"""


# For the night, which joins it: each account's class on ``day_before``, as a number.
CODES = f"""
    SELECT account_id, CASE worth_class
        {" ".join(f"WHEN '{key}' THEN {n}" for n, key in enumerate(WorthClass.values))}
        END AS code
    FROM segments_membership
    WHERE since <= %(day_before)s AND (until IS NULL OR until > %(day_before)s)
"""


def class_members(worth_class: WorthClass, day: dt.date) -> NDArray[np.int64]:
    """Return the ids of the accounts in the class on `day`, ascending."""
    params = {"worth_class": worth_class.value, "day": day}
    found = read_columns(QUERY, {"account_id": "i8"}, params)
    return found["account_id"].astype(np.int64)


def classes_on(day: dt.date) -> Groups:
    """Return the class of every account that had one on `day`, classes by worth.

    Empty for days before the first night.
    """
    names = {str(value): str(label) for value, label in WorthClass.choices}
    params = {"day": day, "classes": list(names)}
    found = read_columns(EVERYBODY, {"account_id": "i8", "number": "i4"}, params)
    return Groups.check(names, found["account_id"], found["number"])
