"""Deals: begin them and change what is known of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from common.clock import business_today
from common.money import to_cents
from common.versions import save_changes
from crm import policy
from crm.choices import DealStatus, Source
from crm.errors import CannotSaveDealError
from crm.models import (
    Account,
    Competitor,
    Contact,
    Deal,
    DealChange,
    DealLine,
    DealStage,
    Product,
    User,
)
from crm.services import audit

CHANGEABLE = frozenset(
    {"title", "contact", "owner", "source", "close_on", "competitor", "note"}
)
LONGEST = {"title": 200, "competitor": 200, "note": 20_000, "closing_note": 300}
AMOUNT_LIMIT = Decimal(10) ** 12  # what numeric(14, 2) can hold
MOST_LINES = 100
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class NewLine:
    """One thing to offer: a product or words. A product brings its own unit cost."""

    quantity: Decimal
    unit_price: Decimal
    product: Product | None = None
    text: str = ""
    discount: Decimal = ZERO
    unit_cost: Decimal | None = None


@transaction.atomic
def create_deal(
    *,
    actor: User,
    account: Account,
    title: str,
    stage: DealStage | None = None,
    owner: User | None = None,
    lines: Sequence[NewLine] = (),
    **fields: Any,
) -> Deal:
    """Begin one deal, in the first stage unless another is given.

    Raises
    ------
    CannotSaveDealError
        If a value does not fit, or there is no stage to begin in.
    """
    if account.merged_into_id:
        raise CannotSaveDealError("This account was merged into another.")
    values = _checked(
        actor, account, {"title": title, "owner": owner or actor} | fields
    )
    stage = stage or DealStage.objects.filter(is_active=True).first()
    if stage is None or not stage.is_active:
        raise CannotSaveDealError(
            "There is no such stage. A manager keeps the stages of deals.",
            field="stage",
        )
    prepared = _prepare(lines)
    deal = Deal.objects.create(account=account, stage=stage, created_by=actor, **values)
    _store_lines(deal, prepared)
    DealChange.objects.create(
        deal=deal,
        stage=stage,
        status=DealStatus.OPEN,
        changed_at=deal.stage_since,
        changed_by=actor,
    )
    audit.record(actor=actor, action="deal.created", subject=deal, stage=stage.name)
    deal.refresh_from_db()
    return deal


@transaction.atomic
def change_deal(
    *,
    actor: User,
    deal: Deal,
    expected_version: int | None = None,
    lines: Sequence[NewLine] | None = None,
    **changes: Any,
) -> Deal:
    """Change facts of an open deal; given `lines` replace all that it has.

    Raises
    ------
    CannotSaveDealError
        If the deal is closed or a value does not fit.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if unknown := set(changes) - CHANGEABLE:
        raise TypeError(f"deals have no such fields to change: {sorted(unknown)}")
    values = _checked(actor, deal.account, changes, before=deal)
    prepared = None if lines is None else _prepare(lines)
    version = deal.version if expected_version is None else expected_version
    locked = Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    if not locked.is_open:
        raise CannotSaveDealError("This deal is closed. Open it again to change it.")
    save_changes(deal, expected_version=version, **values)
    if prepared is not None:
        deal.lines.all().delete()
        _store_lines(deal, prepared)
    audit.record(
        actor=actor,
        action="deal.changed",
        subject=deal,
        fields=sorted(values),
        lines=None if prepared is None else len(prepared),
    )
    return deal


# -- Checks and rows ------------------------------------------------------------------


def _checked(
    actor: User, account: Account, values: dict[str, Any], before: Deal | None = None
) -> dict[str, Any]:
    values = values | checked_texts({k: v for k, v in values.items() if k in LONGEST})
    if "competitor" in values:
        values |= named_rival(values["competitor"])
    if "title" in values and not values["title"]:
        raise CannotSaveDealError("Give the deal a title.", field="title")
    contact: Contact | None = values.get("contact")
    if contact is not None and contact.account_id != account.pk:
        raise CannotSaveDealError(
            "Choose a person of the same account.", field="contact"
        )
    if values.get("source", "") not in Source.values:
        raise CannotSaveDealError("There is no such source.", field="source")
    if "owner" in values and (before is None or values["owner"] != before.owner):
        _check_owner(actor, values["owner"])
    close_on = values.get("close_on")
    if close_on is not None and (before is None or close_on != before.close_on):
        _check_close(close_on)
    return values


def checked_texts(values: dict[str, Any]) -> dict[str, str]:
    """Return the texts without spaces around them; too long ones are refused."""
    found = {name: str(value or "").strip() for name, value in values.items()}
    for name, text in found.items():
        if len(text) > LONGEST[name]:
            raise CannotSaveDealError(
                f"Keep it under {LONGEST[name]} characters.", field=name
            )
    return found


def named_rival(words: str) -> dict[str, Any]:
    """Return the words on a competitor, and which of the catalogue they mean."""
    words = " ".join(words.split())
    rival = Competitor.objects.filter(name__iexact=words).first() if words else None
    return {"competitor": rival.name if rival else words, "rival": rival}


def _check_owner(actor: User, owner: User | None) -> None:
    if owner is None or not owner.is_active:
        raise CannotSaveDealError("Somebody must own the deal.", field="owner")
    if not actor.sees_every_account and owner != actor:
        raise CannotSaveDealError(
            "A manager hands deals over. Ask one to change the owner.", field="owner"
        )


def _check_close(day: dt.date) -> None:
    today = business_today()
    if day < today:
        raise CannotSaveDealError(
            "This day is past. Choose today or later.", field="close_on"
        )
    if day > today + policy.FURTHEST_DEAL_AHEAD:
        raise CannotSaveDealError(
            "This day is more than five years ahead.", field="close_on"
        )


def _prepare(lines: Sequence[NewLine]) -> list[DealLine]:
    if len(lines) > MOST_LINES:
        raise CannotSaveDealError(
            f"A deal has {MOST_LINES} lines at most.", field="lines"
        )
    return [_prepared(number, line) for number, line in enumerate(lines, start=1)]


def _prepared(number: int, line: NewLine) -> DealLine:
    text = line.text.strip()
    unit_cost = line.unit_cost
    if unit_cost is None and line.product is not None:
        unit_cost = line.product.unit_cost
    gross = line.quantity * line.unit_price
    problem = ""
    if line.product is None and not text:
        problem = "choose a product or say what it is."
    elif line.quantity <= 0:
        problem = "the quantity must be above 0."
    elif min(line.unit_price, line.discount, unit_cost or ZERO) < 0:
        problem = "prices, discounts and costs cannot be below 0."
    elif line.discount > gross:
        problem = "the discount is higher than the price."
    elif max(to_cents(gross), line.quantity * (unit_cost or ZERO)) >= AMOUNT_LIMIT:
        problem = "the amount is too large."
    if problem:
        raise CannotSaveDealError(f"Line {number}: {problem}", field="lines")
    return DealLine(
        product=line.product,
        text=text,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        unit_cost=unit_cost,
    )


def _store_lines(deal: Deal, lines: list[DealLine]) -> None:
    for line in lines:
        line.deal = deal
    DealLine.objects.bulk_create(lines)
