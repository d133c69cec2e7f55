"""Notifications: what one person did that another should know."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from crm.choices import NotificationKind
from crm.models.accounts import Account
from crm.models.users import User


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> Self:
        """Keep those to `user` whose account, if any, they may still see."""
        mine = self.filter(user=user)
        if user.sees_every_account:
            return mine
        return mine.filter(Q(account=None) | Q(account__owner=user))

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(models.Model):
    """One act of `actor` that `user` is told; `text` is a whole sentence.

    Who loses sight of the account loses sight of the notification, because its text
    names the account. Without an account the text names none.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=NotificationKind.choices)
    account = models.ForeignKey(
        Account, models.CASCADE, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=700)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["user", "-created_at", "-id"], name="notification_by_user"
            ),
            models.Index(
                fields=["user"],
                condition=Q(read_at=None),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.text
