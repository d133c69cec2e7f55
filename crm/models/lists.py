"""How people look at lists, and what they changed on many rows at once."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.versions import Versioned
from crm.choices import ListKey
from crm.models.users import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """Keep the user's own views and those that colleagues share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(Versioned):
    """One way to look at one list: filters, order and columns, as its address has them.

    Rows are always those that the reader may see: a shared view shares no accounts.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    list_key = models.CharField(max_length=20, choices=ListKey.choices)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True, default="")
    is_shared = models.BooleanField(default=False)
    pinned_by = models.ManyToManyField(User, related_name="pinned_views", blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_key", "name"], name="view_name_once_per_owner"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ListPreference(models.Model):
    """What one person set for one list: its columns, and the view it opens with."""

    user = models.ForeignKey(User, models.CASCADE, related_name="list_preferences")
    list_key = models.CharField(max_length=20, choices=ListKey.choices)
    columns = models.JSONField(default=list, blank=True)
    opens_with = models.ForeignKey(
        SavedView, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_key"], name="preference_once_per_list"
            )
        ]

    def __str__(self) -> str:
        return f"{self.list_key} of {self.user_id}"


class BulkEdit(models.Model):
    """One change of many rows at once, with what it takes to undo it."""

    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    list_key = models.CharField(max_length=20, choices=ListKey.choices)
    action = models.CharField(max_length=20)
    summary = models.CharField(max_length=300)
    detail = models.JSONField(default=dict, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.summary


class BulkEditRow(models.Model):
    """One row that a bulk edit changed, and the value that it had before."""

    edit = models.ForeignKey(BulkEdit, models.CASCADE, related_name="rows")
    record_id = models.BigIntegerField()
    before = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.edit_id}"
