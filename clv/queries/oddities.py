"""Absurd amounts of a run, with the accounts and the entries that they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models.functions import Abs

from clv.models import ValuationRun
from clv.policy import COST_DRIVERS, WINNING_KINDS
from crm.choices import CostKind
from crm.models import Account, LedgerEntry

COST_TO_WIN, MARGIN = "to_win", "margin"
LABELS = {str(value): f"{label} cost" for value, label in CostKind.choices} | {
    COST_TO_WIN: "Cost to win",
    MARGIN: "Margin",
}


@dataclass(frozen=True, slots=True)
class OddAmount:
    """One account's amount that is many times what is usual.

    `entry` is the largest ledger row behind a cost; a margin has none. Others learn
    from it as if it were `counted`, from an absurd amount nothing.
    """

    account: Account
    label: str
    amount: Decimal
    times: int
    entry: LedgerEntry | None
    counted: Decimal | None = None

    @property
    def is_mean(self) -> bool:
        """Tell whether the amount is that of a mean order."""
        return self.entry is None and self.counted is not None

    @property
    def figure(self) -> str:
        """Return which figure of the profit and loss holds the rows behind it."""
        return self.entry.kind if self.entry else "revenue"


@dataclass(frozen=True, slots=True)
class Oddities:
    """All that a run has named; the counts may be more than are listed.

    `listed` are absurd, `drawn_in` those from which others learn up to a limit.
    """

    count: int
    listed: Sequence[OddAmount]
    drawn_in_count: int = 0
    drawn_in: Sequence[OddAmount] = ()

    def __bool__(self) -> bool:
        return bool(self.count or self.drawn_in_count)


NAMED_BY = ("value", "fit")  # steps; the latter in earlier runs


def oddities_of(run: ValuationRun) -> Oddities:
    """Return what a run has named."""
    steps = run.steps.filter(name__in=NAMED_BY)
    return oddities(run, {step.name: step.detail for step in steps})


def oddities(run: ValuationRun, details: Mapping[str, Mapping[str, Any]]) -> Oddities:
    """Return the absurd amounts of `run` from what its steps have kept: two reads."""
    kept = [details.get(name, {}).get("oddities", {}) for name in NAMED_BY]
    found: Mapping[str, Any] = kept[0] or kept[1]
    absurd, limited = found.get("furthest", []), found.get("drawn_in", {})
    beyond = limited.get("furthest", [])
    accounts = Account.objects.in_bulk([one["account"] for one in (*absurd, *beyond)])
    entries = _largest_entries(run, accounts)

    def told(named: Sequence[Mapping[str, Any]]) -> list[OddAmount]:
        return [
            OddAmount(
                account=accounts[one["account"]],
                label=LABELS[one["kind"]],
                amount=Decimal(one["amount"]),
                times=one["times"],
                entry=entries.get((one["account"], one["kind"])),
                counted=Decimal(one["counted"]) if "counted" in one else None,
            )
            for one in named
            if one["account"] in accounts
        ]

    return Oddities(
        found.get("count", 0), told(absurd), limited.get("count", 0), told(beyond)
    )


def _largest_entries(
    run: ValuationRun, accounts: Mapping[int, Account]
) -> dict[tuple[int, str], LedgerEntry]:
    """Return the largest standing row of each account and kind, winning as one."""
    if not accounts:
        return {}
    rows = (
        LedgerEntry.objects.filter(
            account__in=accounts,
            incurred_on__lte=run.as_of,
            kind__in=[*COST_DRIVERS, *WINNING_KINDS],
        )
        .annotate(size=Abs("amount"))
        .order_by("account_id", "kind", "-size", "pk")
        .distinct("account_id", "kind")
    )
    largest: dict[tuple[int, str], LedgerEntry] = {}
    for row in rows:
        kind = COST_TO_WIN if row.kind in WINNING_KINDS else row.kind
        key = (row.account_id or 0, kind)
        if key not in largest or abs(row.amount) > abs(largest[key].amount):
            largest[key] = row
    return largest
