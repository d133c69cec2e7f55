"""The four classes as one person may see them."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from clv.models import Valuation, ValuationRun
from crm.models import User
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership

SUMS = ("clv", "future_value", "realised_profit", "margin_year", "cost_year")
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Standing:
    """One class in one run, over the accounts that the caller sees.

    `equity_low` and `equity_high` are known of whole classes only, not of the part
    that a rep sees.
    """

    key: WorthClass
    run: ValuationRun | None
    accounts: int = 0
    customers: int = 0
    clv: Decimal = ZERO
    future_value: Decimal = ZERO
    customer_equity: Decimal = ZERO
    equity_low: Decimal | None = None
    equity_high: Decimal | None = None
    realised_profit: Decimal = ZERO
    margin_year: Decimal = ZERO
    cost_year: Decimal = ZERO

    @property
    def label(self) -> str:
        return self.key.label

    @property
    def rank(self) -> int:
        return self.key.rank


def class_standings(*, run: ValuationRun | None, user: User) -> list[Standing]:
    """Return the four classes in order of worth, empty ones too.

    Who sees every account gets the totals that the night left; a rep gets those of
    the accounts they own.
    """
    if run is None:
        return [Standing(key, None) for key in WorthClass]
    found = _of_the_firm(run) if user.sees_every_account else _own(run, user)
    return [found.get(key, Standing(key, run)) for key in WorthClass]


def _of_the_firm(run: ValuationRun) -> dict[WorthClass, Standing]:
    return {
        WorthClass(total.worth_class): Standing(
            key=WorthClass(total.worth_class),
            run=run,
            accounts=total.accounts,
            customers=total.customers,
            customer_equity=total.customer_equity,
            equity_low=total.equity_low,
            equity_high=total.equity_high,
            **{name: getattr(total, name) for name in SUMS},
        )
        for total in ClassTotal.objects.filter(run=run)
    }


def _own(run: ValuationRun, user: User) -> dict[WorthClass, Standing]:
    held = dict(
        Membership.objects.on(run.as_of)
        .visible_to(user)
        .values_list("account_id", "worth_class")
    )
    by_class: dict[str, list[Valuation]] = defaultdict(list)
    for value in Valuation.objects.of_run(run).visible_to(user):
        if value.account_id in held:
            by_class[held[value.account_id]].append(value)
    return {
        WorthClass(key): Standing(
            key=WorthClass(key),
            run=run,
            accounts=len(values),
            customers=sum(value.first_on is not None for value in values),
            customer_equity=sum(
                (v.future_value for v in values if v.order_days > 0), ZERO
            ),
            **{name: sum((getattr(v, name) for v in values), ZERO) for name in SUMS},
        )
        for key, values in by_class.items()
    }
