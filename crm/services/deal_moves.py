"""Deals move through the stages, are won with their order, or lost with a reason."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.clock import business_today
from common.versions import save_changes
from crm import policy
from crm.choices import DealStatus, OrderStatus
from crm.errors import CannotMoveDealError
from crm.models import Deal, DealChange, DealLossReason, DealStage, Order, User
from crm.services import audit, orders
from crm.services.deals import checked_texts, named_rival

ORDER_SOURCE = "deal"


def move_deal(
    *, actor: User, deal: Deal, stage: DealStage, expected_version: int | None = None
) -> DealChange | None:
    """Put an open deal into another stage; into its own changes nothing.

    Raises
    ------
    CannotMoveDealError
        If the deal is closed or the stage is not used any more.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if not deal.is_open:
        raise CannotMoveDealError("This deal is closed. Open it again to move it.")
    if not stage.is_active:
        raise CannotMoveDealError(f"The stage “{stage}” is not used any more.")
    if deal.stage_id == stage.pk:
        return None
    return _step(
        actor, deal, "deal.moved", expected_version=expected_version, stage=stage
    )


def lose_deal(
    *,
    actor: User,
    deal: Deal,
    reason: DealLossReason | None,
    competitor: str = "",
    note: str = "",
    expected_version: int | None = None,
) -> DealChange:
    """Close an open deal as lost, and keep why and to whom.

    Raises
    ------
    CannotMoveDealError
        If it is closed already or no reason is given.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    _check_open(deal)
    if reason is None or not reason.is_active:
        raise CannotMoveDealError("Say why it was lost.", field="reason")
    texts = checked_texts({"competitor": competitor, "closing_note": note})
    return _step(
        actor,
        deal,
        "deal.lost",
        expected_version=expected_version,
        status=DealStatus.LOST,
        closed_on=business_today(),
        loss_reason=reason,
        closing_note=texts["closing_note"],
        **named_rival(texts["competitor"] or deal.competitor),
    )


def win_deal(
    *,
    actor: User,
    deal: Deal,
    competitor: str | None = None,
    note: str = "",
    expected_version: int | None = None,
) -> DealChange:
    """Close an open deal as won; `competitor` is whom it was won from.

    Revenue comes with the order, which `link_order` or `order_deal` ties to it.

    Raises
    ------
    CannotMoveDealError
        If it is closed already.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    _check_open(deal)
    given = deal.competitor if competitor is None else competitor
    texts = checked_texts({"competitor": given, "closing_note": note})
    return _step(
        actor,
        deal,
        "deal.won",
        expected_version=expected_version,
        status=DealStatus.WON,
        closed_on=business_today(),
        closing_note=texts["closing_note"],
        **named_rival(texts["competitor"]),
    )


def reopen_deal(
    *, actor: User, deal: Deal, expected_version: int | None = None
) -> DealChange | None:
    """Open a closed deal again in the stage it had; an open one stays as it is.

    Raises
    ------
    CannotMoveDealError
        If an order is linked to it.
    """
    if deal.is_open:
        return None
    if deal.order_id:
        raise CannotMoveDealError(
            "An order is linked to this deal, so it stays won. Unlink the order first."
        )
    return _step(
        actor,
        deal,
        "deal.reopened",
        expected_version=expected_version,
        status=DealStatus.OPEN,
        closed_on=None,
        loss_reason=None,
        closing_note="",
    )


@transaction.atomic
def undo_change(*, actor: User, change: DealChange) -> Deal:
    """Take the last move of a deal back, as if it had not been.

    Raises
    ------
    CannotMoveDealError
        If the deal moved on since, it was somebody else's move, it was long ago, or
        an order is linked.
    """
    deal = Deal.objects.select_for_update(no_key=True).get(pk=change.deal_id)
    last = deal.changes.first()
    if last is None or last.pk != change.pk or change.was_stage is None:
        raise CannotMoveDealError("This deal moved on since. Move it by hand.")
    if change.changed_by_id != actor.pk:
        raise CannotMoveDealError("Somebody else made this move. Move it by hand.")
    if timezone.now() - change.changed_at > policy.UNDO_WITHIN:
        raise CannotMoveDealError("This move is too old to undo. Move it by hand.")
    if deal.order_id:
        raise CannotMoveDealError("An order is linked to this deal. Unlink it first.")
    values: dict[str, Any] = {
        "stage": change.was_stage,
        "stage_since": change.was_since,
        "status": change.was_status,
    }
    if change.was_status == DealStatus.OPEN:
        values |= {"closed_on": None, "loss_reason": None, "closing_note": ""}
    elif deal.is_open:
        raise CannotMoveDealError("A closed deal is opened again, not undone.")
    save_changes(deal, **values)
    audit.record(
        actor=actor, action="deal.move_undone", subject=deal, stage=deal.stage.name
    )
    change.delete()
    return deal


