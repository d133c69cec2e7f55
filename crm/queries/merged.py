"""Which accounts count as one: a survivor and everything merged into it."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from crm.models import Account

# Opens a statement that may join `survivor (member_id, account_id)`: what was merged,
# also in turn, and the account at the end of the chain for which its rows count.
WITH_SURVIVORS = """
    WITH RECURSIVE chain (member_id, account_id) AS (
        SELECT id, merged_into_id FROM crm_account WHERE merged_into_id IS NOT NULL
        UNION ALL
        SELECT c.member_id, a.merged_into_id
        FROM chain c JOIN crm_account a ON a.id = c.account_id
        WHERE a.merged_into_id IS NOT NULL
    ), survivor AS (
        SELECT c.member_id, c.account_id
        FROM chain c JOIN crm_account a ON a.id = c.account_id
        WHERE a.merged_into_id IS NULL
    )"""


def of_any(accounts: QuerySet[Any]) -> Q:
    """Return what keeps the rows of `accounts` and of all that were merged into them.

    `accounts` is a queryset of ids.
    """
    try:
        sql, given = accounts.query.sql_with_params()
    except EmptyResultSet:
        return Q(pk__in=())
    merged = f"""{WITH_SURVIVORS}
        SELECT member_id FROM survivor WHERE account_id IN ({sql})"""
    members = RawSQL(merged, given)  # noqa: S611  values are parameters
    return Q(account__in=accounts) | Q(account__in=members)


def member_ids(account: Account) -> list[int]:
    """Return the ids of `account` and of all that were merged into it, also in turn."""
    members, newest = [account.pk], [account.pk]
    while newest:
        found = Account.objects.filter(merged_into__in=newest).order_by("pk")
        newest = list(found.values_list("pk", flat=True))
        members += newest
    return members
