"""Planned touches: what a plan asks for one account on one day."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.choices import DeliveryStatus, OwnerRole, TouchStatus
from campaigns.models.plans import TouchTemplate
from crm.choices import Role
from crm.models import Account, Touchpoint, User

MAIL_UNDER_WAY = (
    DeliveryStatus.PLANNED,
    DeliveryStatus.RETRY,
    DeliveryStatus.CLAIMED,
    DeliveryStatus.HANDING_OVER,
    DeliveryStatus.UNCONFIRMED,
)


class PlannedTouchQuerySet(models.QuerySet["PlannedTouch"]):
    def visible_to(self, user: User) -> Self:
        """Keep touches for accounts that `user` may see, and those given to them."""
        if user.sees_every_account:
            return self
        return self.filter(Q(account__owner=user) | Q(assigned_to=user))

    def due(self) -> Self:
        return self.filter(status=TouchStatus.DUE)

    def not_being_mailed(self) -> Self:
        """Keep touches without a mail that is under way, or perhaps arrived."""
        return self.exclude(deliveries__status__in=MAIL_UNDER_WAY)

    def for_person(self, person: User) -> Self:
        """Keep what is `person`'s to do: given to them, or theirs by their role."""
        theirs = Q(owner_role=OwnerRole.REP, account__owner=person)
        if Role.MANAGER in person.roles:
            theirs |= Q(owner_role=OwnerRole.MANAGER)
        return self.filter(Q(assigned_to=person) | Q(theirs, assigned_to=None))


class PlannedTouch(models.Model):
    """One touch for one account, once per lineage and period, whatever is retried."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    template = models.ForeignKey(TouchTemplate, models.PROTECT, related_name="planned")
    lineage = models.UUIDField()
    period = models.CharField(max_length=16, help_text="such as 2026-Q4/1")
    due_on = models.DateField()
    owner_role = models.CharField(max_length=10, choices=OwnerRole.choices)
    assigned_to = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="who does it instead of whom its role says",
    )
    status = models.CharField(
        max_length=10, choices=TouchStatus.choices, default=TouchStatus.DUE
    )
    touchpoint = models.ForeignKey(
        Touchpoint, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PlannedTouchQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        verbose_name_plural = "planned touches"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "lineage", "period"],
                condition=~Q(status=TouchStatus.CANCELLED),
                name="touch_once_per_period",
            ),
            models.CheckConstraint(
                condition=Q(status=TouchStatus.DUE, closed_at=None)
                | (~Q(status=TouchStatus.DUE) & Q(closed_at__isnull=False)),
                name="touch_closed_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="touch_by_day"),
            models.Index(
                fields=["account", "due_on"],
                condition=Q(status=TouchStatus.DUE),
                name="touch_due_by_account",
            ),
            models.Index(
                fields=["owner_role", "due_on"],
                condition=Q(status=TouchStatus.DUE),
                name="touch_due_by_role",
            ),
            models.Index(
                fields=["assigned_to", "due_on"],
                condition=Q(status=TouchStatus.DUE, assigned_to__isnull=False),
                name="touch_due_by_assignee",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} for {self.account_id} on {self.due_on}"

    @property
    def is_due(self) -> bool:
        return self.status == TouchStatus.DUE
