"""Automations: what follows by itself when something happens, and what it did."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from campaigns.choices import CallStatus, FiringStatus
from common.versions import Versioned
from crm.models import Account, User


class AutomationQuerySet(models.QuerySet["Automation"]):
    def kept(self) -> Self:
        """Leave out those that were removed."""
        return self.filter(removed_at=None)

    def running(self) -> Self:
        """Keep those that are on and were not stopped by their own limit."""
        return self.kept().filter(is_on=True, stopped_at=None)


class Automation(Versioned):
    """One rule: when something happens, and the account fits, do this.

    Its newest version says what. It acts in the name of who switched it on. One that
    fires more often than its version allows is stopped until somebody looks at it.
    """

    name = models.CharField(max_length=150)
    is_on = models.BooleanField(default=False)
    acts_as = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_because = models.CharField(max_length=300, blank=True, default="")
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = AutomationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), condition=Q(removed_at=None), name="automation_name_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="automation_has_a_name"),
            models.CheckConstraint(
                condition=Q(is_on=False) | Q(removed_at=None, acts_as__isnull=False),
                name="automation_on_acts_as_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AutomationVersion(models.Model):
    """What an automation does since one edit; never changed, the newest counts.

    Trigger, conditions and actions are mappings with a `kind` and its parameters, as
    `queries.automations` names and checks them. It fires at most `limit_an_hour` times
    an hour, and not twice for one account within `rest_days`.
    """

    automation = models.ForeignKey(
        Automation, models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    trigger = models.JSONField()
    conditions = models.JSONField(default=list, blank=True)
    actions = models.JSONField(default=list)
    rest_days = models.PositiveSmallIntegerField(default=0)
    limit_an_hour = models.PositiveIntegerField(default=200)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "number"], name="automation_version_once"
            ),
            models.CheckConstraint(
                condition=Q(limit_an_hour__range=(1, 100_000)),
                name="automation_limit_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id}, version {self.number}"


class AutomationCursor(models.Model):
    """How far one automation has looked: every fact before `seen_until` is decided.

    Facts from before `started_at` do not count. `floors` holds the last rows of tables
    without times at the start. `states_from` is the run whose states are not news:
    what held then already is noted once, without firing. `states_until` is the last
    run whose states were decided, `days_until` the last business day.
    """

    automation = models.OneToOneField(
        Automation, models.CASCADE, related_name="cursor", primary_key=True
    )
    started_at = models.DateTimeField()
    seen_until = models.DateTimeField()
    floors = models.JSONField(default=dict, blank=True)
    is_past_noted = models.BooleanField(default=False)
    states_until = models.BigIntegerField(null=True, blank=True)
    days_until = models.DateField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.automation_id} until {self.seen_until}"


class FiringQuerySet(models.QuerySet["Firing"]):
    def visible_to(self, user: User) -> Self:
        """Keep what concerns accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def told(self) -> Self:
        """Leave out what only notes that something held before the start."""
        return self.exclude(status=FiringStatus.BEFORE)


class Firing(models.Model):
    """One cause that one automation met at one account: fired, or not and why.

    An automation decides each cause of an account once; what it did is stored in the
    same transaction. `results` holds what each action did, in words.
    """

    automation = models.ForeignKey(
        Automation, models.CASCADE, related_name="firings", db_index=False
    )
    version = models.ForeignKey(
        AutomationVersion, models.CASCADE, related_name="+", db_index=False
    )
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_index=False
    )
    cause = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=FiringStatus.choices)
    trigger_text = models.CharField(max_length=400, blank=True, default="")
    reason = models.CharField(max_length=600, blank=True, default="")
    results = models.JSONField(default=list, blank=True)
    decided_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = FiringQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "account", "cause"], name="firing_once_per_cause"
            ),
        ]
        indexes = [
            models.Index(fields=["automation", "id"], name="firing_by_automation"),
            models.Index(fields=["version"], name="firing_by_version"),
            models.Index(
                fields=["automation", "decided_at"],
                condition=Q(status__in=(FiringStatus.FIRED, FiringStatus.FAILED)),
                name="firing_fired_when",
            ),
            models.Index(fields=["account", "-decided_at"], name="firing_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id} at {self.account_id}: {self.cause}"


class WebhookEndpoint(Versioned):
    """An address of another system that automations may call, with its secret."""

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="webhook_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="webhook_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookCallQuerySet(models.QuerySet["WebhookCall"]):
    def waiting(self) -> Self:
        return self.filter(status__in=(CallStatus.PLANNED, CallStatus.RETRY))


class WebhookCall(models.Model):
    """One message to one endpoint, written with the firing and sent afterwards.

    The same `event_id` and body are sent until the endpoint answers or 72 hours have
    passed; `sequence` counts an endpoint's messages about one account without gaps.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="calls", db_index=False
    )
    firing = models.ForeignKey(
        Firing, models.SET_NULL, null=True, blank=True, related_name="calls"
    )
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField()
    body = models.TextField()
    status = models.CharField(
        max_length=10, choices=CallStatus.choices, default=CallStatus.PLANNED
    )
    not_before = models.DateTimeField(db_default=Now())
    give_up_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookCallQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "account", "sequence"], name="webhook_call_in_order"
            ),
            models.CheckConstraint(
                condition=Q(lease=None) | Q(leased_until__isnull=False),
                name="webhook_lease_ends",
            ),
        ]
        indexes = [
            models.Index(
                F("not_before"),
                condition=Q(status__in=(CallStatus.PLANNED, CallStatus.RETRY)),
                name="webhook_call_waiting",
            ),
            models.Index(
                F("leased_until"),
                condition=Q(status=CallStatus.CALLING),
                name="webhook_call_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}: {self.status}"
