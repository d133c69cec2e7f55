"""Mails on their way: a journal in which each ends in exactly one state."""

from typing import Self

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower, Now

from campaigns.choices import DeliveryStatus
from campaigns.models.touches import MAIL_UNDER_WAY, PlannedTouch
from crm.models import Account, Contact, User


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User) -> Self:
        """Keep mails to accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def waiting(self) -> Self:
        return self.filter(status__in=(DeliveryStatus.PLANNED, DeliveryStatus.RETRY))

    def to_address(self, address: str) -> Self:
        """Keep mails to one address, however it is written."""
        return self.alias(folded=Lower("address")).filter(folded=Lower(Value(address)))

    def under_way(self) -> Self:
        """Keep what may still leave, or may have left."""
        return self.filter(status__in=MAIL_UNDER_WAY)


class Delivery(models.Model):
    """One mail to one address, frozen as it was written.

    `occasion` says what it is for, such as `touch:812`; one address gets one mail for
    one occasion. It leaves not before `not_before`. Who sends it holds `lease` until
    `leased_until` and writes nothing without it. A mail that was being handed over when
    its sender died is unconfirmed, and is not sent again by itself.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    touch = models.ForeignKey(
        PlannedTouch, models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    occasion = models.CharField(max_length=80)
    address = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    topic = models.CharField(max_length=60, blank=True, default="")
    status = models.CharField(
        max_length=12, choices=DeliveryStatus.choices, default=DeliveryStatus.PLANNED
    )
    not_before = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    answer = models.CharField(max_length=500, blank=True, default="")
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint("occasion", Lower("address"), name="delivery_once"),
            models.CheckConstraint(
                condition=Q(lease=None) | Q(leased_until__isnull=False),
                name="delivery_lease_ends",
            ),
        ]
        indexes = [
            models.Index(
                F("not_before"),
                condition=Q(status__in=(DeliveryStatus.PLANNED, DeliveryStatus.RETRY)),
                name="delivery_waiting",
            ),
            models.Index(
                F("leased_until"),
                condition=Q(
                    status__in=(DeliveryStatus.CLAIMED, DeliveryStatus.HANDING_OVER)
                ),
                name="delivery_leased",
            ),
            # How many left within the hour, and whether an address was refused.
            models.Index(
                F("finished_at"),
                condition=Q(
                    status__in=(DeliveryStatus.ACCEPTED, DeliveryStatus.UNCONFIRMED)
                ),
                name="delivery_left",
            ),
            models.Index(Lower("address"), F("id"), name="delivery_by_address"),
            models.Index(fields=["status", "-id"], name="delivery_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} to {self.account_id}: {self.status}"
