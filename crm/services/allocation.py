"""Spreading shared costs over accounts: exact, repeatable, taken back by reversal."""

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from common.clock import business_today, months_later
from crm.errors import CannotAllocateError
from crm.models import (
    Allocation,
    AllocationRule,
    AllocationRuleVersion,
    ImportJob,
    LedgerEntry,
    User,
)
from crm.queries import allocation as queries
from crm.queries.allocation import Pool
from crm.queries.merged import WITH_SURVIVORS
from crm.services import audit
from crm.services.allocation_rules import version_of

MONTHS_LOOKED_BACK = 12  # a cost may be entered late; older ones are spread by hand

# Lays the shares of a pool, one behind the other, along its costs laid likewise. Each
# piece between two ends is a part: of one account, of one cost. So parts of a cost sum
# to it, those of an account to its share, and parts are hardly more than accounts.
LAY = """
    , share AS MATERIALIZED ({shares}),
    owed AS (
        SELECT account_id, {side} AS cents,
            sum({side}) OVER (ORDER BY account_id) AS reach
        FROM share WHERE {side} > 0
    ), cost AS (
        SELECT id, (abs(amount) * 100)::numeric(30, 0) AS cents,
            sum((abs(amount) * 100)::numeric(30, 0)) OVER (ORDER BY id) AS reach
        FROM crm_ledgerentry WHERE id = ANY (%(costs)s) AND amount {sign} 0
    ), piece AS (
        SELECT reach - lag(reach, 1, 0) OVER (ORDER BY reach) AS cents,
            min(account_id) OVER further AS account_id,
            min(cost_id) OVER further AS cost_id
        FROM (
            SELECT reach, min(account_id) AS account_id, min(cost_id) AS cost_id
            FROM (
                SELECT reach, account_id, NULL::bigint AS cost_id FROM owed
                UNION ALL SELECT reach, NULL, id FROM cost
            ) ends GROUP BY reach
        ) cut WINDOW further AS (ORDER BY reach DESC)
    )
    INSERT INTO crm_ledgerentry (account_id, kind, amount, incurred_on, rule_id,
        allocated_from_id, allocation_id, document, note, source, created_by_id)
    SELECT p.account_id, e.kind, {factor} * p.cents / 100, e.incurred_on, %(rule)s,
        e.id, %(allocation)s, e.document, e.note, 'allocation', %(actor)s
    FROM piece p JOIN crm_ledgerentry e ON e.id = p.cost_id
    WHERE p.account_id IS NOT NULL
    ORDER BY p.account_id, e.id
"""

TAKE_BACK = """
    INSERT INTO crm_ledgerentry (account_id, kind, amount, incurred_on, rule_id,
        allocated_from_id, allocation_id, reverses_id, document, note, source,
        created_by_id)
    SELECT p.account_id, p.kind, -p.amount, p.incurred_on, p.rule_id,
        p.allocated_from_id, p.allocation_id, p.id, p.document, %(note)s, 'reversal',
        %(actor)s
    FROM crm_ledgerentry p
    WHERE {which} AND p.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM crm_ledgerentry r WHERE r.reverses_id = p.id)
"""


def apply_rule(
    *,
    actor: User | None,
    rule: AllocationRule,
    period_start: dt.date,
    period_end: dt.date,
    costs: Sequence[int] = (),
) -> Allocation:
    """Spread the rule's shared costs of whole months that nobody bears yet.

    With `costs` only those of them. Each month is spread by what accounts did in it,
    or within the year that ends with it. The parts sum to the costs to the cent.

    Raises
    ------
    CannotAllocateError
        If there is nothing to spread, the rule is switched off, or in a month no
        account moved the driver. Nothing is stored then.
    """
    _check_period(rule, period_start, period_end)
    with transaction.atomic():
        AllocationRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
        found = _locked(queries.unspread(rule, period_start, period_end, costs))
        if not found or len(found) < len(set(costs)):
            raise CannotAllocateError(
                "There is nothing to spread: no shared cost of this kind stands open "
                "in that period. It may have been spread or reversed meanwhile.",
                field="period_start",
            )
        version = version_of(rule, actor=actor)
        pools = queries.pools_of(version, found)
        return _spread(version, pools, (period_start, period_end), actor)


def spread_one(
    *,
    actor: User | None,
    entry: LedgerEntry,
    rule: AllocationRule,
    period_start: dt.date,
    period_end: dt.date,
) -> Allocation:
    """Spread one cost by what accounts did between two days; see `ledger.allocate`."""
    version = version_of(rule, actor=actor)
    pool = Pool([entry], period_start, period_end)
    return _spread(version, [pool], (period_start, period_end), actor)


def undo(*, actor: User | None, allocation: Allocation, reason: str) -> Allocation:
    """Reverse all parts, so that the costs stand open again.

    Raises
    ------
    CannotAllocateError
        If that was done before.
    """
    with transaction.atomic():
        rows = Allocation.objects.select_for_update(no_key=True)
        allocation = rows.get(pk=allocation.pk)
        if allocation.undone_at is not None:
            raise CannotAllocateError("This allocation was taken back before.")
        take_back(actor=actor, reason=reason, allocation_id=allocation.pk)
        allocation.undone_at = timezone.now()
        allocation.undone_by = actor
        allocation.undone_reason = reason[:300]
        allocation.save(update_fields=["undone_at", "undone_by", "undone_reason"])
        audit.record(
            actor=actor,
            action="allocation.undone",
            subject=allocation,
            reason=reason,
        )
    return allocation


