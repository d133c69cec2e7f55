"""Who recommended us to whom: the tree of accounts behind one account."""

from dataclasses import dataclass

from crm.models import Account, User

DEEPEST = 6
MOST = 200  # accounts in one tree; nobody reads more


@dataclass(frozen=True, slots=True)
class Referred:
    """One account that came through another; depth 1 was referred directly."""

    account: Account
    depth: int


def referred(account: Account, user: User) -> list[Referred]:
    """Return whom `account` brought, each under who referred it, by name.

    One query per level. Accounts that `user` may not see are counted in no tree.
    """
    found: dict[int, list[Account]] = {}
    level, depth, total = [account.pk], 0, 0
    while level and depth < DEEPEST and total < MOST:
        rows = Account.objects.active().visible_to(user).filter(referred_by__in=level)
        children = list(rows.order_by("name", "pk")[: MOST - total])
        for child in children:
            found.setdefault(child.referred_by_id or 0, []).append(child)
        level = [child.pk for child in children]
        depth, total = depth + 1, total + len(children)
    return _in_order(found, account.pk, 1)


def _in_order(
    found: dict[int, list[Account]], parent: int, depth: int
) -> list[Referred]:
    rows = []
    for child in found.get(parent, []):
        rows.append(Referred(child, depth))
        rows += _in_order(found, child.pk, depth + 1)
    return rows
