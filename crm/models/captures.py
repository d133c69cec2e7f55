"""Where contacts come from that nobody types: mailboxes, calendars, meetings."""

from typing import Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from common.versions import Versioned
from crm.capture_choices import MailboxSecurity, MeetingStatus
from crm.choices import Role
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.touchpoints import Touchpoint
from crm.models.users import User

Source = TypeVar("Source", bound="CaptureSource")


class CaptureSourceQuerySet(models.QuerySet[Source]):
    def visible_to(self, user: User) -> Self:
        """Keep one's own; administrators see whose are connected."""
        sees_all = user.is_superuser or Role.ADMINISTRATOR in user.roles
        return self if sees_all else self.filter(user=user)


class CaptureSource(Versioned):
    """Something of `user` that is looked into again and again, with their rights.

    `secret` is sealed (`common.sealing`) and never told again. `problem` says what
    went wrong last and what to do; it is empty while all is well. The source is looked
    into from `next_at` on by whoever holds it until `leased_until`.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    secret = models.TextField(editable=False)
    is_active = models.BooleanField(default=True)
    next_at = models.DateTimeField(db_default=Now(), editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    succeeded_at = models.DateTimeField(null=True, blank=True, editable=False)
    failure_count = models.PositiveSmallIntegerField(default=0, editable=False)
    problem = models.CharField(max_length=500, blank=True, default="", editable=False)
    taken_count = models.PositiveIntegerField(default=0, editable=False)
    passed_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True
        ordering = ["pk"]


class Mailbox(CaptureSource):
    """One mailbox that is read over IMAP; its mails are left as they are.

    Mails that arrived before `since_on` are none of ours. `folders` names those that
    are read, as the server spells them.
    """

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(
        max_length=10, choices=MailboxSecurity.choices, default=MailboxSecurity.TLS
    )
    username = models.CharField(max_length=254)
    folders = ArrayField(models.CharField(max_length=200))
    since_on = models.DateField()

    objects = CaptureSourceQuerySet["Mailbox"].as_manager()

    class Meta(CaptureSource.Meta):
        verbose_name_plural = "mailboxes"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "host", "username"], name="mailbox_once_per_person"
            ),
            models.CheckConstraint(
                condition=Q(port__range=(1, 65_535)), name="mailbox_port_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} at {self.host}"


class MailboxFolder(models.Model):
    """How far one folder was read: up to `last_uid`, of the ids that now count.

    A server that counts its ids anew tells another `uid_validity`.
    """

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="read_folders")
    name = models.CharField(max_length=200)
    uid_validity = models.BigIntegerField()
    last_uid = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "name"], name="mailbox_folder_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.mailbox_id} to {self.last_uid}"


class CalendarSubscription(CaptureSource):
    """The secret address at which a calendar is published; `host` may be shown."""

    name = models.CharField(max_length=100)
    host = models.CharField(max_length=253)

    objects = CaptureSourceQuerySet["CalendarSubscription"].as_manager()

    class Meta(CaptureSource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], name="calendar_name_once_per_person"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="calendar_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, user: User) -> Self:
        """Keep one's own with accounts one sees; the team's for who sees them all."""
        if user.sees_every_account:
            return self
        return self.filter(user=user, account__owner=user)

    def proposed(self) -> Self:
        return self.filter(status=MeetingStatus.PROPOSED)

    def to_confirm(self) -> Self:
        """Keep proposals of meetings that are over, of accounts that are there."""
        return self.proposed().filter(
            ends_at__lte=timezone.now(), account__merged_into=None
        )


class Meeting(Versioned):
    """A meeting of `user` that a calendar tells of, to be logged once it is over.

    `uid` and `occurrence` are the calendar's names of it; `sequence` grows with each
    change there. Without `minutes` it lasts all day. `touchpoint` is what it was
    logged as.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    subscription = models.ForeignKey(
        CalendarSubscription,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="meetings",
    )
    uid = models.CharField(max_length=300)
    occurrence = models.CharField(max_length=40, blank=True, default="")
    sequence = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=300, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=MeetingStatus.choices, default=MeetingStatus.PROPOSED
    )
    touchpoint = models.ForeignKey(
        Touchpoint, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = MeetingQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "uid", "occurrence"], name="meeting_once_per_person"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gte=models.F("starts_at")),
                name="meeting_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "ends_at"],
                condition=Q(status=MeetingStatus.PROPOSED),
                name="meeting_proposed",
            )
        ]

    def __str__(self) -> str:
        return self.title or f"Meeting on {self.starts_at:%Y-%m-%d}"
