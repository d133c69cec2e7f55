"""Rows of the frame itself; nothing of the domain."""

from django.db import models
from django.db.models.functions import Now


class AnsweredCall(models.Model):
    """One API call that named an idempotency key, and what it was answered.

    The row is written in the transaction of the call's own effect, so either both
    stand or neither, and a repeat at the same moment waits for it.
    """

    caller_id = models.BigIntegerField()
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True, default="")
    etag = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["caller_id", "route", "key"], name="call_answered_once"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="answered_call_by_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class TableChange(models.Model):
    """One statement that changed rows of a watched table; a trigger writes it.

    It stands and falls with the transaction of the change itself.
    """

    relation = models.CharField(max_length=63)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["relation", "id"], name="change_by_table")]

    def __str__(self) -> str:
        return f"{self.relation} {self.pk}"
