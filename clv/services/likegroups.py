"""Keeping what a night has learnt of like customers, and taking it up again."""

import datetime as dt
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from clv.engine.likeness import NOTHING_KNOWN, TRAITS, Likeness
from clv.engine.newcomers import Newcomers
from clv.models import LikeGroup, ValuationRun
from clv.policy import (
    CHANCE_TO_WIN_IF_UNKNOWN,
    PROSPECTS_ENOUGH,
    WON_WITHIN_DAYS,
)
from clv.queries.inputs import Inputs, Integers
from clv.queries.summaries import TRAIT_CODE
from common.clock import day_ends_at
from common.copying import read_columns, write_columns

LEARNT = {  # stored column -> attribute of Likeness
    "trait_code": "code",
    "customers": "customers",
    "shared": "shared",
    "margin_per_order": "margin",
    "margin_doubt": "margin_doubt",
    "pace": "pace",
    "pace_doubt": "pace_doubt",
    "mean_cost_to_win": "cost_to_win",
    "share_ordering_again": "repeat_share",
}
KINDS = {
    "trait_code": "i8",
    "customers": "i4",
    "shared": "i2",
    "margin_per_order": "f8",
    "margin_doubt": "f8",
    "pace": "f8",
    "pace_doubt": "f8",
    "mean_cost_to_win": "f8",
    "share_ordering_again": "f8",
}
VALUED = {
    "chance_to_win": "f8",
    "prospects_seen": "i4",
    "tenure_years": "f8",
    "repeat_share": "f8",
    "worth_once_won": "f8",
}
STAGED = "pg_temp.clv_like"
INDUSTRY = next(trait.mask for trait in TRAITS if trait.name == "industry")
UNKNOWN = 0  # an industry that is not known, and the id of no account


def store(
    run: ValuationRun, likeness: Likeness, newcomers: Newcomers, *, inputs: Inputs
) -> int:
    """Keep what was learnt by code with what follows; again replaces it.

    An industry is written in all groups as the first of its accounts writes it.
    """
    chance, seen = _chance_to_win(run.as_of)
    count = len(likeness)
    values = {column: getattr(likeness, name) for column, name in LEARNT.items()} | {
        "chance_to_win": np.full(count, chance),
        "prospects_seen": np.full(count, seen),
        "tenure_years": newcomers.tenure_years,
        "repeat_share": newcomers.repeat_share,
        "worth_once_won": newcomers.value + likeness.cost_to_win,
        "written_by": _first_of_industry(likeness.code, inputs),
    }
    kinds = KINDS | VALUED
    names = ", ".join(kinds)
    staged = kinds | {"written_by": "i8"}
    columns = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in staged.items())
    forget(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {STAGED}")
        cursor.execute(f"CREATE TEMPORARY TABLE clv_like ({columns}) ON COMMIT DROP")
        write_columns(STAGED, staged, values)
        cursor.execute(f"ANALYZE {STAGED}")  # few: their accounts are read by key
        # An account may have been given another industry since its inputs were read.
        cursor.execute(
            f"""
            INSERT INTO clv_likegroup (run_id, industry, {names}, cost_to_win, rank)
            SELECT %(run)s, coalesce(a.industry, ''), {names},
                round(mean_cost_to_win::numeric, 2),
                round((chance_to_win * worth_once_won - mean_cost_to_win)::numeric, 2)
            FROM {STAGED} LEFT JOIN crm_account a ON a.id = written_by
                AND {TRAIT_CODE} & %(mask)s = trait_code & %(mask)s
            """,
            {"run": run.pk, "mask": INDUSTRY},
        )
        stored: int = cursor.rowcount
        cursor.execute(f"DROP TABLE {STAGED}")
    return stored


def _first_of_industry(codes: Integers, inputs: Inputs) -> Integers:
    """Return for each code the lowest id of an account in its industry; 0 for none."""
    industries, first = np.unique(inputs.trait_code & INDUSTRY, return_index=True)
    lowest = dict(
        zip(industries.tolist(), inputs.account_id[first].tolist(), strict=True)
    )
    lowest[UNKNOWN] = UNKNOWN
    return np.array([lowest.get(one, UNKNOWN) for one in (codes & INDUSTRY).tolist()])


def forget(run_id: int) -> None:
    """Remove what a run has kept of like customers."""
    LikeGroup.objects.filter(run_id=run_id).delete()


SQL_TYPES = {
    "i2": "smallint",
    "i4": "integer",
    "i8": "bigint",
    "f8": "double precision",
}


def stored_likeness(run_id: int) -> Likeness | None:
    """Return what a run has learnt of like customers, None if it has not kept it."""
    query = f"""
        SELECT {", ".join(KINDS)} FROM clv_likegroup WHERE run_id = %(run)s
        ORDER BY trait_code
    """
    rows = read_columns(query, KINDS, {"run": run_id})
    if NOTHING_KNOWN not in rows["trait_code"]:
        return None
    columns: dict[str, NDArray[Any]] = {
        name: rows[column].astype(np.float64 if KINDS[column] == "f8" else np.int64)
        for column, name in LEARNT.items()
    }
    return Likeness(**columns)


def _chance_to_win(as_of: dt.date) -> tuple[float, int]:
    """Return the chance that a prospect orders within a year, and how many say so.

    Of the accounts entered a year to two years ago that had not ordered before, the
    share that ordered within a year; 0 say so where the chance is assumed.
    """
    until = as_of - dt.timedelta(days=WON_WITHIN_DAYS)
    since = until - dt.timedelta(days=WON_WITHIN_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(
            CHANCE,
            {
                "since": day_ends_at(since),
                "until": day_ends_at(until),
                "days": WON_WITHIN_DAYS,
            },
        )
        known, won = cursor.fetchone()
    if known < PROSPECTS_ENOUGH:
        return CHANCE_TO_WIN_IF_UNKNOWN, 0
    return won / known, known


CHANCE = """
    SELECT count(*), count(*) FILTER (WHERE s.first_on <= a.created_at::date + %(days)s)
    FROM crm_account a JOIN clv_accountsummary s ON s.account_id = a.id
    WHERE a.created_at >= %(since)s AND a.created_at < %(until)s
        AND a.merged_into_id IS NULL
        AND (s.first_on IS NULL OR s.first_on >= a.created_at::date)
"""
