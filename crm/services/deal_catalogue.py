"""The firm's own stages of deals and reasons for losing them."""

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from common.versions import save_changes
from crm.errors import CannotSaveDealError
from crm.models import Deal, DealLossReason, DealStage, User
from crm.services import audit

STAGE_FIELDS = frozenset({"name", "prior_chance", "stale_after_days", "is_active"})
LONGEST_STAGE, LONGEST_REASON = 60, 80
MOST_STALE_DAYS = 3650
UP, DOWN = -1, 1


def create_stage(*, actor: User, **values: Any) -> DealStage:
    """Add a stage behind all others.

    Raises
    ------
    CannotSaveDealError
        If the name is empty or taken, or a number is out of range.
    """
    _check_stage(values)
    with transaction.atomic():
        last = DealStage.objects.order_by("-position").first()
        position = last.position + 1 if last else 1
        stage = DealStage(position=position, **values)
        _stored(stage.save)
        audit.record(actor=actor, action="deal_stage.created", subject=stage)
    stage.refresh_from_db()
    return stage


def change_stage(
    *,
    actor: User,
    stage: DealStage,
    expected_version: int | None = None,
    **values: Any,
) -> DealStage:
    """Change a stage; one that open deals stand in stays in use.

    Raises
    ------
    CannotSaveDealError
        If a value does not fit, deals stand in it, or it is the last one.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if unknown := set(values) - STAGE_FIELDS:
        raise TypeError(f"stages have no such fields to change: {sorted(unknown)}")
    _check_stage(values)
    if stage.is_active and values.get("is_active") is False:
        _check_unused(stage)
    with transaction.atomic():
        _stored(
            lambda: save_changes(stage, expected_version=expected_version, **values)
        )
        audit.record(actor=actor, action="deal_stage.changed", subject=stage)
    return stage


@transaction.atomic
def shift_stage(*, actor: User, stage: DealStage, by: int) -> None:
    """Let a stage change places with the one before (`UP`) or behind it (`DOWN`)."""
    rows = list(DealStage.objects.select_for_update().order_by("position", "pk"))
    place = next(n for n, row in enumerate(rows) if row.pk == stage.pk)
    other = place + by
    if not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    for position, row in enumerate(rows, start=1):
        if row.position != position:
            save_changes(row, position=position)
    audit.record(actor=actor, action="deal_stage.shifted", subject=stage, by=by)


def save_reason(
    *,
    actor: User,
    name: str,
    reason: DealLossReason | None = None,
    is_active: bool = True,
) -> DealLossReason:
    """Add a reason for losing, or rename and retire one.

    Raises
    ------
    CannotSaveDealError
        If the name is empty, too long or taken.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_REASON:
        raise CannotSaveDealError(
            f"Give the reason a name of up to {LONGEST_REASON} characters.",
            field="name",
        )
    reason = reason or DealLossReason()
    reason.name, reason.is_active = name, is_active
    with transaction.atomic():
        _stored(reason.save)
        audit.record(actor=actor, action="deal_loss_reason.saved", subject=reason)
    return reason


def _stored(write: Any) -> Any:
    try:
        with transaction.atomic():
            return write()
    except IntegrityError as error:
        raise CannotSaveDealError(
            "There is one of that name already.", field="name"
        ) from error


def _check_stage(values: dict[str, Any]) -> None:
    if "name" in values:
        values["name"] = values["name"].strip()
        if not values["name"] or len(values["name"]) > LONGEST_STAGE:
            raise CannotSaveDealError(
                f"Give the stage a name of up to {LONGEST_STAGE} characters.",
                field="name",
            )
    chance = values.get("prior_chance")
    if chance is not None and not Decimal(0) < chance < Decimal(1):
        raise CannotSaveDealError(
            "The chance lies between 0 and 1, such as 0.25.", field="prior_chance"
        )
    days = values.get("stale_after_days")
    if days is not None and not 1 <= days <= MOST_STALE_DAYS:
        raise CannotSaveDealError(
            f"Days lie between 1 and {MOST_STALE_DAYS}.", field="stale_after_days"
        )


def _check_unused(stage: DealStage) -> None:
    count = Deal.objects.open().filter(stage=stage).count()
    if count:
        raise CannotSaveDealError(
            f"{count} open deal{'' if count == 1 else 's'} stand in this stage. "
            "Move them first.",
            field="is_active",
        )
    if not DealStage.objects.filter(is_active=True).exclude(pk=stage.pk).exists():
        raise CannotSaveDealError("One stage must remain.", field="is_active")
