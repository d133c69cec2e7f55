"""Searches for the best plans that somebody kept, and what was made of them."""

from django.db import models

from clv.models import ValuationRun
from common.versions import Versioned
from crm.models import User


class KeptSearch(Versioned):
    """One search for the best plans within money and hours, as it was on its day.

    `found` holds the answer as the page showed it: the plans chosen with their sums,
    and today's beside them. Nothing in it changes any more; what was made of it is
    said by `applied_at` and the drafts of the plans.
    """

    name = models.CharField(max_length=120)
    money = models.DecimalField(max_digits=14, decimal_places=2, help_text="a year")
    hours = models.DecimalField(max_digits=9, decimal_places=1, help_text="a week")
    is_by_band = models.BooleanField(default=False)
    kept_classes = models.JSONField(
        default=list, help_text="classes that were to stay as they are"
    )
    as_of = models.DateField(help_text="the night whose values it rests on")
    run = models.ForeignKey(
        ValuationRun, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    gain_today = models.DecimalField(max_digits=18, decimal_places=2)
    gain = models.DecimalField(max_digits=18, decimal_places=2)
    found = models.JSONField()
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "kept searches"

    def __str__(self) -> str:
        return self.name
