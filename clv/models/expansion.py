"""How likely accounts add a product to what they buy, learnt from the last year."""

from django.db import models
from django.db.models import F, Q

from clv.choices import OfferKind
from clv.models.runs import ValuationRun
from crm.choices import SizeBand
from crm.models import Product


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
