"""What a night expects of new customers, by what is known of them before they order."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from clv.models.runs import ValuationRun


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=14, decimal_places=2)


class LikeGroup(models.Model):
    """Accounts without orders of one trait code in one run, and customers like them.

    `margin_per_order` to `share_ordering_again` are what was learnt (with all digits,
    so that a run can be repeated); the rest follows for an account that is won.
    `worth_once_won` is before any cost to win, of which `cost_to_win` is expected;
    `rank` orders prospects: chance to win x worth once won - cost to win.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="+")
    trait_code = models.BigIntegerField()
    industry = models.CharField(
        max_length=80, default="", help_text="as one of the accounts writes it"
    )
    customers = models.PositiveIntegerField(help_text="how many like customers")
    shared = models.PositiveSmallIntegerField(help_text="traits they share, as bits")
    margin_per_order = models.FloatField()
    margin_doubt = models.FloatField()
    pace = models.FloatField()
    pace_doubt = models.FloatField()
    mean_cost_to_win = models.FloatField()
    share_ordering_again = models.FloatField(help_text="-1 where nobody is old enough")
    worth_once_won = money()
    cost_to_win = money()
    chance_to_win = models.FloatField()
    prospects_seen = models.PositiveIntegerField(
        help_text="prospects behind the chance to win; 0 where it is assumed"
    )
    rank = money()
    tenure_years = models.FloatField()
    repeat_share = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "trait_code"], name="like_group_once"
            ),
            models.CheckConstraint(
                condition=Q(chance_to_win__range=(0, 1))
                & Q(repeat_share__range=(0, 1)),
                name="like_group_in_range",
            ),
        ]
        indexes = [
            models.Index(
                F("run"), F("rank").desc(), F("trait_code"), name="like_group_by_rank"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customers} like {self.trait_code} in run {self.run_id}"

    @property
    def traits(self) -> str:
        """Say what the like customers share with the account."""
        names = [word for bit, word in enumerate(WORDS) if self.shared >> bit & 1]
        if not names:
            return "all customers"
        *rest, last = names
        return f"same {', '.join(rest)} and {last}" if rest else f"same {last}"

    def pay_at_most(self, used: Decimal) -> Decimal:
        """Return how much more winning one may cost before it no longer pays."""
        limit: Decimal = Decimal(repr(self.chance_to_win)) * self.worth_once_won
        return max(limit - used, Decimal(0)).quantize(Decimal("0.01"))


WORDS = ("size", "industry", "source", "territory")
