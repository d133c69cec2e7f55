"""Whom the firm wants to win: ideal customer profiles, version by version."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from crm.choices import SizeBand
from crm.models import User


class IdealProfile(models.Model):
    """One version of the ideal customer profile (ICP); never changed once published.

    A criterion that is left empty narrows nothing. Lists, files and kept views that
    were made by a version go on naming it when there are later ones.
    """

    version = models.PositiveIntegerField(unique=True)
    industries = models.JSONField(
        default=list, blank=True, help_text="as the night writes them; empty is any"
    )
    size_bands = models.JSONField(
        default=list, blank=True, help_text="keys of size bands; empty is any"
    )
    least_worth = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="expected CLV once won, at least",
    )
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(version__gte=1), name="ideal_profile_from_1"
            )
        ]

    def __str__(self) -> str:
        return f"Ideal profile v{self.version}"

    @property
    def size_labels(self) -> list[str]:
        return [str(SizeBand(key).label) for key in self.size_bands]
