"""Which accounts count as one: a survivor and everything merged into it."""

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


def member_ids(account: Account) -> list[int]:
    """Return the ids of `account` and of all that were merged into it, also in turn."""
    members, newest = [account.pk], [account.pk]
    while newest:
        found = Account.objects.filter(merged_into__in=newest).order_by("pk")
        newest = list(found.values_list("pk", flat=True))
        members += newest
    return members
