"""What the accounts are worth that an account recommended us to."""

from dataclasses import dataclass
from decimal import Decimal

from clv.models import Valuation, ValuationRun
from crm.models import Account, User
from crm.queries.referrals import Referred, referred


@dataclass(frozen=True, slots=True)
class ValuedReferral:
    """One account of the tree with its value; None before its first valuation."""

    referred: Referred
    clv: Decimal | None

    @property
    def indent(self) -> str:
        return "– " * (self.referred.depth - 1)


@dataclass(frozen=True, slots=True)
class Brought:
    """The tree, how many were referred directly, and what all are worth together."""

    rows: list[ValuedReferral]
    direct: int
    clv: Decimal


def brought(account: Account, user: User) -> Brought:
    """Return whom `account` brought directly or through others, with their CLV."""
    tree = referred(account, user)
    run = ValuationRun.objects.current()
    values: dict[int, Decimal] = {}
    if run is not None and tree:
        ids = [one.account.pk for one in tree]
        found = Valuation.objects.of_run(run).filter(account_id__in=ids)
        values = dict(found.values_list("account_id", "clv"))
    return Brought(
        rows=[ValuedReferral(one, values.get(one.account.pk)) for one in tree],
        direct=sum(one.depth == 1 for one in tree),
        clv=sum(values.values(), Decimal(0)),
    )
