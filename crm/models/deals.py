"""Deals: what one account may buy, how far it has come, and how it ended."""

import datetime as dt
from decimal import Decimal
from typing import Any, Self

import pghistory
from django.db import models
from django.db.models import (
    Count,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Now, Round, TruncDate
from django.utils import timezone

from common.clock import business_today
from common.versions import Timestamped, Versioned
from crm.choices import DealStatus, Source
from crm.models.accounts import Account
from crm.models.contacts import Contact
from crm.models.orders import Order
from crm.models.products import Product
from crm.models.users import User
from crm.models.wallet import Competitor


class DealStage(Versioned):
    """One step of the firm's way to an order, in the firm's own words.

    `prior_chance` is what the firm believes of deals that reach this stage, until its
    own closed deals say more.
    """

    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    prior_chance = models.DecimalField(max_digits=4, decimal_places=3)
    stale_after_days = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(is_active=True), name="stage_name_unique"
            ),
            models.CheckConstraint(
                condition=Q(prior_chance__gt=0) & Q(prior_chance__lt=1),
                name="stage_prior_between_0_and_1",
            ),
            models.CheckConstraint(
                condition=Q(stale_after_days__range=(1, 3650)),
                name="stage_stale_days_in_range",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="stage_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class DealLossReason(Timestamped):
    """Why deals are lost, in the firm's own catalogue."""

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="deal_loss_reason_has_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


ZERO = Value(Decimal(0), output_field=models.DecimalField())


class DealQuerySet(models.QuerySet["Deal"]):
    def visible_to(self, user: User) -> Self:
        """Keep deals of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def open(self) -> Self:
        return self.filter(status=DealStatus.OPEN)

    def closed(self) -> Self:
        return self.exclude(status=DealStatus.OPEN)

    def stale(self, today: dt.date | None = None) -> Self:
        """Keep open deals that stand in their stage longer than the firm allows."""
        last_day = ExpressionWrapper(
            TruncDate("stage_since") + F("stage__stale_after_days"),
            output_field=models.DateField(),
        )
        rows = self.open().annotate(last_day=last_day)
        return rows.filter(last_day__lt=today or business_today())

    def with_sums(self) -> Self:
        """Add `revenue`, `margin_known`, `revenue_unknown` and `line_count`.

        `revenue_unknown` is the revenue of lines whose unit cost is not known.
        """
        lines = DealLine.objects.filter(deal=OuterRef("pk")).order_by().values("deal")
        return self.annotate(
            line_count=Coalesce(
                Subquery(lines.annotate(n=Count("pk")).values("n")), Value(0)
            ),
            revenue=_sum_of_lines(F("revenue")),
            margin_known=_sum_of_lines(F("revenue") - F("cost"), Q(cost__isnull=False)),
            revenue_unknown=_sum_of_lines(F("revenue"), Q(cost=None)),
        )


def _sum_of_lines(what: Any, condition: Q | None = None) -> Coalesce:
    lines = DealLine.objects.filter(deal=OuterRef("pk"))
    if condition is not None:
        lines = lines.filter(condition)
    total = lines.order_by().values("deal").annotate(total=Sum(what)).values("total")
    return Coalesce(Subquery(total), ZERO)


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class Deal(Versioned):
    """One thing that one account may buy from us, open until it is won or lost.

    A closed deal keeps the stage that it reached. A won deal is no revenue: the order
    that is linked to it is, so that nothing counts twice.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="deals")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="deals"
    )
    title = models.CharField(max_length=200)
    stage = models.ForeignKey(DealStage, models.PROTECT, related_name="deals")
    stage_since = models.DateTimeField(default=timezone.now, editable=False)
    status = models.CharField(
        max_length=10, choices=DealStatus.choices, default=DealStatus.OPEN
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="deals")
    source = models.CharField(
        max_length=20, choices=Source.choices, blank=True, default=""
    )
    close_on = models.DateField(
        null=True, blank=True, help_text="when the decision is expected"
    )
    competitor = models.CharField(
        max_length=200, blank=True, default="", help_text="who else offers, in words"
    )
    rival = models.ForeignKey(
        Competitor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
        help_text="the competitor of the catalogue that is meant, if one is",
    )
    note = models.TextField(blank=True, default="")
    closed_on = models.DateField(null=True, blank=True)
    loss_reason = models.ForeignKey(
        DealLossReason, models.PROTECT, null=True, blank=True, related_name="deals"
    )
    closing_note = models.CharField(max_length=300, blank=True, default="")
    order = models.OneToOneField(
        Order, models.PROTECT, null=True, blank=True, related_name="deal"
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = DealQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="deal_has_a_title"),
            models.CheckConstraint(
                condition=Q(status="open", closed_on=None)
                | (~Q(status="open") & Q(closed_on__isnull=False)),
                name="deal_closed_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(status="lost", loss_reason__isnull=False)
                | (~Q(status="lost") & Q(loss_reason=None)),
                name="deal_lost_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(order=None) | Q(status="won"),
                name="deal_order_only_if_won",
            ),
        ]
        indexes = [
            models.Index(
                fields=["stage", "account"],
                condition=Q(status="open"),
                name="deal_open_by_stage",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == DealStatus.OPEN

    def days_in_stage(self, today: dt.date | None = None) -> int:
        """Return for how many days it has stood in its stage."""
        since = timezone.localtime(self.stage_since).date()
        return ((today or business_today()) - since).days

    def is_stale(self, today: dt.date | None = None) -> bool:
        """Tell whether it has stood longer in its stage than the firm allows."""
        return self.is_open and self.days_in_stage(today) > self.stage.stale_after_days


class DealLine(models.Model):
    """One thing offered in one deal; its margin is unknown without a unit cost."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="deal_lines"
    )
    text = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="what it is, without a product",
    )
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    discount = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal("0.00")
    )
    unit_cost = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True
    )
    revenue = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_price") - F("discount"), precision=2),
        output_field=models.DecimalField(max_digits=14, decimal_places=2),
        db_persist=True,
    )
    cost = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_cost"), precision=2),
        output_field=models.DecimalField(max_digits=14, decimal_places=2, null=True),
        db_persist=True,
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & Q(unit_price__gte=0)
                & Q(discount__gte=0)
                & (Q(unit_cost=None) | Q(unit_cost__gte=0)),
                name="deal_line_amounts_in_range",
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False) | ~Q(text=""),
                name="deal_line_says_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.text or self.product_id}"

    @property
    def margin(self) -> Decimal | None:
        """Return revenue less cost, None where the cost is not known."""
        return None if self.cost is None else self.revenue - self.cost


class DealChange(models.Model):
    """One move of one deal: into a stage, won, lost, or open again."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="changes")
    stage = models.ForeignKey(DealStage, models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=DealStatus.choices)
    was_stage = models.ForeignKey(
        DealStage, models.PROTECT, null=True, blank=True, related_name="+"
    )
    was_status = models.CharField(
        max_length=10, choices=DealStatus.choices, blank=True, default=""
    )
    was_since = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["deal", "id"], name="deal_change_by_deal")]

    def __str__(self) -> str:
        return f"{self.deal_id}: {self.stage_id} {self.status}"
