"""Cases: what a customer wants settled, and all that was done about it."""

import datetime as dt
from typing import Self

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from common.folding import folded_vector
from common.versions import Versioned
from crm.choices import CaseEntryKind, CaseKind, CaseStatus, CaseUrgency, Channel
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.holdings import Holding
from crm.models.ledger import LedgerEntry
from crm.models.products import Product
from crm.models.users import Territory, User

UNSETTLED = (CaseStatus.OPEN, CaseStatus.WAITING)


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> Self:
        """Keep cases of own accounts, own cases, and what was escalated to `user`."""
        if user.sees_every_account:
            return self
        return self.filter(
            Q(account__owner=user) | Q(owner=user) | Q(escalated_to=user)
        )

    def unsettled(self) -> Self:
        """Keep what somebody still has to settle, also while the customer is asked."""
        return self.filter(status__in=UNSETTLED)


@pghistory.track(
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=["search", "updated_at"],
)
class Case(Versioned):
    """One complaint, question, fault or request of a customer, until it is settled.

    A message whose sender nobody knows has no account yet; `sender` says who wrote.
    The clock stands while `waiting_since` is set; `paused_seconds` is for how long it
    stood before. `answered_after_seconds` is how long it ran until the first answer.
    """

    account = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        db_index=False,  # found through `case_by_account`
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="cases"
    )
    sender = models.CharField(
        max_length=320, blank=True, default="", help_text="as the message names them"
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="cases"
    )
    holding = models.ForeignKey(
        Holding, models.SET_NULL, null=True, blank=True, related_name="cases"
    )
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True, default="")
    channel = models.CharField(
        max_length=10, choices=Channel.choices, default=Channel.PHONE
    )
    kind = models.CharField(
        max_length=10, choices=CaseKind.choices, default=CaseKind.QUESTION
    )
    urgency = models.CharField(
        max_length=6, choices=CaseUrgency.choices, default=CaseUrgency.NORMAL
    )
    status = models.CharField(
        max_length=8, choices=CaseStatus.choices, default=CaseStatus.OPEN
    )
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="cases"
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="cases"
    )
    escalated_to = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="escalated_cases"
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    first_answered_at = models.DateTimeField(null=True, blank=True)
    answered_after_seconds = models.BigIntegerField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    paused_seconds = models.BigIntegerField(default=0)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=40, default="typed")
    external_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001  unknown is NULL, so that it can be unique
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    search = models.GeneratedField(
        expression=folded_vector("title"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="case_has_a_title"),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | ~Q(sender=""),
                name="case_is_somebodys",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", waiting_since__isnull=False)
                | (~Q(status="waiting") & Q(waiting_since=None)),
                name="case_waits_since",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["resolved", "closed"], resolved_at__isnull=False
                )
                | (~Q(status__in=["resolved", "closed"]) & Q(resolved_at=None)),
                name="case_resolved_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at=None)),
                name="case_closed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(paused_seconds__gte=0), name="case_pause_not_below_0"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"], name="case_once_per_source"
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="case_search"),
            models.Index(
                fields=["owner"],
                condition=Q(status__in=["open", "waiting"]),
                name="case_unsettled_by_owner",
            ),
            models.Index(
                fields=["account", "-opened_at", "-id"], name="case_by_account"
            ),
            models.Index(
                fields=["account", "-resolved_at"],
                condition=Q(resolved_at__isnull=False),
                name="case_resolved_by_account",
            ),
            models.Index(fields=["opened_at", "id"], name="case_by_age"),
            models.Index(fields=["updated_at"], name="case_by_change"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> str:
        """Return what people call it on the telephone."""
        return f"C-{self.pk}"

    @property
    def is_unsettled(self) -> bool:
        return self.status in UNSETTLED

    def running_seconds(self, now: dt.datetime) -> int:
        """Return for how long the clock has run, without the time of waiting.

        Moments of the same zone are subtracted as its wall clocks show them, so that a
        night of summer time would count wrongly; moments since 1970 are not.
        """
        stop = self.resolved_at or self.waiting_since or now
        passed = int(stop.timestamp() - self.opened_at.timestamp())
        return max(passed - self.paused_seconds, 0)


class CaseEntryQuerySet(models.QuerySet["CaseEntry"]):
    def visible_to(self, user: User) -> Self:
        """Keep what was done about cases that `user` may see."""
        if user.sees_every_account:
            return self
        return self.filter(case__in=Case.objects.visible_to(user))


class CaseEntry(models.Model):
    """One thing done about one case: never changed, save its minutes, never deleted.

    `before` and `after` say what a change replaced. `cost` is the ledger row that
    stands for the minutes; a correction reverses it and posts another.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=CaseEntryKind.choices)
    text = models.TextField(blank=True, default="")
    channel = models.CharField(
        max_length=10, choices=Channel.choices, blank=True, default=""
    )
    before = models.CharField(max_length=300, blank=True, default="")
    after = models.CharField(max_length=300, blank=True, default="")
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    cost = models.OneToOneField(
        LedgerEntry, models.PROTECT, null=True, blank=True, related_name="+"
    )
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CaseEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "case entries"
        indexes = [models.Index(fields=["case", "id"], name="case_entry_by_case")]
        triggers = [
            pgtrigger.Protect(name="case_entry_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="case_entry_as_written", exclude=["minutes", "cost"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.made_at:%Y-%m-%d}"
