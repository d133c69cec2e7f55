"""What people keep of timelines: their own filters, and contacts pinned to the top."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.versions import Versioned
from crm.models.accounts import Account
from crm.models.touchpoints import Touchpoint
from crm.models.users import User


class TimelineFilterQuerySet(models.QuerySet["TimelineFilter"]):
    def visible_to(self, user: User) -> Self:
        """Keep the filters of `user`; nobody sees another's, whatever the role."""
        return self.filter(user=user)


class TimelineFilter(Versioned):
    """A filter that one person keeps; it stands as a tab on every account.

    `query` is what the address of the timeline says, such as channel=visit&who=me.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="timeline_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    position = models.PositiveSmallIntegerField(default=0)

    objects = TimelineFilterQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], name="timeline_filter_name_once"
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(query=""),
                name="timeline_filter_says_something",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PinnedContact(models.Model):
    """A contact that stands at the top of its account's timeline, for everybody."""

    touchpoint = models.OneToOneField(
        Touchpoint, models.CASCADE, related_name="pin", primary_key=True
    )
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    pinned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pinned_at", "-pk"]

    def __str__(self) -> str:
        return f"Pinned: {self.touchpoint_id}"
