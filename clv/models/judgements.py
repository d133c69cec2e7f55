"""Judgements: how good the forecasts were, by what came afterwards."""

from typing import Self

from django.db import models
from django.db.models.functions import Now

from clv.choices import Light
from clv.models.runs import ValuationRun


class JudgementQuerySet(models.QuerySet["Judgement"]):
    def usable(self) -> Self:
        """Keep those that found something and still have all of it, newest first."""
        return self.exclude(light=Light.UNKNOWN).exclude(result={})


class Judgement(models.Model):
    """One back-test of the models and naive rules, made by a night after it published.

    `result` is `clv.engine.judging.backtest.Backtest` as plain JSON, with `faults`,
    `classes` (`clv.engine.judging.classes`) and `drift`; empty where the history was
    too short to judge by, and for judgements of more than a year ago. `brief` is what
    pages show of past judgements, so that they need not read whole results.
    """

    run = models.OneToOneField(ValuationRun, models.CASCADE, related_name="judgement")
    as_of = models.DateField()
    judged_at = models.DateTimeField(db_default=Now(), editable=False)
    light = models.CharField(max_length=10, choices=Light.choices)
    sentence = models.TextField()
    result = models.JSONField(default=dict, blank=True)
    brief = models.JSONField(default=dict, blank=True)

    objects = JudgementQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_light_display()} as of {self.as_of}"
