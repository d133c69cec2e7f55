"""Gut versus data: accounts that somebody named as the best before seeing figures."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clv.models import ValuationRun
from crm.models import Account, User


class NominationQuerySet(models.QuerySet["Nomination"]):
    def submitted(self) -> Self:
        return self.exclude(submitted_at=None)

    def visible_to(self, user: User) -> Self:
        """Keep the own ones, and what others have submitted for who sees everybody."""
        if not user.sees_every_account:
            return self.filter(author=user)
        return self.filter(Q(author=user) | Q(submitted_at__isnull=False))


class Nomination(models.Model):
    """One person's best accounts of one quarter: gathered, then submitted once.

    Until it is submitted nothing is ranked. Then `size` accounts stand named out of
    `among` that the person owned, with what `run` says of them; none of it changes any
    more, also where that run's values are dropped later.
    """

    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    quarter = models.DateField(help_text="its first day")
    run = models.ForeignKey(ValuationRun, models.PROTECT, null=True, related_name="+")
    as_of = models.DateField(null=True)
    size = models.PositiveSmallIntegerField(null=True)
    among = models.PositiveIntegerField(null=True)
    both = models.PositiveSmallIntegerField(
        null=True, help_text="named, and among the best by future value"
    )
    both_by_clv = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    submitted_at = models.DateTimeField(null=True)

    objects = NominationQuerySet.as_manager()

    class Meta:
        ordering = ["-quarter", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "quarter"], name="nomination_once_a_quarter"
            ),
            models.CheckConstraint(
                condition=Q(
                    submitted_at=None,
                    run=None,
                    as_of=None,
                    size=None,
                    among=None,
                    both=None,
                    both_by_clv=None,
                )
                | Q(
                    submitted_at__isnull=False,
                    run__isnull=False,
                    as_of__isnull=False,
                    size__gte=1,
                    among__gte=models.F("size"),
                    both__lte=models.F("size"),
                    both_by_clv__lte=models.F("size"),
                ),
                name="nomination_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} in the quarter from {self.quarter}"

    @property
    def is_submitted(self) -> bool:
        return self.submitted_at is not None


class NominationEntry(models.Model):
    """One account that was named, or that stands among the best by its figures.

    Ranks and amounts are empty until the nomination is submitted; 1 is the best.
    """

    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="entries")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    is_named = models.BooleanField()
    is_best = models.BooleanField(default=False)
    rank = models.PositiveIntegerField(null=True)
    clv_rank = models.PositiveIntegerField(null=True)
    future_value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    clv = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    margin = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, help_text="realised by that night"
    )

    class Meta:
        ordering = ["rank", "pk"]
        verbose_name_plural = "nomination entries"
        constraints = [
            models.UniqueConstraint(
                fields=["nomination", "account"], name="nominated_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.nomination_id}"
