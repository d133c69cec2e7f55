"""The cost ledger: every cost from winning a customer to serving them, append-only."""

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from common.versions import Versioned
from crm.choices import (
    AllocationDriver,
    AllocationSpan,
    CostKind,
    RelationshipType,
)
from crm.models.accounts import Account
from crm.models.imports import ImportJob
from crm.models.users import Territory, User


class AllocationTerms(models.Model):
    """Who bears a shared cost, in proportion to what, within which time.

    Empty terms of scope mean everybody.
    """

    driver = models.CharField(max_length=10, choices=AllocationDriver.choices)
    span = models.CharField(
        max_length=10, choices=AllocationSpan.choices, default=AllocationSpan.PERIOD
    )
    relationship_type = models.CharField(
        max_length=20, choices=RelationshipType.choices, blank=True, default=""
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="+"
    )
    industry = models.CharField(max_length=80, blank=True, default="")
    is_monthly = models.BooleanField(
        default=False, help_text="spreads the costs of each month once it is over"
    )

    class Meta:
        abstract = True

    @property
    def said(self) -> str:
        """Say in words how a cost is spread."""
        among = [
            str(self.get_relationship_type_display()) if self.relationship_type else "",
            str(self.territory) if self.territory else "",
            self.industry,
        ]
        named = ", ".join(one for one in among if one)
        by = f"by {self.get_driver_display().lower()}"
        if self.driver == AllocationDriver.EQUAL:
            by = "in equal shares over the customers"
        return f"{by}, {self.get_span_display().lower()}" + (
            f", among: {named}" if named else ""
        )


class AllocationRule(AllocationTerms, Versioned):
    """How shared costs of one kind are spread over accounts, as it stands today.

    Each change is kept in `versions`, with who made it and why.
    """

    name = models.CharField(max_length=150, unique=True)
    kind = models.CharField(max_length=20, choices=CostKind.choices)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AllocationRuleVersion(AllocationTerms):
    """A rule as it stood from one change to the next. Never edited."""

    rule = models.ForeignKey(AllocationRule, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    is_active = models.BooleanField()
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "number"], name="allocation_rule_version_once"
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule}, version {self.number}"


class Allocation(models.Model):
    """One application of a rule: which costs of a period it spread, over how many.

    Its parts are ledger rows that name it. Undone, they are reversed; they stay.
    """

    version = models.ForeignKey(
        AllocationRuleVersion, models.PROTECT, related_name="allocations"
    )
    period_start = models.DateField()
    period_end = models.DateField()
    total = models.DecimalField(max_digits=18, decimal_places=2)
    cost_count = models.PositiveIntegerField(help_text="shared costs that were spread")
    account_count = models.PositiveIntegerField()
    applied_at = models.DateTimeField(db_default=Now(), editable=False)
    applied_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gte=models.F("period_start")),
                name="allocation_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.period_start} to {self.period_end}"


BY_HAND = Q(source="typed", touchpoint=None, allocated_from=None)


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def visible_to(self, user: User) -> Self:
        """Keep rows of accounts that `user` may see; shared costs are the firm's."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def of_accounts(self) -> Self:
        """Keep what was charged to an account; a shared cost counts by its parts."""
        return self.exclude(account=None)

    def shared(self) -> Self:
        """Keep standing costs of the firm as a whole that no allocation has spread."""
        parts = self.model.objects.filter(allocated_from=OuterRef("pk"), reverses=None)
        return self.filter(account=None, reverses=None, reversed_by=None).exclude(
            Exists(parts.filter(reversed_by=None))
        )

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
    allocation = models.ForeignKey(
        Allocation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        db_index=False,
    )
    import_job = models.ForeignKey(
        ImportJob,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="costs",
        db_index=False,
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
            models.Index(fields=["incurred_on", "id"], name="ledger_by_day"),
            # Few costs are shared; pages and allocations look for them alone.
            models.Index(
                fields=["incurred_on", "id"],
                condition=Q(account=None),
                name="ledger_shared",
            ),
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
                for name in (
                    "rule",
                    "allocated_from",
                    "allocation",
                    "import_job",
                    "touchpoint",
                    "created_by",
                )
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} on {self.incurred_on}"
