"""Accounts on plans: by class and refinement by themselves, and by hand."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.utils import timezone

from campaigns.choices import GateOccasion, VersionStatus
from campaigns.errors import CannotAssignError
from campaigns.models import PlanAssignment, PlanVersion, RetentionPlan
from campaigns.services import planning
from campaigns.services.following import Assigned, follow_classes
from campaigns.services.gate import Decision, decide, weigh_plan
from common.clock import business_today
from crm.choices import ListKey, Stage
from crm.errors import BulkRefusedError
from crm.models import Account, BulkEdit, User
from crm.services import audit
from crm.services.bulk import UNDO_WITHIN
from crm.services.bulk_steps import LONGEST_MS, MOST_AT_ONCE
from segments.models import Membership

__all__ = [
    "Assigned",
    "HandAssigned",
    "assign_by_hand",
    "assign_weighed",
    "follow_classes",
    "take_off",
    "undo_assignment",
    "welcome",
]

NOT_YOURS = "One of the accounts is not there any more, or not yours."
ACTION = "plan"  # of the bulk edit that keeps what an undo needs


@dataclass(frozen=True, slots=True)
class HandAssigned:
    """What putting accounts on a plan by hand did.

    `unchanged` follow the plan by hand already, on the same terms; `left_out` were at
    the gate. `edit` takes it back; there is none where nobody was changed, or where no
    person did it.
    """

    assigned: int
    unchanged: int
    edit: BulkEdit | None
    left_out: int = 0


@transaction.atomic
def assign_by_hand(
    *,
    actor: User | None,
    account_ids: Sequence[int],
    plan: RetentionPlan,
    reason: str,
    ends_on: dt.date | None = None,
    list_key: str = ListKey.ACCOUNTS,
) -> HandAssigned:
    """Put accounts on a plan from today on; their open touches are swapped at once.

    It goes before the plans of their classes until the end of `ends_on`, or until the
    class changes where no day is named. An actor who is a person can take it back.
    Called again with the same, it changes nothing.

    Raises
    ------
    CannotAssignError
        If no reason is given, the plan is not in force, the day is past, or an account
        is unknown, out of the actor's sight, merged away or no customer any more.
        Nothing is changed then.
    """
    today = business_today()
    reason = reason.strip()
    _check_terms(plan, reason, ends_on, today)
    keys = _locked(actor, account_ids)
    same = PlanAssignment.objects.open().filter(
        account__in=keys, plan=plan, is_by_hand=True, ends_on=ends_on
    )
    unchanged = set(same.values_list("account", flat=True))
    new = [key for key in keys if key not in unchanged]
    if not new:
        return HandAssigned(0, len(unchanged), None)
    edit = _edit(actor, list_key, plan) if actor is not None else None
    before = _close(new, today, f"Put on “{plan}” by hand."[:300])
    _open(actor, new, plan, reason[:300], ends_on, today)
    if edit is not None:
        _keep_for_undo(edit, new, before)
    planning.plan_touches(as_of=today, accounts=new)
    audit.record(
        actor=actor,
        action="plan.assigned",
        subject=plan,
        accounts=len(new),
        account_ids=new[:100],
        reason=reason,
        ends_on=ends_on.isoformat() if ends_on else None,
    )
    return HandAssigned(len(new), len(unchanged), edit)


def check_assignable(
    *,
    actor: User,
    account_ids: Iterable[int],
    plan: RetentionPlan,
    reason: str,
    ends_on: dt.date | None = None,
) -> None:
    """Refuse what `assign_by_hand` would, before anybody is asked whether it pays.

    Raises
    ------
    CannotAssignError
        As `assign_by_hand`.
    """
    _check_terms(plan, reason.strip(), ends_on, business_today())
    wanted = set(account_ids)
    rows = Account.objects.active().visible_to(actor).filter(pk__in=wanted)
    _check_stages(wanted, dict(rows.values_list("pk", "stage")))


@transaction.atomic
def assign_weighed(
    *,
    actor: User,
    account_ids: Iterable[int],
    decision: Decision | None,
    plan: RetentionPlan,
    reason: str,
    ends_on: dt.date | None = None,
    list_key: str = ListKey.ACCOUNTS,
) -> HandAssigned:
    """Put accounts on a plan after asking whether a year of it pays for each.

    Those that were left out at the gate keep what they follow.

    Raises
    ------
    GateUndecidedError, GateRefusedError
        If somebody is below the line and it was not decided what to do about them.
    CannotAssignError
        As `assign_by_hand`.
    """
    wanted = set(account_ids)
    check_assignable(
        actor=actor, account_ids=wanted, plan=plan, reason=reason, ends_on=ends_on
    )
    gate = weigh_plan(account_ids=wanted, plan=plan, actor=actor)
    if len(gate.account_ids) != len(wanted):
        raise CannotAssignError(NOT_YOURS)
    verdict = decide(
        actor=actor,
        gate=gate,
        occasion=GateOccasion.ASSIGNMENT,
        subject=plan.name,
        decision=decision,
    )
    left_out = len(wanted) - len(verdict.included)
    if left_out == len(wanted):
        return HandAssigned(0, 0, None, left_out)
    done = assign_by_hand(
        actor=actor,
        account_ids=verdict.included,
        plan=plan,
        reason=reason,
        ends_on=ends_on,
        list_key=list_key,
    )
    return replace(done, left_out=left_out)


@transaction.atomic
def take_off(*, actor: User | None, account_ids: Sequence[int], reason: str) -> int:
    """End plans by hand; the accounts go back to the plan of their class at once.

    Returns how many were taken off.

    Raises
    ------
    CannotAssignError
        If no reason is given, an account is unknown or out of sight, or one follows
        the plan of its class, which it does by itself. Nothing is changed then.
    """
    reason = reason.strip()
    if not reason:
        raise CannotAssignError("Say why, for those who ask.", field="reason")
    keys = _locked(actor, account_ids)
    by_hand = PlanAssignment.objects.open().filter(account__in=keys, is_by_hand=True)
    found = sorted(by_hand.values_list("account", flat=True))
    if set(found) != set(keys):
        raise CannotAssignError(
            "It follows the plan of its class by itself. Put it on another plan by hand"
            " to give it something else."
        )
    today = business_today()
    _close(found, today, reason[:300])
    planning.plan_touches(as_of=today, accounts=found)
    audit.record(
        actor=actor,
        action="plan.taken_off",
        accounts=len(found),
        account_ids=found[:100],
        reason=reason,
    )
    return len(found)


def undo_assignment(*, actor: User, edit: BulkEdit) -> int:
    """Take an assignment by hand back; return how many follow their old plan again.

    Who was given another plan since keeps that one.

    Raises
    ------
    BulkRefusedError
        If it is a colleague's, more than a week old, or was undone before.
    """
    if edit.actor_id != actor.pk:
        raise BulkRefusedError("Only who made this change can undo it.")
    if edit.created_at < timezone.now() - UNDO_WITHIN:
        raise BulkRefusedError("This is more than a week ago; change it anew instead.")
    with transaction.atomic():
        fresh = BulkEdit.objects.select_for_update().get(pk=edit.pk)
        if fresh.undone_at is not None:
            raise BulkRefusedError("This was undone before.")
        rows = PlanAssignment.objects.open().visible_to(actor)
        rows = rows.filter(pk__in=fresh.rows.values("record_id"))
        accounts = sorted(rows.values_list("account", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE, {"edit": fresh.pk, "accounts": accounts})
            cursor.execute(_REOPEN, {"edit": fresh.pk, "accounts": accounts})
        planning.plan_touches(as_of=business_today(), accounts=accounts)
        fresh.undone_at = timezone.now()
        fresh.save(update_fields=["undone_at"])
        audit.record(
            actor=actor, action="bulk.undone", subject=fresh, rows=len(accounts)
        )
    return len(accounts)


def welcome(*, actor: User | None, ids: Sequence[int]) -> None:
    """Let new accounts follow the newcomers' plan, with its touches, from day 0 on.

    Registered in `common.arrivals`.
    """
    if PlanVersion.objects.published().filter(plan__worth_class="").exists():
        planning.plan_touches(as_of=business_today(), accounts=list(ids))


# -- Steps -----------------------------------------------------------------------------


def _check_terms(
    plan: RetentionPlan, reason: str, ends_on: dt.date | None, today: dt.date
) -> None:
    if not reason:
        raise CannotAssignError("Say why, for those who ask.", field="reason")
    if ends_on is not None and ends_on < today:
        raise CannotAssignError("The last day is past.", field="ends_on")
    spoken = plan.versions.exclude(status=VersionStatus.DRAFT)
    is_in_force = spoken.filter(valid_from__lte=today).exists()
    if not is_in_force or not plan.versions.published().exists():
        raise CannotAssignError(
            f"“{plan}” is not in force. Publish it first.", field="plan"
        )


def _locked(actor: User | None, account_ids: Sequence[int]) -> list[int]:
    """Lock the accounts in the order of their keys, and check that each may be had."""
    wanted = sorted(set(account_ids))
    if not wanted:
        raise CannotAssignError("Choose at least one account.")
    if len(wanted) > MOST_AT_ONCE:
        raise CannotAssignError(f"At most {MOST_AT_ONCE:,} accounts at once.")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_MS}")
    rows = Account.objects.active().filter(pk__in=wanted)
    if actor is not None:
        rows = rows.visible_to(actor)
    found = rows.order_by("pk").select_for_update(of=("self",), no_key=True)
    _check_stages(wanted, dict(found.values_list("pk", "stage")))
    return wanted


def _check_stages(wanted: Collection[int], stages: Mapping[int, str]) -> None:
    if len(stages) != len(wanted):
        raise CannotAssignError(NOT_YOURS)
    if former := sum(stage == Stage.FORMER for stage in stages.values()):
        raise CannotAssignError(
            f"{former:,} of the accounts are no customers any more. Leave them out, or"
            " give them another stage first."
        )


def _close(keys: list[int], today: dt.date, because: str) -> dict[int, int]:
    """End what the accounts follow; return the ended assignment by account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_planassignment SET until = GREATEST(since, %s::date),"
            " ended_because = %s WHERE until IS NULL AND account_id = ANY(%s::bigint[])"
            " RETURNING account_id, id",
            [today, because, keys],
        )
        return dict(cursor.fetchall())


