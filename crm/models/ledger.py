"""The cost ledger: every cost from winning a customer to serving them, append-only."""

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.versions import Timestamped
from crm.choices import AllocationDriver, CostKind
from crm.models.accounts import Account
from crm.models.users import User


class AllocationRule(Timestamped):
    """How a shared cost of one kind is spread over accounts."""

    name = models.CharField(max_length=150, unique=True)
    kind = models.CharField(max_length=20, choices=CostKind.choices)
    driver = models.CharField(max_length=10, choices=AllocationDriver.choices)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


BY_HAND = Q(source="typed", touchpoint=None, allocated_from=None)


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def visible_to(self, user: User) -> Self:
        """Keep rows of accounts that `user` may see; shared costs are the firm's."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def of_accounts(self) -> Self:
        """Keep what was charged to an account; a shared cost counts by its parts."""
        return self.exclude(account=None)

    def by_hand(self) -> Self:
        """Keep costs that somebody entered, not those of contacts or shared ones."""
        return self.filter(BY_HAND)


class LedgerEntry(models.Model):
    """One cost, charged to an account or shared until an allocation spreads it.

    Rows are never changed or deleted. A correction is a reversal: a row of the opposite
    amount that names the first in `reverses`. The parts of a shared cost name it in
    `allocated_from` and sum to it exactly. A positive amount is a cost.
    """

    # Found by account through `ledger_by_account`.
    account = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_entries",
        db_index=False,
    )
    kind = models.CharField(max_length=20, choices=CostKind.choices)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    incurred_on = models.DateField()
    rule = models.ForeignKey(
        AllocationRule,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        db_index=False,
    )
    allocated_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        db_index=False,
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    touchpoint = models.ForeignKey(
        "crm.Touchpoint",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="costs",
        db_index=False,
    )
    document = models.CharField(
        max_length=150, blank=True, default="", help_text="invoice or voucher number"
    )
    note = models.CharField(max_length=300, blank=True, default="")
    source = models.CharField(max_length=40, default="typed")
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  unknown is NULL, so that it can be unique
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-incurred_on", "-pk"]
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="ledger_once_per_source"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_amount_not_0"),
            models.CheckConstraint(
                condition=Q(allocated_from=None) | Q(account__isnull=False),
                name="ledger_part_has_an_account",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "incurred_on"],
                include=["kind", "amount"],
                name="ledger_by_account",
            ),
            models.Index(fields=["created_at"], name="ledger_by_change"),
            # Few were entered by hand among the costs of thousands of contacts.
            models.Index(
                fields=["account", "incurred_on"],
                condition=BY_HAND,
                name="ledger_by_hand",
            ),
            # Mostly empty, so the rows that are not are indexed alone.
            *(
                models.Index(
                    fields=[name],
                    condition=Q(**{f"{name}__isnull": False}),
                    name=f"ledger_by_{name}",
                )
                for name in ("rule", "allocated_from", "touchpoint", "created_by")
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} on {self.incurred_on}"
