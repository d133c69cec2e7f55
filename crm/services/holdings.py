"""What a customer has: begun, changed, ended, replaced, renewed."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from common.clock import business_today, months_later
from common.errors import StaleRecordError
from common.templatetags.display import day
from common.versions import save_changes
from crm.choices import HoldingStatus, OrderStatus
from crm.errors import CannotSaveHoldingError
from crm.models import Account, Holding, OrderLine, Product, User
from crm.services import audit, holding_rules

CHANGEABLE = frozenset({"quantity", "acquired_on", "ends_on", "serial_number", "note"})
STOPPED = (HoldingStatus.ENDED, HoldingStatus.RETURNED)


def add_holding(
    *,
    actor: User | None,
    account: Account,
    product: Product,
    quantity: Decimal,
    acquired_on: dt.date,
    ends_on: dt.date | None = None,
    serial_number: str = "",
    note: str = "",
) -> Holding:
    """Store that a customer has something. A term product is valued the next night.

    Raises
    ------
    CannotSaveHoldingError
        If the quantity or the days cannot be, or the account has it already.
    """
    holding_rules.check_begin(acquired_on)
    holding = Holding(
        account=account,
        product=product,
        quantity=quantity,
        acquired_on=acquired_on,
        ends_on=ends_on,
        serial_number=serial_number.strip(),
        note=note.strip(),
    )
    with transaction.atomic():
        _lock(account)
        _store(holding)
        audit.record(actor=actor, action="holding.added", subject=holding)
    return holding


def hold_from_line(*, actor: User | None, line: OrderLine) -> Holding:
    """Store that a customer has what one order line brought, less what came back.

    Raises
    ------
    CannotSaveHoldingError
        If the line brought no product, was cancelled, came back, or was used before.
    """
    product = line.product
    if product is None:
        raise CannotSaveHoldingError("This line names no product.")
    if line.status != OrderStatus.CONFIRMED:
        raise CannotSaveHoldingError("This order was cancelled.")
    with transaction.atomic():
        _lock(line.account)
        if Holding.objects.filter(order_line=line).exists():
            raise CannotSaveHoldingError("This line is among what they have already.")
        back = line.returns.aggregate(units=Sum("quantity"))["units"] or 0
        term = product.term_months
        holding = Holding(
            account=line.account,
            product=product,
            quantity=line.quantity - back,
            acquired_on=line.ordered_on,
            ends_on=months_later(line.ordered_on, term) if term else None,
            order_line=line,
        )
        if holding.quantity <= 0:
            raise CannotSaveHoldingError("All of this line came back.")
        _store(holding)
        audit.record(
            actor=actor, action="holding.added", subject=holding, order_line=line.pk
        )
    return holding


def change_holding(
    *,
    actor: User | None,
    holding: Holding,
    expected_version: int | None = None,
    **changes: Any,
) -> Holding:
    """Correct what is known of a holding; which product it is stays.

    Raises
    ------
    CannotSaveHoldingError
        If the result cannot be.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise CannotSaveHoldingError(f"{', '.join(sorted(unknown))} cannot be changed.")
    changes = {k: v.strip() if isinstance(v, str) else v for k, v in changes.items()}
    with transaction.atomic():
        _lock(holding.account)
        stored = _fresh(holding, expected_version)
        if changes.get("acquired_on", stored.acquired_on) != stored.acquired_on:
            holding_rules.check_begin(changes["acquired_on"])
        for name, value in changes.items():
            setattr(stored, name, value)
        holding_rules.check(stored)
        save_changes(holding, expected_version=expected_version, **changes)
        audit.record(
            actor=actor,
            action="holding.changed",
            subject=holding,
            fields=sorted(changes),
        )
    return holding


