"""Merges: which duplicate went into which account, and how to take that back."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from crm.models.accounts import Account
from crm.models.users import User


class AccountMergeQuerySet(models.QuerySet["AccountMerge"]):
    def standing(self) -> Self:
        """Keep merges that were not undone."""
        return self.filter(undone_at=None)

    def visible_to(self, user: User) -> Self:
        """Keep merges into accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(survivor__owner=user)


class AccountMerge(models.Model):
    """One duplicate merged into the account that stays.

    `moved` names the rows that went over, by model: ``{"crm.contact": [3, 9]}``.
    `before` and `after` hold the fields of the survivor that the merge changed, and
    `tags` the tags that it gave.
    """

    survivor = models.ForeignKey(Account, models.PROTECT, related_name="+")
    merged = models.ForeignKey(Account, models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    moved = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    tags = models.JSONField(default=list)

    objects = AccountMergeQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at=None), name="merged_once"
            ),
            models.CheckConstraint(
                condition=~Q(survivor=models.F("merged")),
                name="merge_of_two_accounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged} into {self.survivor}"
