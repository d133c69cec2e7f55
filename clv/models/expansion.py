"""How likely accounts add a product to what they buy, and what is done about it."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from clv.choices import DismissReason, OfferKind, OfferState
from clv.models.runs import ValuationRun
from common.versions import Timestamped
from crm.choices import SizeBand
from crm.models import Account, Product, Task, User


class ExpansionRate(models.Model):
    """One pair of products for accounts of one size, as of one run's day.

    Of `owners`, accounts that had `base` and not `offered` a year before, `buyers` had
    it on the day. `probability` is that share drawn towards that of all accounts;
    `yearly_gain` is what a buyer's year with it brings.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    base = models.ForeignKey(Product, models.CASCADE, related_name="+")
    offered = models.ForeignKey(Product, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=OfferKind.choices)
    size_band = models.CharField(max_length=10, choices=SizeBand.choices, blank=True)
    owners = models.PositiveIntegerField()
    buyers = models.PositiveIntegerField()
    probability = models.FloatField()
    yearly_gain = models.DecimalField(max_digits=14, decimal_places=2)
    lag_days = models.IntegerField(
        null=True, help_text="half of the buyers bought within so many days of the base"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "size_band", "base", "offered", "kind"],
                name="expansion_rate_once",
            ),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1)
                & Q(buyers__lte=F("owners"))
                & Q(yearly_gain__gt=0),
                name="expansion_rate_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base_id} to {self.offered_id}: {self.probability:.2f}"

    @property
    def seen(self) -> str:
        """Say how many like accounts did it, or what is taken where none was seen."""
        if not self.owners:
            return "no account of this size had it a year ago, so all sizes are taken"
        seen = f"{self.buyers} of {self.owners} accounts of this size"
        return f"{seen} bought it within a year"


class OfferQuerySet(models.QuerySet["ExpansionOffer"]):
    def visible_to(self, user: User) -> Self:
        """Keep offers for accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def open(self, today: dt.date) -> Self:
        """Keep what was neither taken up nor is dismissed on `today`."""
        decided = OfferDecision.objects.standing(today).filter(
            account=OuterRef("account"), offered=OuterRef("offered")
        )
        return self.exclude(Exists(decided))


class ExpansionOffer(models.Model):
    """A product that an account with an owner may add within a year, as of one night.

    Written anew each night; `amount` is probability times gain, `probability` that of
    buying within a year and of still being a customer. A product that several others
    speak for stands once, with the strongest.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    base = models.ForeignKey(Product, models.CASCADE, related_name="+", db_index=False)
    offered = models.ForeignKey(Product, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=OfferKind.choices)
    probability = models.FloatField()
    yearly_gain = models.DecimalField(max_digits=14, decimal_places=2)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    by_on = models.DateField(null=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["-amount", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "offered"], name="expansion_offer_once"
            )
        ]
        indexes = [models.Index(fields=["amount", "id"], name="offer_by_amount")]

    def __str__(self) -> str:
        return f"{self.offered_id} to account {self.account_id}"


class DecisionQuerySet(models.QuerySet["OfferDecision"]):
    def visible_to(self, user: User) -> Self:
        """Keep decisions on accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def standing(self, today: dt.date) -> Self:
        """Keep what holds on `today`: taken up, or dismissed and still silent."""
        return self.filter(withdrawn_at=None).filter(
            Q(state=OfferState.ACCEPTED) | Q(silent_until__gt=today)
        )


class OfferDecision(Timestamped):
    """What somebody decided on one offer, and what was expected of it then.

    Decisions are kept: one that was withdrawn or has run out stays as history.
    """

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_index=False
    )
    base = models.ForeignKey(Product, models.PROTECT, related_name="+")
    offered = models.ForeignKey(Product, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=OfferKind.choices)
    state = models.CharField(max_length=10, choices=OfferState.choices)
    reason = models.CharField(
        max_length=12, choices=DismissReason.choices, blank=True, default=""
    )
    note = models.CharField(max_length=300, blank=True, default="")
    decided_on = models.DateField()
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    silent_until = models.DateField(null=True, blank=True)
    probability = models.FloatField(null=True, blank=True)
    yearly_gain = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True
    )
    task = models.ForeignKey(
        Task, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=OfferState.ACCEPTED, reason="", silent_until=None)
                | (
                    Q(state=OfferState.DISMISSED, silent_until__isnull=False)
                    & ~Q(reason="")
                ),
                name="offer_dismissed_with_a_reason",
            )
        ]
        indexes = [
            models.Index(fields=["state", "decided_on"], name="offer_decision_by_day"),
            models.Index(
                fields=["account", "decided_on"], name="offer_decision_by_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offered_id} to account {self.account_id}: {self.state}"
