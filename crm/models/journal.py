"""The journal of an account: what we suppose, what speaks for it, what came of it."""

import pghistory
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.versions import Versioned
from crm.choices import HypothesisStatus
from crm.models.accounts import Account
from crm.models.goals import OfAccountQuerySet
from crm.models.users import User


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class Hypothesis(Versioned):
    """Something somebody supposes about one account, until it is shown or refuted."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="hypotheses")
    author = models.ForeignKey(User, models.PROTECT, related_name="hypotheses")
    statement = models.CharField(max_length=500)
    status = models.CharField(
        max_length=10,
        choices=HypothesisStatus.choices,
        default=HypothesisStatus.OPEN,
    )
    review_on = models.DateField()
    concluded_on = models.DateField(null=True, blank=True)
    conclusion = models.CharField(max_length=500, blank=True, default="")

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "hypotheses"
        constraints = [
            models.CheckConstraint(
                condition=~Q(statement=""), name="hypothesis_has_a_statement"
            ),
            models.CheckConstraint(
                condition=Q(status=HypothesisStatus.OPEN, concluded_on=None)
                | (~Q(status=HypothesisStatus.OPEN) & Q(concluded_on__isnull=False)),
                name="hypothesis_concluded_has_a_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["author", "review_on"],
                condition=Q(status=HypothesisStatus.OPEN),
                name="hypothesis_to_check",
            )
        ]

    def __str__(self) -> str:
        return self.statement


class HypothesisEvidence(models.Model):
    """What was seen on one day that speaks for or against a hypothesis."""

    hypothesis = models.ForeignKey(Hypothesis, models.CASCADE, related_name="evidence")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    is_for = models.BooleanField()
    noted_on = models.DateField()
    text = models.TextField()
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-noted_on", "-pk"]
        indexes = [
            models.Index(fields=["account", "-noted_on"], name="journal_by_account")
        ]

    def __str__(self) -> str:
        return f"{'for' if self.is_for else 'against'}: {self.text[:40]}"
