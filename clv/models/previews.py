"""What a change of the assumptions would do, worked out and thrown away again."""

from django.db import models
from django.db.models.functions import Now

from clv.models.assumptions import AssumedNumbers, Assumptions
from clv.models.runs import ValuationRun


class AssumptionsPreview(AssumedNumbers):
    """The effect of numbers that nobody has published, on the values of one run.

    `run` works it out and is never published; with it the preview goes. `result` is
    empty until then.
    """

    run = models.OneToOneField(ValuationRun, models.CASCADE, related_name="preview")
    compared = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    based_on = models.ForeignKey(Assumptions, models.PROTECT, related_name="+")
    result = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(AssumedNumbers.Meta):
        abstract = False
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Preview of run {self.run_id}"

    def as_assumptions(self) -> Assumptions:
        """Return the numbers in the form that a run reads; not to be saved."""
        return Assumptions(**self.numbers)

    @property
    def is_outdated(self) -> bool:
        """Whether values were renewed or other assumptions published since."""
        current = ValuationRun.objects.current()
        newest = Assumptions.objects.current()
        return (
            current is None
            or current.pk != self.compared_id
            or newest.pk != self.based_on_id
        )
