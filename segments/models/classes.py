"""Worth classes: the rule, who stands where since when, and the nightly totals."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clv.models import ValuationRun
from crm.models import Account, User
from segments.choices import WorthClass


class PolicyQuerySet(models.QuerySet["ClassPolicy"]):
    def current(self) -> "ClassPolicy | None":
        """Return the newest version, or None before the first night."""
        return self.order_by("-pk").first()


class ClassPolicy(models.Model):
    """One version of the class rule. Never edited; the newest counts.

    Never profitable: the whole relationship, past and expected, loses money. Current
    key: the last year's profit and the expected value both reach their thresholds.
    Potential key: the expected value reaches its threshold. General: the rest. A
    member of a class stays in it until a threshold is missed by more than the band.
    """

    realised_threshold = models.DecimalField(max_digits=14, decimal_places=2)
    expected_threshold = models.DecimalField(max_digits=14, decimal_places=2)
    band = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.1000"),
        help_text="share of a threshold by which a member may miss it",
    )
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "class policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(realised_threshold__gt=0, expected_threshold__gt=0)
                & Q(band__gte=0, band__lt=1),
                name="policy_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.pk}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def open(self) -> Self:
        """Keep the memberships that hold today."""
        return self.filter(until=None)

    def on(self, day: object) -> Self:
        """Keep the memberships that held on `day`."""
        return self.filter(Q(until=None) | Q(until__gt=day), since__lte=day)

    def visible_to(self, user: User) -> Self:
        """Keep memberships of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)


class Membership(models.Model):
    """One account in one class from `since` until the day before `until`.

    The intervals of an account touch and never overlap: one class on every day.
    `reason` is the one for which it began; `queries.reasons` says it in the figures of
    today.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, choices=WorthClass.choices)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=400)
    run = models.ForeignKey(ValuationRun, models.PROTECT, related_name="+")
    policy = models.ForeignKey(ClassPolicy, models.PROTECT, related_name="+")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(until=None),
                include=["worth_class"],
                name="membership_one_open",
            ),
            models.UniqueConstraint(
                fields=["account", "since"], name="membership_one_per_start"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")),
                name="membership_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["worth_class", "account"],
                condition=Q(until=None),
                name="membership_open_by_class",
            )
        ]

    def __str__(self) -> str:
        return f"{self.worth_class} since {self.since}"


class Override(models.Model):
    """A person's decision that an account stands in a class, with reason and end."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, choices=WorthClass.choices)
    reason = models.CharField(max_length=300)
    expires_on = models.DateField()
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.worth_class} until {self.expires_on}"


class ClassTotal(models.Model):
    """One class in one run: how many, how much, who came and went."""

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    policy = models.ForeignKey(
        ClassPolicy,
        models.PROTECT,
        null=True,
        related_name="class_totals",
        help_text="the rule applied; runs from before it was kept have none",
    )
    worth_class = models.CharField(max_length=20, choices=WorthClass.choices)
    accounts = models.PositiveIntegerField()
    customers = models.PositiveIntegerField(help_text="accounts that ever ordered")
    clv = models.DecimalField(max_digits=18, decimal_places=2)
    future_value = models.DecimalField(max_digits=18, decimal_places=2)
    customer_equity = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        help_text="future value of the accounts that ever ordered",
    )
    equity_low = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        help_text="customer equity lies above this with 90 %; unknown in early runs",
    )
    equity_high = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    realised_profit = models.DecimalField(max_digits=18, decimal_places=2)
    margin_year = models.DecimalField(max_digits=18, decimal_places=2)
    cost_year = models.DecimalField(max_digits=18, decimal_places=2)
    came = models.PositiveIntegerField()
    left = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "worth_class"], name="class_total_once_per_run"
            )
        ]

    def __str__(self) -> str:
        return f"{self.worth_class} in run {self.run_id}"
