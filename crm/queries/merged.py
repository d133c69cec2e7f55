"""Which accounts count as one: a survivor and everything merged into it."""

from crm.models import Account


def member_ids(account: Account) -> list[int]:
    """Return the ids of `account` and of all that were merged into it, also in turn."""
    members, newest = [account.pk], [account.pk]
    while newest:
        found = Account.objects.filter(merged_into__in=newest).order_by("pk")
        newest = list(found.values_list("pk", flat=True))
        members += newest
    return members
