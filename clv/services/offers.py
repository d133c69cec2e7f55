"""Offers: written each night, taken up as a task, dismissed with a reason."""

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone

from clv.choices import DismissReason, OfferState
from clv.errors import CannotDecideError
from clv.models import ExpansionOffer, OfferDecision, ValuationRun
from clv.policy import OFFER_FOLLOW_UP_DAYS, OFFER_SILENT_MONTHS
from clv.queries.expansion import PAIRS
from clv.queries.offers import Offer, newest_rates, offers_of
from common.clock import business_today, months_later
from common.templatetags.display import day
from crm.models import Account, Product, User
from crm.services import audit, tasks

LONGEST_NOTE = 300

# Offers are somebody's work, so only accounts with an owner have them here.
WRITE = f"""
    INSERT INTO clv_expansionoffer
        (account_id, base_id, offered_id, kind, probability, yearly_gain, amount, by_on)
    WITH pair AS MATERIALIZED ({PAIRS}),
    involved AS (SELECT base AS product FROM pair UNION SELECT offered FROM pair),
    mine AS MATERIALIZED (
        SELECT a.id, a.size_band, v.probability_alive AS alive
        FROM crm_account a
        JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
        WHERE a.owner_id IS NOT NULL AND a.merged_into_id IS NULL
            AND v.probability_alive IS NOT NULL
    ),
    owned AS MATERIALIZED (
        SELECT account_id, product_id, min(day) AS since FROM (
            SELECT l.account_id, l.product_id, l.ordered_on AS day
            FROM crm_orderline l JOIN mine ON mine.id = l.account_id
            WHERE l.status = 'confirmed'
                AND l.product_id IN (SELECT product FROM involved)
            UNION ALL
            SELECT h.account_id, h.product_id, h.acquired_on
            FROM crm_holding h JOIN mine ON mine.id = h.account_id
            WHERE h.product_id IN (SELECT product FROM involved)
        ) seen GROUP BY account_id, product_id
    )
    SELECT DISTINCT ON (m.id, r.offered_id) m.id, r.base_id, r.offered_id, r.kind,
        r.probability * m.alive, r.yearly_gain,
        round((r.probability * m.alive)::numeric * r.yearly_gain, 2),
        b.since + r.lag_days
    FROM mine m
    JOIN owned b ON b.account_id = m.id
    JOIN clv_expansionrate r ON r.run_id = %(rates)s AND r.base_id = b.product_id
        AND r.size_band = m.size_band
    JOIN pair p ON p.base = r.base_id AND p.offered = r.offered_id AND p.kind = r.kind
    LEFT JOIN owned o ON o.account_id = m.id AND o.product_id = r.offered_id
    WHERE o.account_id IS NULL
    ORDER BY m.id, r.offered_id, r.probability * r.yearly_gain::float8 DESC, r.base_id
"""


@transaction.atomic
def write_offers(run: ValuationRun) -> int:
    """Write the offers of the current run anew; a run of the past has none.

    Returns how many there are.
    """
    if not run.is_current:
        return 0
    ExpansionOffer.objects.all().delete()
    rates = newest_rates().first()
    if rates is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"run": run.pk, "rates": rates})
        return int(cursor.rowcount)


def accept_offer(
    *,
    actor: User,
    account: Account,
    offered: Product,
    due_on: dt.date | None = None,
    note: str = "",
) -> OfferDecision:
    """Take an offer up: a task for the account's owner follows it.

    Raises
    ------
    CannotDecideError
        If this is no offer to the account, or it was decided before.
    CannotSaveTaskError
        If the day is past.
    """
    day_due = due_on or business_today() + dt.timedelta(days=OFFER_FOLLOW_UP_DAYS)
    note = _checked(note)
    with transaction.atomic():
        offer = _open_offer(account, offered)
        word = "instead of" if offer.is_upgrade else "with"
        title = f"Offer {offer.offered} {word} {offer.base}"
        task = tasks.create_task(
            actor=actor,
            account=account,
            title=title[: tasks.LONGEST_TITLE],
            due_on=day_due,
            owner=account.owner if account.owner and account.owner.is_active else actor,
        )
        return _decide(
            actor, account, offer, state=OfferState.ACCEPTED, task=task, note=note
        )


def dismiss_offer(
    *,
    actor: User,
    account: Account,
    offered: Product,
    reason: str,
    note: str = "",
    months: int = OFFER_SILENT_MONTHS,
) -> OfferDecision:
    """Do not offer this for some months, and say why.

    Raises
    ------
    CannotDecideError
        If this is no offer to the account, it was decided before, or without reason.
    """
    if reason not in DismissReason.values:
        raise CannotDecideError("Say why it is not offered.", field="reason")
    if not 1 <= months <= 10 * OFFER_SILENT_MONTHS:
        raise CannotDecideError("Choose 1 to 60 months.", field="months")
    note = _checked(note)
    with transaction.atomic():
        offer = _open_offer(account, offered)
        until = months_later(business_today(), months)
        return _decide(
            actor,
            account,
            offer,
            state=OfferState.DISMISSED,
            reason=reason,
            note=note,
            silent_until=until,
        )


def withdraw_decision(*, actor: User, decision: OfferDecision) -> OfferDecision:
    """Take a decision back, so that the product is offered again.

    The task of an offer that was taken up stays; it may have been worked on.

    Raises
    ------
    CannotDecideError
        If it was withdrawn before.
    """
    with transaction.atomic():
        rows = OfferDecision.objects.filter(pk=decision.pk, withdrawn_at=None)
        if not rows.update(withdrawn_at=timezone.now(), withdrawn_by=actor):
            raise CannotDecideError("This was taken back before.")
        decision.refresh_from_db()
        audit.record(actor=actor, action="offer.withdrawn", subject=decision)
    return decision


def _open_offer(account: Account, offered: Product) -> Offer:
    """Return the offer if it stands open; one at a time decides for an account."""
    if account.merged_into_id:
        raise CannotDecideError("This account was merged into another.")
    list(Account.objects.select_for_update(no_key=True).filter(pk=account.pk))
    found = offers_of(account)
    for offer in found.open:
        if offer.offered == offered:
            return offer
    for offer in found.decided:
        if offer.offered == offered and offer.decision is not None:
            label = offer.decision.get_state_display().lower()
            when = day(offer.decision.decided_on)
            raise CannotDecideError(f"This was {label} on {when}.")
    raise CannotDecideError(
        f"{offered} goes with nothing that they have, or they have it already.",
        field="offered",
    )


def _decide(
    actor: User, account: Account, offer: Offer, **fields: object
) -> OfferDecision:
    decision = OfferDecision.objects.create(
        account=account,
        base=offer.base,
        offered=offer.offered,
        kind=offer.kind,
        decided_on=business_today(),
        decided_by=actor,
        probability=offer.chance,
        yearly_gain=offer.rate.yearly_gain if offer.rate else None,
        **fields,
    )
    audit.record(actor=actor, action=f"offer.{decision.state}", subject=decision)
    return decision


def _checked(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise CannotDecideError("Write up to 300 characters.", field="note")
    return note
