"""The cost ledger's only doors: post, reverse, allocate. Rows are never edited."""

import datetime as dt
from decimal import Decimal

from django.db import IntegrityError, transaction

from common.clock import business_today
from common.money import to_cents
from crm.choices import CostKind
from crm.errors import (
    AlreadyExistsError,
    AlreadyReversedError,
    CannotAllocateError,
    CannotPostError,
)
from crm.models import Account, AllocationRule, LedgerEntry, Touchpoint, User
from crm.services import allocation as allocations
from crm.services import audit

LARGEST_AMOUNT = Decimal("999999999999.99")


def post_entry(
    *,
    actor: User | None,
    account: Account | None,
    kind: str,
    amount: Decimal | int | str,
    incurred_on: dt.date,
    document: str = "",
    note: str = "",
    source: str = "typed",
    external_id: str | None = None,
    touchpoint: Touchpoint | None = None,
    rule: AllocationRule | None = None,
) -> LedgerEntry:
    """Post one cost; without an account it is shared until it is allocated.

    The same `source` and `external_id` twice give the first row when the cost is
    equal.

    Raises
    ------
    CannotPostError
        If the amount is zero or too large, the day lies ahead, the kind is unknown,
        or the account was merged away.
    AlreadyExistsError
        If the external id names another cost.
    """
    cents = to_cents(amount)
    _check_posting(account=account, kind=kind, amount=cents, incurred_on=incurred_on)
    entry = LedgerEntry(
        account=account,
        kind=kind,
        amount=cents,
        incurred_on=incurred_on,
        document=document,
        note=note,
        source=source,
        external_id=external_id or None,
        touchpoint=touchpoint,
        rule=rule,
        created_by=actor,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                entry.save(force_insert=True)
        except IntegrityError:
            return _same_entry(entry)
        audit.record(
            actor=actor, action="ledger.posted", subject=entry, amount=str(cents)
        )
    return entry


def reverse_entry(
    *, actor: User | None, entry: LedgerEntry, reason: str
) -> LedgerEntry:
    """Cancel a cost by a row of the opposite amount, on the same day.

    The two cancel out in every period. A shared cost that was spread leaves its
    accounts first: the whole allocation is undone, since costs that were spread
    together are charged together. What else it had spread stands open again.

    Raises
    ------
    AlreadyReversedError
        If it was reversed before.
    CannotPostError
        If it is itself a reversal.
    """
    with transaction.atomic():
        _lock(entry)
        if entry.reverses_id:
            raise CannotPostError(
                "This is itself a reversal. Post the cost again instead."
            )
        if entry.allocated_from_id:
            raise CannotPostError(
                "This is a share of a common cost. Take back the allocation, or "
                "reverse the common cost itself."
            )
        reversal = _reverse(actor=actor, entry=entry, reason=reason)
        if entry.account_id is None:
            allocations.undo_of_cost(actor=actor, entry=entry, reason=reason)
        audit.record(
            actor=actor, action="ledger.reversed", subject=entry, reason=reason
        )
    return reversal


def allocate(
    *,
    actor: User | None,
    entry: LedgerEntry,
    rule: AllocationRule,
    period_start: dt.date,
    period_end: dt.date,
) -> list[LedgerEntry]:
    """Spread a shared cost over accounts; the parts sum to it exactly.

    Each account's share follows the rule's driver within the period, both days
    included. Accounts whose share rounds to nothing get no part.

    Raises
    ------
    CannotAllocateError
        If the cost is not shared, was spread or reversed before, the rule is for
        another kind or switched off, or no account moved the driver.
    """
    with transaction.atomic():
        _lock(entry)
        _check_allocation(entry, rule, period_start, period_end)
        made = allocations.spread_one(
            actor=actor,
            entry=entry,
            rule=rule,
            period_start=period_start,
            period_end=period_end,
        )
    return list(made.entries.order_by("account", "pk"))


def reverse_allocation(*, actor: User | None, entry: LedgerEntry, reason: str) -> int:
    """Take back the parts of a shared cost, so that it can be spread again.

    Raises
    ------
    CannotAllocateError
        If it has no standing parts.
    """
    with transaction.atomic():
        _lock(entry)
        taken = allocations.undo_of_cost(actor=actor, entry=entry, reason=reason)
        if not taken:
            raise CannotAllocateError("This cost is not spread over accounts.")
        audit.record(
            actor=actor,
            action="ledger.allocation_reversed",
            subject=entry,
            reason=reason,
        )
    return taken


def _check_posting(
    *, account: Account | None, kind: str, amount: Decimal, incurred_on: dt.date
) -> None:
    if kind not in CostKind.values:
        raise CannotPostError(f"There is no kind of cost “{kind}”.", field="kind")
    if amount == 0:
        raise CannotPostError("The amount rounds to zero.", field="amount")
    if abs(amount) > LARGEST_AMOUNT:
        raise CannotPostError("The amount is too large.", field="amount")
    if incurred_on > business_today():
        raise CannotPostError(
            "The day lies in the future. Post the cost once it has come about.",
            field="incurred_on",
        )
    if account is not None and account.merged_into_id:
        raise CannotPostError(
            "This account was merged into another. Charge that one.", field="account"
        )


def _same_entry(entry: LedgerEntry) -> LedgerEntry:
    """Return the stored row of the same source and id if it is the same cost."""
    stored = LedgerEntry.objects.filter(
        source=entry.source, external_id=entry.external_id
    ).first()
    if entry.external_id is None or stored is None:
        raise CannotPostError("The database refused this cost.")
    facts = ("account_id", "kind", "amount", "incurred_on")
    if any(getattr(stored, name) != getattr(entry, name) for name in facts):
        raise AlreadyExistsError(
            f"{entry.source} has another cost under {entry.external_id}. "
            "Reverse that one, and give the new cost an id of its own.",
            field="external_id",
        )
    return stored


def _lock(entry: LedgerEntry) -> None:
    """Let one transaction at a time reverse or spread this cost."""
    LedgerEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)


def _reverse(*, actor: User | None, entry: LedgerEntry, reason: str) -> LedgerEntry:
    if LedgerEntry.objects.filter(reverses=entry).exists():
        raise AlreadyReversedError
    return LedgerEntry.objects.create(
        account_id=entry.account_id,
        kind=entry.kind,
        amount=-entry.amount,
        incurred_on=entry.incurred_on,
        rule_id=entry.rule_id,
        reverses=entry,
        touchpoint_id=entry.touchpoint_id,
        document=entry.document,
        note=f"Reversed: {reason}"[:300],
        source="reversal",
        created_by=actor,
    )


def _check_allocation(
    entry: LedgerEntry,
    rule: AllocationRule,
    period_start: dt.date,
    period_end: dt.date,
) -> None:
    if entry.account_id is not None:
        raise CannotAllocateError("This cost is charged to an account already.")
    if entry.reverses_id or LedgerEntry.objects.filter(reverses=entry).exists():
        raise CannotAllocateError("This cost was reversed; there is nothing to spread.")
    if not LedgerEntry.objects.shared().filter(pk=entry.pk).exists():
        raise CannotAllocateError(
            "This cost is spread already. Reverse the allocation first."
        )
    if not rule.is_active or rule.kind != entry.kind:
        raise CannotAllocateError(
            f"The rule “{rule.name}” is not for this kind of cost.", field="rule"
        )
    if period_start > period_end:
        raise CannotAllocateError(
            "The period ends before it begins.", field="period_end"
        )