def undo_of_cost(*, actor: User | None, entry: LedgerEntry, reason: str) -> int:
    """Take back what stands of a shared cost; return how many parts were reversed.

    Costs spread together are charged together, so the whole allocation is undone.
    """
    parts = LedgerEntry.objects.filter(
        allocated_from=entry, reverses=None, reversed_by=None
    )
    count = parts.count()
    standing = Allocation.objects.filter(
        undone_at=None, pk__in=parts.values("allocation")
    )
    for allocation in standing.order_by("pk"):
        undo(actor=actor, allocation=allocation, reason=reason)
    take_back(actor=actor, reason=reason, allocated_from_id=entry.pk)
    return count


def take_back(*, actor: User | None, reason: str, **which: int) -> int:
    """Reverse what stands of the parts that a column names; return how many."""
    ((column, key),) = which.items()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            TAKE_BACK.format(which=f"p.{column} = %(key)s"),
            {
                "key": key,
                "note": f"Reversed: {reason}"[:300],
                "actor": actor.pk if actor else None,
            },
        )
        return int(cursor.rowcount)


def undo_import(*, actor: User | None, job: ImportJob, reason: str) -> int:
    """Reverse every cost that a file brought and that still stands; return how many.

    Raises
    ------
    CannotAllocateError
        If shared costs of the file were spread, or nothing of it stands.
    """
    with transaction.atomic():
        rows = ImportJob.objects.select_for_update(no_key=True)
        job = rows.get(pk=job.pk)
        spread = LedgerEntry.objects.filter(
            allocated_from__import_job=job, reverses=None, reversed_by=None
        )
        if spread.exists():
            raise CannotAllocateError(
                "Shared costs of this file were spread. Take those allocations back "
                "first."
            )
        taken = take_back(actor=actor, reason=reason, import_job_id=job.pk)
        if not taken:
            raise CannotAllocateError("Nothing of this file stands in the ledger.")
        audit.record(
            actor=actor,
            action="import.undone",
            subject=job,
            reason=reason,
            rows=taken,
        )
    return taken


def apply_due(today: dt.date | None = None) -> list[Allocation]:
    """Apply every monthly rule to each month that is over, as far as costs stand open.

    Costs that were entered late are spread when next it runs. A month in which nobody
    moved the driver waits, and is shown on the page of the rule.
    """
    first = (today or business_today()).replace(day=1)
    done = []
    rules = AllocationRule.objects.filter(is_active=True, is_monthly=True)
    for rule in rules.order_by("pk"):
        for back in range(MONTHS_LOOKED_BACK, 0, -1):
            start = months_later(first, -back)
            end = queries.month_end(start)
            if not queries.unspread(rule, start, end):
                continue
            try:
                done.append(
                    apply_rule(
                        actor=None, rule=rule, period_start=start, period_end=end
                    )
                )
            except CannotAllocateError:
                continue
    return done


def _check_period(rule: AllocationRule, start: dt.date, end: dt.date) -> None:
    if not rule.is_active:
        raise CannotAllocateError(
            f"The rule “{rule.name}” is switched off.", field="rule"
        )
    if start > end:
        raise CannotAllocateError(
            "The period ends before it begins.", field="period_end"
        )
    if start.day != 1 or end != queries.month_end(end):
        raise CannotAllocateError(
            "Costs are spread by whole months: from the first day of one to the last "
            "of another.",
            field="period_start",
        )


def _locked(found: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Lock the costs in order, and return them if they still stand open."""
    keys = sorted(one.pk for one in found)
    rows = LedgerEntry.objects.filter(pk__in=keys)
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    return list(LedgerEntry.objects.shared().filter(pk__in=keys).order_by("pk"))


def _spread(
    version: AllocationRuleVersion,
    pools: Sequence[Pool],
    period: tuple[dt.date, dt.date],
    actor: User | None,
) -> Allocation:
    """Store an allocation and its parts; call it inside a transaction."""
    costs = [one for pool in pools for one in pool.costs]
    allocation = Allocation.objects.create(
        version=version,
        period_start=period[0],
        period_end=period[1],
        total=sum(one.amount for one in costs),
        cost_count=len(costs),
        account_count=0,
        applied_by=actor,
    )
    for pool in pools:
        plus, minus = pool.sides
        stored = sum(
            _lay(allocation, pool, side, actor)
            for side, amount in (("plus", plus), ("minus", minus))
            if amount
        )
        if not stored:
            raise CannotAllocateError(
                f"No account has {version.get_driver_display().lower()} between "
                f"{pool.start} and {pool.end}, so there is nobody to charge. Choose "
                "another period or rule.",
                field="period_start",
            )
    charged = LedgerEntry.objects.filter(allocation=allocation).values("account")
    allocation.account_count = charged.distinct().count()
    allocation.save(update_fields=["account_count"])
    audit.record(
        actor=actor,
        action="ledger.allocated",
        subject=allocation,
        rule=version.rule.name,
        version=version.number,
        total=str(allocation.total),
        accounts=allocation.account_count,
    )
    return allocation


def _lay(allocation: Allocation, pool: Pool, side: str, actor: User | None) -> int:
    """Insert the parts of one side of a pool: of its costs, or of its credits."""
    version = allocation.version
    shares = queries.shares(version, pool)
    sign, factor = (">", "1") if side == "plus" else ("<", "-1")
    params = shares.params | {
        "costs": [one.pk for one in pool.costs],
        "rule": version.rule_id,
        "allocation": allocation.pk,
        "actor": actor.pk if actor else None,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            WITH_SURVIVORS
            + LAY.format(shares=shares.sql, side=side, sign=sign, factor=factor),
            params,
        )
        return int(cursor.rowcount)
