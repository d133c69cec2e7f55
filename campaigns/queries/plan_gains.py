"""What a year of each plan costs and gains on one account, before it is put on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from campaigns.engine.justified import gain_of_spending
from campaigns.models import PlanVersion, RetentionPlan
from campaigns.queries.costs import hourly_costs, plan_cost
from campaigns.queries.wallet import Responses, Wallet
from common.money import ZERO


@dataclass(frozen=True, slots=True)
class PlanGain:
    """One plan: what a year of it costs here, and gains net of that.

    The year is weighed by itself, since the plan replaces what was done before.
    `is_measured` says that the plan's own effect was measured.
    """

    plan: RetentionPlan
    cost: Decimal
    is_complete: bool
    gain: Decimal
    is_measured: bool

    @property
    def is_loss(self) -> bool:
        return self.gain < 0


def plan_gains(wallet: Wallet) -> Sequence[PlanGain]:
    """Return the published plans by what a year of each gains, the best first."""
    hourly, responses = hourly_costs(), Responses()
    versions = PlanVersion.objects.published().select_related("plan")
    found = []
    for version in versions.prefetch_related("touches"):
        cost = plan_cost(
            version.touches.all(), hourly=hourly, runs_days=version.runs_days
        )
        own = responses.of(plan_id=version.plan_id)
        response = own if own.measured else wallet.response
        gain = gain_of_spending(
            expected_margin_year=wallet.expected_margin_year,
            expected_margin=wallet.expected_margin,
            effect_share=response.effect,
            scale_share=response.scale,
            used=ZERO,
            cost=cost.per_customer,
        )
        found.append(
            PlanGain(
                plan=version.plan,
                cost=cost.per_customer,
                is_complete=cost.is_complete,
                gain=gain,
                is_measured=own.measured is not None,
            )
        )
    return sorted(found, key=lambda one: (-one.gain, one.plan.name, one.plan.pk))
