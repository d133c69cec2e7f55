"""Whom else customers buy from, and how much they spend in all."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from common.clock import business_today
from common.versions import save_changes
from crm.choices import EstimateSource
from crm.errors import CannotSaveWalletError
from crm.models import (
    Account,
    Competitor,
    CompetitorPresence,
    Deal,
    Product,
    User,
    WalletEstimate,
)
from crm.services import audit

LARGEST_AMOUNT = Decimal("999999999999.99")
TAKEN = "There is a competitor of this name."


def create_competitor(*, actor: User, name: str, **fields: Any) -> Competitor:
    """Add a competitor to the catalogue; deals that name it by these words mean it.

    Raises
    ------
    CannotSaveWalletError
        If the name is empty or taken.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Competitor.objects.create(name=_checked_name(name), **fields)
        except IntegrityError as error:
            raise CannotSaveWalletError(TAKEN, field="name") from error
        made.refresh_from_db()
        linked = _link_deals(made)
        audit.record(
            actor=actor, action="competitor.created", subject=made, deals=linked
        )
    return made


def change_competitor(
    *,
    actor: User,
    competitor: Competitor,
    expected_version: int | None = None,
    **changes: Any,
) -> Competitor:
    """Change what is known of a competitor.

    Raises
    ------
    CannotSaveWalletError
        If the name is empty or taken.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if "name" in changes:
        changes["name"] = _checked_name(changes["name"])
    with transaction.atomic():
        try:
            with transaction.atomic():
                save_changes(competitor, expected_version=expected_version, **changes)
        except IntegrityError as error:
            raise CannotSaveWalletError(TAKEN, field="name") from error
        if "name" in changes:
            _link_deals(competitor)
        audit.record(
            actor=actor,
            action="competitor.changed",
            subject=competitor,
            fields=sorted(changes),
        )
    return competitor


def note_competitor(
    *,
    actor: User | None,
    account: Account,
    competitor: Competitor,
    category: str = "",
    product: Product | None = None,
    since: dt.date | None = None,
    note: str = "",
) -> CompetitorPresence:
    """Store that an account has something from a competitor.

    Raises
    ------
    CannotSaveWalletError
        If it is known already, the competitor is retired, or the day is ahead.
    """
    _check_account(account)
    if not competitor.is_active:
        raise CannotSaveWalletError(
            f"{competitor} is retired in the catalogue.", field="competitor"
        )
    if since is not None and since > business_today():
        raise CannotSaveWalletError("This day is ahead.", field="since")
    if product is not None and not category:
        category = product.category
    with transaction.atomic():
        list(Account.objects.select_for_update(no_key=True).filter(pk=account.pk))
        known = CompetitorPresence.objects.present().filter(
            account=account, competitor=competitor, category=category, product=product
        )
        if known.exists():
            raise CannotSaveWalletError(
                f"{competitor} is known to be there already.", field="competitor"
            )
        made = CompetitorPresence.objects.create(
            account=account,
            competitor=competitor,
            category=category.strip(),
            product=product,
            since=since,
            note=note.strip(),
            created_by=actor,
        )
        made.refresh_from_db()
        audit.record(actor=actor, action="competitor.noted", subject=made)
    return made


def end_presence(
    *,
    actor: User | None,
    presence: CompetitorPresence,
    until: dt.date,
    expected_version: int | None = None,
) -> CompetitorPresence:
    """Say that a competitor is not there any more.

    Raises
    ------
    CannotSaveWalletError
        If that was said before, or the day is ahead or before it began.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if presence.until is not None:
        raise CannotSaveWalletError("This is known to have ended.")
    if until > business_today():
        raise CannotSaveWalletError("This day is ahead.", field="until")
    if presence.since is not None and until < presence.since:
        raise CannotSaveWalletError("It cannot end before it began.", field="until")
    with transaction.atomic():
        save_changes(presence, expected_version=expected_version, until=until)
        audit.record(actor=actor, action="competitor.gone", subject=presence)
    return presence


def estimate_wallet(
    *,
    actor: User | None,
    account: Account,
    category: str,
    amount: Decimal | None,
    source: str,
    estimated_on: dt.date | None = None,
    note: str = "",
) -> WalletEstimate:
    """Store what an account spends a year on a category; earlier estimates stay.

    Without an amount the spend is unknown again.

    Raises
    ------
    CannotSaveWalletError
        If we sell nothing of the category, the amount is not above 0, or the day is
        ahead.
    """
    _check_account(account)
    estimated_on = estimated_on or business_today()
    if not category or not Product.objects.filter(category=category).exists():
        raise CannotSaveWalletError(
            "We sell nothing of this category.", field="category"
        )
    if amount is not None and not 0 < amount <= LARGEST_AMOUNT:
        raise CannotSaveWalletError(
            "The amount is above 0, or empty if it is not known.", field="amount"
        )
    if source not in EstimateSource.values:
        raise CannotSaveWalletError("Say where this is known from.", field="source")
    if estimated_on > business_today():
        raise CannotSaveWalletError("This day is ahead.", field="estimated_on")
    with transaction.atomic():
        made = WalletEstimate.objects.create(
            account=account,
            category=category,
            amount=amount,
            source=source,
            estimated_on=estimated_on,
            note=note.strip(),
            created_by=actor,
        )
        audit.record(actor=actor, action="wallet.estimated", subject=made)
    return made


def _link_deals(competitor: Competitor) -> int:
    """Let deals that name the competitor mean it, and call it by its present name."""
    meant = Q(rival=competitor) | Q(rival=None, competitor__iexact=competitor.name)
    rows = Deal.objects.filter(meant).exclude(
        rival=competitor, competitor=competitor.name
    )
    return rows.update(rival=competitor, competitor=competitor.name)


def _check_account(account: Account) -> None:
    if account.merged_into_id:
        raise CannotSaveWalletError("This account was merged into another.")


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise CannotSaveWalletError("A competitor needs a name.", field="name")
    return name
