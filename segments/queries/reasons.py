"""Why accounts stand in their classes, in the figures of the run that is shown.

A membership keeps the reason for which it began. Who stays needs no row to be written
every night: the same rule, asked again, says it in today's figures.
"""

from collections.abc import Iterable

from django.db import connection

from clv.models import ValuationRun
from segments.models import ClassPolicy, Membership
from segments.queries.rule import BEFORE_THE_DAY, REASON, rule_parameters, ruled

ONLY = " AND v.account_id = ANY (%(accounts)s)"


def say_todays_reasons(
    run: ValuationRun | None, memberships: Iterable[Membership]
) -> None:
    """Put the figures of `run` into the reasons of the open ones (two queries).

    A reason stays as it began where the run has not classed the account as it stands,
    or does not say by which policy it classed.
    """
    held = {one.account_id: one for one in memberships if one.until is None}
    policy = None if run is None else _policy_of(run)
    if run is None or policy is None or not held:
        return
    params = rule_parameters(run, policy) | {"accounts": list(held)}
    rows = ruled("clv_valuation", BEFORE_THE_DAY, only=ONLY)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id, worth_class, {REASON} FROM ({rows}) today", params
        )
        for account_id, worth_class, reason in cursor.fetchall():
            if held[account_id].worth_class == worth_class:
                held[account_id].reason = reason


def _policy_of(run: ValuationRun) -> ClassPolicy | None:
    return ClassPolicy.objects.filter(class_totals__run=run).first()
