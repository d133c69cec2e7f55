"""Shards: the blocks of accounts that several workers value at once."""

from django.db import models

from clv.models.runs import ValuationRun


class RunShard(models.Model):
    """One block of accounts of one attempt at a run, valued by whoever takes it.

    A worker claims it by raising `token` and taking a lease, as with runs. Its rows and
    `finished_at` are one commit, so that a block is valued once or not at all.
    `run_token` names the attempt: whoever lost the run has lost its shards.
    `inputs_check` tells whether another worker sees the same inputs.
    """

    run = models.ForeignKey(ValuationRun, models.CASCADE, related_name="shards")
    number = models.PositiveIntegerField()
    first_account = models.BigIntegerField()
    last_account = models.BigIntegerField()
    inputs_check = models.BigIntegerField(null=True, blank=True)
    run_token = models.PositiveIntegerField()
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(null=True, blank=True)
    future_cents = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="shard_once_per_run"
            ),
            models.CheckConstraint(
                condition=models.Q(last_account__gte=models.F("first_account")),
                name="shard_has_accounts",
            ),
        ]

    def __str__(self) -> str:
        return f"Accounts {self.first_account} to {self.last_account}"