def _open(
    actor: User | None,
    keys: list[int],
    plan: RetentionPlan,
    reason: str,
    ends_on: dt.date | None,
    today: dt.date,
) -> None:
    stands = Membership.objects.open().filter(account__in=keys)
    classes = dict(stands.values_list("account", "worth_class"))
    PlanAssignment.objects.bulk_create(
        PlanAssignment(
            account_id=key,
            plan=plan,
            since=today,
            is_by_hand=True,
            worth_class=classes.get(key, ""),
            ends_on=ends_on,
            reason=reason,
            assigned_by=actor,
        )
        for key in keys
    )


def _edit(actor: User, list_key: str, plan: RetentionPlan) -> BulkEdit:
    edit = BulkEdit.objects.create(
        actor=actor,
        list_key=list_key,
        action=ACTION,
        summary=f"Put on “{plan}”"[:300],
        detail={"plan": plan.pk},
    )
    edit.refresh_from_db()
    return edit


def _keep_for_undo(edit: BulkEdit, keys: list[int], before: dict[int, int]) -> None:
    new = PlanAssignment.objects.open().filter(account__in=keys)
    edit.rows.bulk_create(
        edit.rows.model(edit=edit, record_id=pk, before=before.get(account))
        for pk, account in new.values_list("pk", "account")
    )
    edit.row_count = len(keys)
    edit.save(update_fields=["row_count"])


# Both look at rows of the edit whose account still follows what the edit gave it.
_REMOVE = """
    DELETE FROM campaigns_planassignment f USING crm_bulkeditrow r
    WHERE r.edit_id = %(edit)s AND f.id = r.record_id AND f.until IS NULL
      AND f.account_id = ANY(%(accounts)s::bigint[])
"""
_REOPEN = """
    UPDATE campaigns_planassignment f SET until = NULL, ended_because = ''
    FROM crm_bulkeditrow r
    WHERE r.edit_id = %(edit)s AND f.id = (r.before #>> ARRAY[]::text[])::bigint
      AND f.account_id = ANY(%(accounts)s::bigint[])
      AND NOT EXISTS (
        SELECT FROM campaigns_planassignment other
        WHERE other.account_id = f.account_id AND other.until IS NULL)
"""
