"""The demo firm's truth, kept beside it so that forecasts can be judged."""

from django.db import models
from django.db.models.functions import Now

from crm.models import Account


class DemoFirm(models.Model):
    """How one demo firm was made: seed, size and the true model parameters."""

    seed = models.BigIntegerField()
    as_of = models.DateField()
    accounts = models.PositiveIntegerField()
    parameters = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Demo firm, seed {self.seed}"


class TrueWorth(models.Model):
    """What is really true of one simulated account on the demo firm's last day."""

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="+"
    )
    is_alive = models.BooleanField()
    orders_per_year = models.FloatField()
    dropout_probability = models.FloatField()
    margin_per_order = models.FloatField()
    expected_margin_36_months = models.DecimalField(max_digits=14, decimal_places=2)

    def __str__(self) -> str:
        return f"Account {self.account_id}"
