"""Keeping the value matrix of each night."""

from django.db import transaction

from clv.models import ValuationRun
from segments.models import ValueMatrix
from segments.queries.corners import found_in
from segments.queries.targeting import cohorts_in


@transaction.atomic
def write_matrix(run: ValuationRun) -> int:
    """Keep where the customers of `run` stand; again replaces it.

    Returns how many customers there are.
    """
    found = found_in(run)
    ValueMatrix.objects.filter(run=run).delete()
    if found is None:
        return 0
    kept = found | {"targeting": cohorts_in(run)}
    ValueMatrix.objects.create(run=run, found=kept)
    return int(found["customers"])
