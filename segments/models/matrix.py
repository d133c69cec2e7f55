"""The value matrix: revenue against CLV of all customers, as one night left it."""

from django.db import models

from clv.models import ValuationRun


class ValueMatrix(models.Model):
    """Cut-offs, corners and density of one run's customers; of the whole firm.

    `found` is what `segments.queries.corners` finds: how many stand where, and the
    names whose ranks differ most; under "targeting", cohorts and losses for
    `segments.queries.targeting`.
    """

    run = models.OneToOneField(ValuationRun, models.CASCADE, related_name="+")
    found = models.JSONField()

    def __str__(self) -> str:
        return f"Value matrix of run {self.run_id}"