def end_holding(
    *,
    actor: User | None,
    holding: Holding,
    ended_on: dt.date,
    status: str = HoldingStatus.ENDED,
    note: str = "",
    expected_version: int | None = None,
) -> Holding:
    """Say that a customer does not have it any more: used up, or given back.

    Raises
    ------
    CannotSaveHoldingError
        If it has stopped before, or the day is ahead or before it began.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if status not in STOPPED:
        raise CannotSaveHoldingError("Say whether it ended or came back.")
    if ended_on > business_today():
        raise CannotSaveHoldingError(
            "This day is ahead. Change the expected end instead.", field="ended_on"
        )
    with transaction.atomic():
        _lock(holding.account)
        stored = _fresh(holding, expected_version)
        _check_on_hand(stored)
        if ended_on < stored.acquired_on:
            raise CannotSaveHoldingError(
                f"They have it since {day(stored.acquired_on)}; it cannot have ended "
                "before.",
                field="ended_on",
            )
        changes: dict[str, Any] = {"ends_on": ended_on, "status": status}
        if note.strip():
            changes["note"] = f"{stored.note}\n{note.strip()}".strip()
        save_changes(holding, expected_version=expected_version, **changes)
        audit.record(actor=actor, action=f"holding.{status}", subject=holding)
    return holding


def replace_holding(
    *,
    actor: User | None,
    holding: Holding,
    product: Product,
    quantity: Decimal,
    acquired_on: dt.date,
    ends_on: dt.date | None = None,
    serial_number: str = "",
    note: str = "",
    expected_version: int | None = None,
) -> Holding:
    """Put something else in the place of a holding; returns the new one.

    Raises
    ------
    CannotSaveHoldingError
        If the old one has stopped, or the new one cannot be.
    StaleRecordError
        If somebody else changed the old one since `expected_version`.
    """
    holding_rules.check_begin(acquired_on)
    new = Holding(
        account=holding.account,
        product=product,
        quantity=quantity,
        acquired_on=acquired_on,
        ends_on=ends_on,
        serial_number=serial_number.strip(),
        note=note.strip(),
    )
    with transaction.atomic():
        _lock(holding.account)
        return _succeed(actor, holding, new, expected_version, "holding.replaced")


def renew_holding(
    *,
    actor: User | None,
    holding: Holding,
    quantity: Decimal | None = None,
    months: int | None = None,
    expected_version: int | None = None,
) -> Holding:
    """Let the next term of a contract begin where this one ends; returns the new one.

    Raises
    ------
    CannotSaveHoldingError
        If the product is not sold by term, or the contract has stopped.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    term = holding.product.term_months
    if term is None:
        raise CannotSaveHoldingError(
            f"{holding.product} is not sold by term, so there is nothing to renew."
        )
    with transaction.atomic():
        _lock(holding.account)
        stored = _fresh(holding, expected_version)
        begin = stored.term_ends_on(business_today())
        if begin is None:  # the product was changed meanwhile
            raise StaleRecordError
        new = Holding(
            account=holding.account,
            product=holding.product,
            quantity=stored.quantity if quantity is None else quantity,
            acquired_on=begin,
            ends_on=months_later(begin, months or term),
            serial_number=stored.serial_number,
        )
        return _succeed(actor, holding, new, expected_version, "holding.renewed")


def remove_holding(
    *, actor: User | None, holding: Holding, expected_version: int | None = None
) -> None:
    """Take away a holding that was entered by mistake.

    Raises
    ------
    CannotSaveHoldingError
        If its use is known, or it replaced another or was replaced.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    with transaction.atomic():
        _lock(holding.account)
        stored = _fresh(holding, expected_version)
        is_linked = stored.replaced_by_id or stored.replaces.exists()
        if is_linked or stored.usage.exists():
            raise CannotSaveHoldingError(
                "This has a history, so it stays. Say when it ended instead."
            )
        audit.record(
            actor=actor,
            action="holding.removed",
            subject=stored,
            account=stored.account_id,
            product=stored.product_id,
            quantity=str(stored.quantity),
            acquired_on=stored.acquired_on.isoformat(),
        )
        stored.delete()


def _succeed(
    actor: User | None,
    old: Holding,
    new: Holding,
    expected_version: int | None,
    action: str,
) -> Holding:
    """Store `new` in the place of `old`, linked both ways."""
    stored = _fresh(old, expected_version)
    _check_on_hand(stored)
    if new.acquired_on < stored.acquired_on:
        raise CannotSaveHoldingError(
            f"They have the old one since {day(stored.acquired_on)}; the new one "
            "cannot be older.",
            field="acquired_on",
        )
    _store(new, instead_of=stored)
    end = stored.ends_on
    save_changes(
        old,
        expected_version=expected_version,
        status=HoldingStatus.REPLACED,
        replaced_by=new,
        ends_on=new.acquired_on if end is None else min(end, new.acquired_on),
    )
    audit.record(actor=actor, action=action, subject=old, by=new.pk)
    return new


def _store(holding: Holding, *, instead_of: Holding | None = None) -> None:
    holding_rules.check(holding, instead_of=instead_of)
    holding.save(force_insert=True)
    holding.refresh_from_db()


def _check_on_hand(holding: Holding) -> None:
    if holding.status != HoldingStatus.ACTIVE:
        label = holding.get_status_display().lower()
        raise CannotSaveHoldingError(f"This is {label} already.")


def _lock(account: Account) -> None:
    """Let one at a time say what an account has, so that nothing is there twice."""
    list(Account.objects.select_for_update(no_key=True).filter(pk=account.pk))


def _fresh(holding: Holding, expected_version: int | None) -> Holding:
    """Return what is stored, if it is what the caller has seen."""
    seen = holding.version if expected_version is None else expected_version
    rows = Holding.objects.select_related("product", "account")
    stored = rows.filter(pk=holding.pk).first()
    if stored is None or stored.version != seen:
        raise StaleRecordError
    return stored
