"""Columns of the list of accounts that tell when those in debt pay back."""

from typing import Any

from common.lists.columns import Cell, Column
from common.templatetags.display import UNKNOWN, day, share


def _payback_chance(row: Any) -> Cell:
    found = row.payback
    if found is None:
        return Cell(UNKNOWN)
    within = f"within {found.horizon_months} months"
    return Cell(share(found.probability), hint=found.sentence, under=within)


def _payback_range(row: Any) -> Cell:
    found = row.payback
    if found is None or found.low_on is None:
        return Cell(UNKNOWN, hint=found.sentence if found else "")
    last = day(found.high_on) if found.high_on else "later than foreseen"
    return Cell(day(found.low_on), hint=found.sentence, under=f"to {last}")


def _range_words(found: Any) -> str:
    if found is None or found.low_on is None:
        return ""
    return f"{found.low_on.isoformat()} to {found.high_on or 'later'}"


PAYBACK_COLUMNS = (
    Column(
        "payback_chance",
        "Chance to pay back",
        cell=_payback_chance,
        export=lambda row: row.payback.probability if row.payback else None,
        is_number=True,
        needs=frozenset({"payback"}),
        help="Of accounts that have not paid back: the share of simulated futures"
        " that do.",
    ),
    Column(
        "payback_range",
        "Pays back between",
        cell=_payback_range,
        export=lambda row: _range_words(row.payback),
        needs=frozenset({"payback"}),
        style="is-short",
        help="Four in five simulated futures pay back between these days.",
    ),
)
