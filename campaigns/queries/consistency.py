"""How consistently the contacts of one person went."""

import datetime as dt
from typing import Any

from campaigns.queries.experience import Rated
from common.clock import day_ends_at
from common.kept import kept_rows
from crm.models import User

ONE_DAY = dt.timedelta(days=1)
RATED = """
    WITH scores AS (
        SELECT c.*, s.score FROM crm_touchpoint c CROSS JOIN LATERAL (
            SELECT avg(rating) AS score FROM unnest(ARRAY[
                c.rating_people, c.rating_information, c.rating_deliverables
            ]) rating
        ) s
        WHERE c.user_id = %(user)s AND s.score IS NOT NULL AND c.voided_at IS NULL
            AND c.occurred_at >= %(begins)s AND c.occurred_at < %(ends)s
    ), placed AS (
        SELECT *, row_number() OVER (ORDER BY score) AS place,
            count(*) OVER () AS total
        FROM scores
    )
    SELECT count(*), avg(score)::float8, stddev_pop(score)::float8,
        (avg(score) FILTER (WHERE place <= ceil(total / 10.0)))::float8,
        avg(rating_people)::float8, avg(rating_information)::float8,
        avg(rating_deliverables)::float8
    FROM placed
"""


def rated_by(user: User, *, since: dt.date, until: dt.date) -> Rated | None:
    """Return how the rated contacts of `user` went; None if nobody rated any."""
    params: dict[str, Any] = {
        "user": user.pk,
        "begins": day_ends_at(since - ONE_DAY),
        "ends": day_ends_at(until),
    }
    ((contacts, *figures),) = kept_rows(RATED, params)
    if not contacts:
        return None
    return Rated("user", str(user.pk), user.name, contacts, *figures)
