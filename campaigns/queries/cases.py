"""What stands beside a case: the customer's worth, open business and the past."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.queries.service import Levels, Standing, levels_now, standings
from clv.models import ValuationRun
from clv.queries.worth import AccountWorth, account_worth
from crm.models import Account, Case, Deal, Touchpoint, User
from crm.queries.cases import Similar, earlier
from crm.queries.merged import member_ids

LAST_CONTACTS = 3
MOST_OF_ACCOUNT = 50


@dataclass(frozen=True, slots=True)
class Beside:
    """What whoever works on a case should know of the customer."""

    account: Account | None
    sees_account: bool
    worth: AccountWorth | None
    deals: Sequence[Deal]
    contacts: Sequence[Touchpoint]
    open_cases: Sequence[Standing]
    settled_count: int
    similar: Sequence[Similar]


def beside(case: Case, user: User) -> Beside:
    """Put together what stands beside `case`.

    Who has the case but not its account learns its worth, not its business.
    """
    account = case.account
    sees = account is not None and (
        user.sees_every_account or account.owner_id == user.pk
    )
    run = ValuationRun.objects.select_related("assumptions").current()
    others = Case.objects.visible_to(user).filter(account=account).exclude(pk=case.pk)
    if account is None:
        others = others.none()
    return Beside(
        account=account,
        sees_account=sees,
        worth=account_worth(account=account, run=run) if account and run else None,
        deals=_deals(account) if account and sees else (),
        contacts=_contacts(account) if account and sees else (),
        open_cases=standings(others.unsettled().order_by("pk")[:MOST_OF_ACCOUNT]),
        settled_count=others.filter(resolved_at__isnull=False).count(),
        similar=earlier(case, user),
    )


@dataclass(frozen=True, slots=True)
class OfAccount:
    """The cases of one account: those to settle by urgency, those settled by day."""

    unsettled: Sequence[Standing]
    settled: Sequence[Case]
    levels: Levels


def cases_of(account: Account, user: User) -> OfAccount:
    """Return the cases of `account`, the open ones in the order of the queue."""
    levels = levels_now()
    rows = Case.objects.visible_to(user).filter(account=account)
    rows = rows.select_related("owner", "product")
    found = standings(rows.unsettled(), levels=levels)
    return OfAccount(
        unsettled=sorted(found, key=place),
        settled=list(
            rows.filter(resolved_at__isnull=False).order_by("-resolved_at", "-pk")[
                :MOST_OF_ACCOUNT
            ]
        ),
        levels=levels,
    )


def unsettled_of(account: Account) -> list[Standing]:
    """Return what the account still waits for, in the order of the queue."""
    rows = Case.objects.unsettled().filter(account=account).select_related("owner")
    return sorted(standings(rows), key=place)


def place(standing: Standing) -> tuple[int, int, int]:
    """Return the place in the queue, as `with_clocks` orders it."""
    return standing.rank, -standing.weight, standing.case.pk


def _deals(account: Account) -> Sequence[Deal]:
    rows = Deal.objects.open().filter(account=account).select_related("stage")
    return list(rows.with_sums().order_by("close_on", "pk"))


def _contacts(account: Account) -> Sequence[Touchpoint]:
    rows = Touchpoint.objects.standing().filter(account__in=member_ids(account))
    rows = rows.select_related("user", "contact")
    return list(rows.order_by("-occurred_at")[:LAST_CONTACTS])