# -- The order behind a won deal -------------------------------------------------------


@transaction.atomic
def link_order(*, actor: User, deal: Deal, order: Order) -> Deal:
    """Say which order a won deal became, so that its revenue is counted there, once.

    Raises
    ------
    CannotMoveDealError
        If the deal is not won, has an order, or the order is another account's,
        cancelled, or another deal's.
    """
    deal = Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    if deal.status != DealStatus.WON:
        raise CannotMoveDealError("Only a won deal has an order.")
    if deal.order_id == order.pk:
        return deal
    if deal.order_id:
        raise CannotMoveDealError("This deal has an order. Unlink that one first.")
    if order.account_id != deal.account_id or order.status != OrderStatus.CONFIRMED:
        raise CannotMoveDealError(
            "Choose a confirmed order of the same account.", field="order"
        )
    if Deal.objects.filter(order=order).exists():
        raise CannotMoveDealError("Another deal has this order.", field="order")
    save_changes(deal, order=order)
    audit.record(
        actor=actor, action="deal.order_linked", subject=deal, order_id=order.pk
    )
    return deal


@transaction.atomic
def order_deal(*, actor: User, deal: Deal, ordered_on: dt.date) -> Deal:
    """Place the order that a won deal became, from its lines; a repeat places none.

    Raises
    ------
    CannotMoveDealError
        If the deal is not won, has another order, or has no lines.
    OrderRefusedError
        If the day or a line cannot be ordered.
    """
    lines = list(deal.lines.select_related("product"))
    if not lines:
        raise CannotMoveDealError(
            "This deal has no lines. Link the order once it is there."
        )
    if deal.status != DealStatus.WON:
        raise CannotMoveDealError("Only a won deal has an order.")
    if deal.order_id:
        return deal
    order = orders.place_order(
        actor=actor,
        account=deal.account,
        source=ORDER_SOURCE,
        external_id=str(deal.pk),
        ordered_on=ordered_on,
        lines=[
            orders.NewLine(
                quantity=line.quantity,
                unit_price=line.unit_price,
                sku=line.product.sku if line.product else "",
                discount=line.discount,
                unit_cost=line.unit_cost,
            )
            for line in lines
        ],
    )
    return link_order(actor=actor, deal=deal, order=order)


def unlink_order(*, actor: User, deal: Deal) -> Deal:
    """Take the link to its order off a deal; the order stays as it is."""
    with transaction.atomic():
        if deal.order_id:
            audit.record(
                actor=actor,
                action="deal.order_unlinked",
                subject=deal,
                order_id=deal.order_id,
            )
            save_changes(deal, order=None)
    return deal


# -- One move ------------------------------------------------------------------------


def _step(
    actor: User,
    deal: Deal,
    action: str,
    *,
    expected_version: int | None,
    **values: Any,
) -> DealChange:
    """Write one move with its history row; the version decides who was first."""
    now = timezone.now()
    was_stage, was_status, was_since = deal.stage, deal.status, deal.stage_since
    if "stage" in values:
        values["stage_since"] = now
    with transaction.atomic():
        save_changes(deal, expected_version=expected_version, **values)
        change = DealChange.objects.create(
            deal=deal,
            stage=deal.stage,
            status=deal.status,
            was_stage=was_stage,
            was_status=was_status,
            was_since=was_since,
            changed_at=now,
            changed_by=actor,
        )
        audit.record(
            actor=actor,
            action=action,
            subject=deal,
            stage=[was_stage.name, deal.stage.name],
        )
    return change


def _check_open(deal: Deal) -> None:
    if not deal.is_open:
        raise CannotMoveDealError(
            f"This deal was {deal.get_status_display().lower()} before."
        )
