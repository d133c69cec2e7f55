"""Learning how often accounts add products, for the potential shown beside CLV."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import numpy as np
from django.db import transaction

from clv.choices import OfferKind
from clv.engine.expansion import purchase_rates
from clv.models import ExpansionRate, ValuationRun
from clv.policy import EXPANSION_LEARNT_EVERY_DAYS, OFFER_LAG_BUYERS
from clv.queries.expansion import Cell, expansion_cells, yearly_gains
from crm.choices import SizeBand

CENT = Decimal("0.01")
ZERO = Decimal(0)


@transaction.atomic
def learn_expansion(run: ValuationRun) -> int:
    """Store the rates as of `run`'s day; again replaces them.

    Skipped while rates of the last days are there, since shares over a year hardly
    move. Returns how many rows were written.
    """
    recent = run.as_of - dt.timedelta(days=EXPANSION_LEARNT_EVERY_DAYS)
    others = ExpansionRate.objects.exclude(run=run)
    if others.filter(run__as_of__gt=recent, run__as_of__lte=run.as_of).exists():
        return 0
    ExpansionRate.objects.filter(run=run).delete()
    rows = _rates(
        run,
        _complete(expansion_cells(run.as_of)),
        yearly_gains(run.as_of, run.assumptions.margin_rate_if_cost_unknown),
    )
    return len(ExpansionRate.objects.bulk_create(rows))


def _complete(cells: list[Cell]) -> list[Cell]:
    """Give each pair a cell for every size of account, also where nobody was seen."""
    found = {(cell.pair, cell.size_band): cell for cell in cells}
    pairs = sorted({cell.pair for cell in cells})
    return [
        found.get((pair, band), Cell(*pair, band, 0, 0))
        for pair in pairs
        for band in SizeBand.values
    ]


def _rates(
    run: ValuationRun, cells: list[Cell], gains: dict[int, Decimal]
) -> list[ExpansionRate]:
    position = {pair: n for n, pair in enumerate(sorted({c.pair for c in cells}))}
    rates = purchase_rates(
        [cell.owners for cell in cells],
        [cell.buyers for cell in cells],
        np.array([position[cell.pair] for cell in cells], dtype=np.intp),
    )
    lags = _lags(cells)
    rows = []
    for cell, probability in zip(cells, rates.shrunk.tolist(), strict=True):
        gain = _gain(cell, gains)
        if gain > 0:
            rows.append(
                ExpansionRate(
                    run=run,
                    base_id=cell.base_id,
                    offered_id=cell.offered_id,
                    kind=cell.kind,
                    size_band=cell.size_band,
                    owners=cell.owners,
                    buyers=cell.buyers,
                    probability=probability,
                    yearly_gain=gain,
                    lag_days=lags[cell.pair, cell.size_band],
                )
            )
    return rows


def _lags(cells: list[Cell]) -> dict[tuple[tuple[int, int, str], str], int | None]:
    """Return how long buyers took; of few, the mean over all sizes by buyers."""
    days: dict[tuple[int, int, str], float] = defaultdict(float)
    buyers: dict[tuple[int, int, str], int] = defaultdict(int)
    for cell in cells:
        if cell.lag_days is not None:
            days[cell.pair] += cell.lag_days * cell.buyers
            buyers[cell.pair] += cell.buyers
    result: dict[tuple[tuple[int, int, str], str], int | None] = {}
    for cell in cells:
        lag = cell.lag_days if cell.buyers >= OFFER_LAG_BUYERS else None
        if lag is None and buyers[cell.pair]:
            lag = days[cell.pair] / buyers[cell.pair]
        result[cell.pair, cell.size_band] = None if lag is None else round(lag)
    return result


def _gain(cell: Cell, gains: dict[int, Decimal]) -> Decimal:
    """Return what a year with the product brings; an upgrade ends the other's."""
    if cell.offered_id not in gains:
        return ZERO  # nobody has bought it: nothing is known of its margin
    gain = gains[cell.offered_id]
    if cell.kind == OfferKind.UPGRADE:
        gain -= gains.get(cell.base_id, ZERO)
    return gain.quantize(CENT)
