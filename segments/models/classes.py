"""Worth classes: the rule, who stands where since when, and the nightly totals."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clv.models import ValuationRun
from common.clock import business_today
from common.versions import Versioned
from crm.models import Account, User
from segments.choices import WorthClass

CENT = Decimal("0.01")


class RuleNumbers(models.Model):
    """The numbers of the class rule that people choose; every field is one of them."""

    realised_threshold = models.DecimalField(max_digits=14, decimal_places=2)
    expected_threshold = models.DecimalField(max_digits=14, decimal_places=2)
    least_confidence = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.500"),
        help_text="how sure the expected value must reach its threshold; 0.5 takes the"
        " expected value itself, 0.9 the lower end of its 80 % range",
    )
    cost_limit = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="most of last year's margin that serving a current key may cost",
    )
    loss_limit = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        default=Decimal("0.00"),
        help_text="a CLV below this makes an account never profitable",
    )
    band = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.1000"),
        help_text="share of a threshold by which a member may miss it",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(realised_threshold__gt=0, expected_threshold__gt=0)
                & Q(band__gte=0, band__lt=1),
                name="%(class)s_in_range",
            ),
            models.CheckConstraint(
                condition=Q(least_confidence__range=(Decimal("0.5"), Decimal("0.9")))
                & (Q(cost_limit=None) | Q(cost_limit__gt=0, cost_limit__lt=1))
                & Q(loss_limit__lte=0),
                name="%(class)s_limits_in_range",
            ),
        ]

    @classmethod
    def number_names(cls) -> tuple[str, ...]:
        """Return the names of the numbers, in the order in which they are written."""
        return tuple(field.name for field in RuleNumbers._meta.fields)

    @property
    def numbers(self) -> Mapping[str, Any]:
        """Return the rule by name."""
        return {name: getattr(self, name) for name in self.number_names()}

    @property
    def loss_kept_below(self) -> Decimal:
        """Return the CLV from which a member of *never profitable* leaves it.

        A limit of 0 has no share to be missed by, so the band is one of last year's
        profit here.
        """
        return (self.loss_limit + self.band * self.realised_threshold).quantize(CENT)


class PolicyQuerySet(models.QuerySet["ClassPolicy"]):
    def current(self, day: dt.date | None = None) -> "ClassPolicy | None":
        """Return the newest version whose day has come, None before the first night."""
        has_come = Q(valid_from=None) | Q(valid_from__lte=day or business_today())
        return self.filter(has_come).order_by("-pk").first()


class ClassPolicy(RuleNumbers):
    """One version of the class rule. Never edited; the newest counts.

    Never profitable: the whole relationship, past and expected, loses money. Current
    key: the last year's profit and the expected value both reach their thresholds, and
    serving takes no more of the margin than the limit. Potential key: the expected
    value reaches its threshold. General: the rest. A member of a class stays in it
    until a threshold is missed by more than the band.
    """

    valid_from = models.DateField(
        null=True, blank=True, help_text="empty: from the run after it was published"
    )
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PolicyQuerySet.as_manager()

    class Meta(RuleNumbers.Meta):
        abstract = False
        ordering = ["-pk"]
        verbose_name_plural = "class policies"

    def __str__(self) -> str:
        return f"Version {self.pk}"


class PolicyDraft(RuleNumbers, Versioned):
    """The rule that one person is about to publish; everybody has an own draft."""

    author = models.OneToOneField(User, models.CASCADE, related_name="+")
    based_on = models.ForeignKey(ClassPolicy, models.PROTECT, related_name="+")

    class Meta(RuleNumbers.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"Draft of {self.author_id}"


class ClassingRequest(models.Model):
    """Somebody wants the current run classed anew; whoever sweeps next sees to it."""

    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(taken_at=None), name="classing_request_open"
            )
        ]

    def __str__(self) -> str:
        return f"Asked for at {self.created_at}"


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
            ),
            # Who moved between two days is found by where intervals begin and end.
            models.Index(fields=["since"], name="membership_by_since"),
            models.Index(
                fields=["until"],
                condition=Q(until__isnull=False),
                name="membership_by_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worth_class} since {self.since}"


class OverrideQuerySet(models.QuerySet["Override"]):
    def open(self) -> Self:
        """Keep those that nobody has ended and no night has let expire."""
        return self.filter(ended_at=None)

    def visible_to(self, user: User) -> Self:
        """Keep overrides of accounts that `user` may see."""
        rows = self.filter(account__merged_into=None)
        return rows if user.sees_every_account else rows.filter(account__owner=user)


class Override(Versioned):
    """A person's decision that an account stands in a class, with reason and end.

    It counts up to and including `expires_on`. One that is changed ends, and another
    takes its place, so that what counted on a day stays known.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, choices=WorthClass.choices)
    reason = models.CharField(max_length=300)
    expires_on = models.DateField()
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="empty where a night let it expire",
    )
    ending = models.CharField(
        max_length=300, blank=True, default="", help_text="why it was ended"
    )

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(ended_at=None),
                name="override_one_open",
            )
        ]

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


class ClassPortrait(models.Model):
    """What the night saw of the members of one class; pages read it in one row."""

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    worth_class = models.CharField(max_length=20, choices=WorthClass.choices)
    facts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "worth_class"], name="class_portrait_once_per_run"
            )
        ]

    def __str__(self) -> str:
        return f"{self.worth_class} in run {self.run_id}"
