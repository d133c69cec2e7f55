"""What an hour of somebody costs, and since when."""

from django.db import models
from django.db.models import Q

from common.versions import Timestamped
from crm.models.users import User


class HourlyRate(Timestamped):
    """What an hour of one person costs from one day on, until the next rate begins.

    Before the first of them `User.hourly_cost` counts. Costs that are posted stay as
    they are, whatever rate is set for their day later.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="rates")
    valid_from = models.DateField()
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "valid_from"], name="hourly_rate_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="hourly_rate_not_below_0"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} from {self.valid_from}"
