"""Who was right: the margin that both choices brought some months on."""

import bisect
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.models import ValuationRun
from common.clock import months_later
from common.templatetags.display import day, money
from segments.models import Nomination
from segments.policy import MONTHS_UNTIL_KNOWN
from segments.queries.picked import rows_of

# Of old nights only the last of each month keeps its values.
OLDEST_NIGHT = dt.timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Later:
    """What the named and the best accounts brought by a day, None while not known.

    Accounts in both choices are in both sums, so that the difference is that of the
    others. `lost` accounts were merged, or have no value that night.
    """

    months: int
    on: dt.date
    has_come: bool
    gut: Decimal | None = None
    data: Decimal | None = None
    night: dt.date | None = None
    lost: int = 0

    @property
    def is_known(self) -> bool:
        return self.gut is not None and self.data is not None

    @property
    def winner(self) -> str:
        """Return gut, data or neither; empty while it is not known."""
        if self.gut is None or self.data is None:
            return ""
        if self.gut == self.data:
            return "neither"
        return "gut" if self.gut > self.data else "data"

    @property
    def sentence(self) -> str:
        if not self.has_come:
            return f"not yet known: it shows on {day(self.on)}"
        if self.lost:
            return f"not known: {self.lost} of the accounts were merged since"
        if not self.is_known:
            return "not known: no night of that time is kept"
        sums = f"{money(self.gut)} against {money(self.data)}"
        words = {
            "gut": f"gut was right, {sums}",
            "data": f"data was right, {money(self.data)} against {money(self.gut)}",
            "neither": f"neither was ahead, {sums}",
        }
        return words[self.winner]


def later_of(
    nominations: Sequence[Nomination], today: dt.date
) -> Mapping[int, list[Later]]:
    """Return for each submitted nomination what its choices brought, by months."""
    wanted = [
        (one, months, months_later(one.as_of, months))
        for one in nominations
        for months in MONTHS_UNTIL_KNOWN
        if one.as_of is not None
    ]
    due = [(one, months, on) for one, months, on in wanted if on <= today]
    nights = _nights() if due else []
    chosen = {
        (one.pk, months): night
        for one, months, on in due
        if (night := _night_of(nights, on)) is not None and night[0] > _as_of(one)
    }
    sums = _sums({key: run for key, (_, run) in chosen.items()})
    found: dict[int, list[Later]] = {one.pk: [] for one in nominations}
    for one, months, on in wanted:
        gut, data, lost = sums.get((one.pk, months), (None, None, 0))
        night = chosen.get((one.pk, months))
        found[one.pk].append(
            Later(
                months=months,
                on=on,
                has_come=on <= today,
                gut=None if lost else gut,
                data=None if lost else data,
                night=night[0] if night else None,
                lost=lost,
            )
        )
    return found


def _as_of(nomination: Nomination) -> dt.date:
    return nomination.as_of or dt.date.max


def _nights() -> list[tuple[dt.date, int]]:
    """Return the nights whose values are kept, oldest first."""
    rows = ValuationRun.objects.kept().order_by("as_of")
    return list(rows.values_list("as_of", "pk"))


def _night_of(
    nights: Sequence[tuple[dt.date, int]], on: dt.date
) -> tuple[dt.date, int] | None:
    """Return the newest night of a day or before it, None where none is near."""
    place = bisect.bisect_right([night for night, _ in nights], on)
    found = nights[place - 1] if place else None
    return found if found and found[0] > on - OLDEST_NIGHT else None


Sums = tuple[Decimal | None, Decimal | None, int]


def _sums(runs: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], Sums]:
    if not runs:
        return {}
    given = {
        "nominations": [nomination for nomination, _ in runs],
        "months": [months for _, months in runs],
        "runs": list(runs.values()),
    }
    return {(row[0], row[1]): row[2:] for row in rows_of(_SUMS, given)}


# What was merged since has the margin of two accounts, which nobody named.
_SUMS = """
SELECT asked.nomination, asked.months,
    sum(v.margin - e.margin) FILTER (WHERE e.is_named),
    sum(v.margin - e.margin) FILTER (WHERE e.is_best),
    count(*) FILTER (WHERE v.account_id IS NULL OR merged.survivor_id IS NOT NULL)
FROM unnest(%(nominations)s::bigint[], %(months)s::int[], %(runs)s::bigint[])
    AS asked (nomination, months, run)
JOIN segments_nomination n ON n.id = asked.nomination
JOIN segments_nominationentry e ON e.nomination_id = n.id
LEFT JOIN clv_valuation v ON v.run_id = asked.run AND v.account_id = e.account_id
LEFT JOIN LATERAL (
    SELECT m.survivor_id FROM crm_accountmerge m
    WHERE m.survivor_id = e.account_id AND m.undone_at IS NULL
      AND m.made_at > n.submitted_at
    LIMIT 1
) merged ON true
GROUP BY asked.nomination, asked.months
"""
