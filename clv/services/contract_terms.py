"""What one run says of one account's contract, in words and dates."""

import datetime as dt
from dataclasses import dataclass

from clv.engine.contracts import renewal_chance
from clv.models import ContractValuation, ValuationRun
from clv.policy import RENEWAL_GRACE_DAYS
from clv.queries.contracts import staged_contracts
from clv.services.contracts import running
from clv.services.renewing import ContractModels
from common.templatetags.display import day, share


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """A contract as a run saw it; `chance` is that of its next renewal."""

    product: str
    started_on: dt.date
    ends_on: dt.date
    is_due: bool
    has_ended: bool
    chance: float

    @property
    def sentence(self) -> str:
        if self.has_ended:
            return f"ended on {day(self.ends_on)}, not renewed"
        if self.is_due:
            return (
                f"ended on {day(self.ends_on)}, not renewed yet, "
                f"{share(self.chance)} expected"
            )
        return f"renews on {day(self.ends_on)}, {share(self.chance)} expected"


def terms_of(*, account_id: int, run: ValuationRun) -> ContractTerms | None:
    """Return the contract by which `run` valued the account, None without one."""
    rows = ContractValuation.objects.filter(run=run, account_id=account_id)
    stored = rows.select_related("product").first()
    learnt = ContractModels.from_parameters((run.parameters or {}).get("contracts"))
    if stored is None or learnt is None:
        return None
    given = staged_contracts(run.pk, run.as_of, first=account_id, last=account_id)
    chance = renewal_chance(
        learnt.models, running(given, learnt), grace_days=float(RENEWAL_GRACE_DAYS)
    )
    return ContractTerms(
        product=stored.product.name,
        started_on=stored.started_on,
        ends_on=stored.ends_on,
        is_due=stored.ends_on < run.as_of,
        has_ended=stored.has_ended,
        chance=float(chance[0]),
    )
