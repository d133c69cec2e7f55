"""What the nights said of one account, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from clv.models import Valuation, ValuationRun
from crm.models import Account
from segments.choices import WorthClass
from segments.models import Membership

NIGHTS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Night:
    """One night's value and class; `change` is None where there is none before."""

    run: ValuationRun
    value: Valuation
    worth_class: WorthClass | None
    is_move: bool
    change: Decimal | None

    @property
    def clv_low(self) -> Decimal:
        return Decimal(self.value.realised_profit + self.value.future_low)

    @property
    def clv_high(self) -> Decimal:
        return Decimal(self.value.realised_profit + self.value.future_high)


def account_nights(account: Account) -> list[Night]:
    """Return the published nights that valued `account`, newest first.

    The runs are named one by one, so that only their partitions are opened.
    """
    newest = ValuationRun.objects.kept().order_by("-as_of", "-pk")
    runs = {run.pk: run for run in newest[: NIGHTS_SHOWN + 1]}
    values = Valuation.objects.filter(account=account, run_id__in=list(runs))
    found = sorted(values, key=lambda one: runs[one.run_id].as_of)
    held = list(Membership.objects.filter(account=account).order_by("since"))
    nights: list[Night] = []
    for value in found:
        run, before = runs[value.run_id], nights[-1] if nights else None
        stands = _class_on(held, run)
        is_move = before is not None and before.worth_class != stands
        change = None if before is None else value.clv - before.value.clv
        nights.append(Night(run, value, stands, is_move, change))
    return nights[::-1][:NIGHTS_SHOWN]


def _class_on(held: Sequence[Membership], run: ValuationRun) -> WorthClass | None:
    for one in held:
        if one.since <= run.as_of and (one.until is None or one.until > run.as_of):
            return WorthClass(one.worth_class)
    return None
